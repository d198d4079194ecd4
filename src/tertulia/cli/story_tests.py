"""Tests models on stories: prints what failed, gives what is written.

Source: spec evaluation.md section 1.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.cli.results import Results
from tertulia.cli.validate import show_problems
from tertulia.core.domain.model import Generation
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories
from tertulia.evaluation.files import Wanted, result_files, story_text
from tertulia.evaluation.report import tables
from tertulia.evaluation.results import Evaluation, StoryResult
from tertulia.evaluation.run import evaluate
from tertulia.evaluation.show import Side, story_lines
from tertulia.evaluation.story_page import story_charts, story_section
from tertulia.model.find import find_model, find_models
from tertulia.model.load import Model

_COLORS = {Side.BOTH: None, Side.STORY: "green", Side.BOT: "red"}


class StoryTest(msgspec.Struct, frozen=True, kw_only=True):
    """What to test with. stop: end at the first story with a wrong prediction."""

    stories: Path
    wanted: Wanted
    end_to_end: bool = False
    max_stories: int | None = None
    stop: bool = False


def chosen_models(paths: Sequence[Path], *, every: bool) -> list[Path]:
    """Return the models that paths mean. every: all models of the folders, not the newest."""
    if not every:
        return [find_model(path) for path in paths]
    return [one for path in paths for folder in _runs(path) for one in find_models(folder)]


def _runs(folder: Path) -> list[Path]:
    """Return the folders of the runs that `train core` compares, or the folder itself."""
    return sorted(folder.glob("run_*")) or [folder]


def story_results(model: Model, test: StoryTest) -> tuple[Results, Evaluation]:
    """Test a model on stories; print what failed and return what to write.

    Raises:
        DataError: there is no story, or one failed where that shall stop the run.
    """
    evaluation = _evaluated(model, test)
    _show(evaluation)
    results = Results(
        files=result_files(evaluation, test.wanted),
        charts=story_charts(evaluation),
        sections=[story_section(evaluation, errors=test.wanted.failed)],
    )
    return results, evaluation


def _evaluated(model: Model, test: StoryTest) -> Evaluation:
    if test.end_to_end and model.pipeline is None:
        click.echo(
            "The model understands no messages; intents and entities are taken as written.",
            err=True,
        )
    evaluation = evaluate(
        model,
        _stories(model, test),
        end_to_end=test.end_to_end,
        max_stories=test.max_stories,
        only_first_failure=test.stop,
    )
    if test.stop and evaluation.failed:
        story = evaluation.failed[0]
        raise DataError(
            f"the story '{story.name}' fails:\n\n{story_text(story, evaluation)}",
            hint="Correct the story, or train with stories that lead there.",
            at=story.at,
            code="T345",
        )
    return evaluation


def has_stories(model: Model, test: StoryTest) -> bool:
    """Tell whether there is anything to test; problems of the files are left for later."""
    return bool(_read(model, test, Diagnostics()).stories)


def _stories(model: Model, test: StoryTest) -> StoryData:
    diagnostics = Diagnostics()
    data = _read(model, test, diagnostics)
    diagnostics.raise_if_errors()
    show_problems(diagnostics.warnings, err=True)
    if not data.stories:
        raise DataError(
            f"there is no story to test in '{test.stories}'",
            hint="Name a file or folder with --stories; files of test stories are called "
            "test_*.yml.",
            code="T344",
        )
    return data


def _read(model: Model, test: StoryTest, diagnostics: Diagnostics) -> StoryData:
    kind = "test" if test.end_to_end else "train"
    data = read_stories(
        [test.stories], domain=model.domain, env=os.environ, kind=kind, diagnostics=diagnostics
    )
    if not test.end_to_end and test.stories.is_dir() and _has_test_files(model):
        # Training passes over these files, a test of what is predicted does not.
        data += read_stories(
            [test.stories],
            domain=model.domain,
            env=os.environ,
            kind="test",
            diagnostics=diagnostics,
        )
    return data


def _has_test_files(model: Model) -> bool:
    return model.domain.generation is Generation.MODERN


def _show(evaluation: Evaluation) -> None:
    for story in evaluation.failed:
        _show_story(story)
    for line in tables(evaluation):
        click.echo(line)


def _show_story(story: StoryResult) -> None:
    place = f"  {story.at}" if story.at else ""
    click.secho(f"FAILED {story.name}", bold=True, nl=False)
    click.echo(place)
    for line in story_lines(story):
        click.secho(str(line), fg=_COLORS[line.side])
    click.echo()
