"""What a test writes: names and contents of files, in the shapes of the originals.

The picture of the confusion matrix is written as its numbers, story_confusion_matrix.json.

Source: spec evaluation.md section 1.3.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.core.domain.model import Generation
from tertulia.data.stories.dump import Dialogue, dump_markdown, dump_yaml
from tertulia.evaluation.report import action_confusions, story_report
from tertulia.evaluation.results import Evaluation, StoryResult

Json = Any

REPORT = "story_report.json"
CONFUSIONS = "story_confusion_matrix.json"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the files are wanted that a person can leave out."""

    failed: bool = True
    successful: bool = False
    warnings: bool = True


def result_files(evaluation: Evaluation, wanted: Wanted) -> dict[str, str]:
    """Return file names with what to write into them."""
    files = {
        REPORT: _json(story_report(evaluation)),
        CONFUSIONS: _json(action_confusions(evaluation)),
    }
    if evaluation.generation is Generation.LEGACY:
        if wanted.failed:
            files["failed_stories.md"] = _markdown(evaluation)
        return files
    if wanted.failed:
        files["failed_test_stories.yml"] = _yaml(evaluation.failed, "No story failed.")
    if wanted.successful:
        files["successful_test_stories.yml"] = _yaml(evaluation.successful, "No story passed.")
    if wanted.warnings:
        files["stories_with_warnings.yml"] = _yaml(
            evaluation.with_warnings, "No story has warnings."
        )
    return files


def story_text(story: StoryResult, evaluation: Evaluation) -> str:
    """Return one story as it is written into a file, with what was predicted beside its lines."""
    if evaluation.generation is Generation.LEGACY:
        return dump_markdown(_dialogue(story), end_to_end=evaluation.is_end_to_end)
    return dump_yaml([_dialogue(story)])


def _dialogue(story: StoryResult) -> Dialogue:
    notes = {step.position: note for step in story.steps if (note := step.note) is not None}
    return Dialogue(story.title, story.events, notes)


def _yaml(stories: Sequence[StoryResult], nothing: str) -> str:
    return dump_yaml([_dialogue(one) for one in stories]) if stories else f"# {nothing}\n"


def _markdown(evaluation: Evaluation) -> str:
    written = [story_text(story, evaluation) for story in evaluation.failed]
    return "\n".join(written) or "<!-- All stories passed -->\n"


def _json(content: Json) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
