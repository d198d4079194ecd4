"""A test on stories as a section of the page of results, and its picture.

Source: spec evaluation.md section 1.
"""

from tertulia.core.domain.model import Generation
from tertulia.evaluation.charts import Chart, ConfusionMatrix
from tertulia.evaluation.page import Html, Section, chart, folded, report_table, tag
from tertulia.evaluation.report import (
    action_confusions,
    conversation_accuracy,
    known_share,
    metrics,
    story_report,
)
from tertulia.evaluation.results import Evaluation, StoryResult
from tertulia.evaluation.show import Side, story_lines

SHOWN = 200
"""Failed stories that the page lists; all of them are in the file of failed stories."""

_CLASSES = {Side.BOTH: None, Side.STORY: "story", Side.BOT: "bot"}


def story_charts(evaluation: Evaluation) -> dict[str, Chart]:
    """Return the picture of the actions, by the name that the bot's generation gives it."""
    is_legacy = evaluation.generation is Generation.LEGACY
    name = "story_confmat" if is_legacy else "story_confusion_matrix"
    found = action_confusions(evaluation)
    title = "Actions: confusion matrix"
    return {name: ConfusionMatrix(title=title, labels=found["labels"], counts=found["matrix"])}


def story_section(evaluation: Evaluation, *, errors: bool = True) -> Section:
    """Return the section: what failed first, then the figures by action."""
    found, share = metrics(evaluation), conversation_accuracy(evaluation)
    blocks: list[Html] = []
    if errors:
        blocks += [_failed(story) for story in evaluation.failed[:SHOWN]]
        if rest := len(evaluation.failed) - SHOWN:
            blocks += [tag("p", f"and {rest} more failed stories")] if rest > 0 else []
    blocks.append(report_table(story_report(evaluation)))
    blocks += [chart(one) for one in story_charts(evaluation).values()]
    right = sum(step.is_right for step in evaluation.actions)
    return Section(
        title="Stories, messages included" if evaluation.is_end_to_end else "Stories",
        facts={
            "stories passed": f"{share['correct']} of {share['total']}",
            "actions right": f"{right} of {len(evaluation.actions)}",
            "F1": f"{found.weighted.f1:.3f}",
            "known by heart": f"{known_share(evaluation):.0%}",
        },
        blocks=blocks,
    )


def _failed(story: StoryResult) -> Html:
    lines = [
        tag("span", f"{line}\n", class_=_CLASSES[line.side]) if line.text else Html("\n")
        for line in story_lines(story)
    ]
    place = f" ({story.at})" if story.at else ""
    return folded(f"failed: {story.name}{place}", tag("pre", *lines), is_open=True)
