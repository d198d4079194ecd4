"""Tests a model on stories.

Source: spec evaluation.md section 1.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tertulia.base.errors import ConfigError
from tertulia.core.events import (
    ActionReverted,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
)
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.generate import TrainingTracker, generate
from tertulia.data.stories.model import StoryData
from tertulia.evaluation.results import Evaluation, StoryResult
from tertulia.evaluation.walk import Tester
from tertulia.model.load import Model

_REACH_BACK = (ActionReverted, UserUtteranceReverted, Restarted, SessionStarted)


def evaluate(
    model: Model,
    data: StoryData,
    *,
    end_to_end: bool = False,
    max_stories: int | None = None,
    only_first_failure: bool = False,
) -> Evaluation:
    """Return what the model does in the stories; rules are left out.

    Args:
        model: to be tested.
        data: each story counts once, with alternatives and checkpoints once a way through it.
        end_to_end: texts are understood and compared with the intents and entities beside them.
        max_stories: as many of `data`'s stories at the most, None for all.
        only_first_failure: stop after the first story with a wrong prediction.

    Raises:
        ConfigError: the model has no policies (T150).
    """
    if model.ensemble is None:
        raise ConfigError(
            "the model has no policies, so no action can be predicted",
            hint="Train with stories or rules: tertulia train.",
            code="T150",
        )
    tester = Tester(
        model=model,
        ensemble=model.ensemble,
        rules=rules_for(model.domain),
        end_to_end=end_to_end,
    )
    stories = conversations(replace(data, stories=data.stories[:max_stories], rules=()), model)
    found: list[StoryResult] = []
    for story in stories:
        found.append(tester.test(story))
        if only_first_failure and not found[-1].is_right:
            break
    return Evaluation(stories=found, generation=model.domain.generation, is_end_to_end=end_to_end)


def conversations(data: StoryData, model: Model) -> Sequence[TrainingTracker]:
    """Return the conversations that the stories describe, equal ones included."""
    domain = model.domain
    found = list(
        generate(
            data,
            domain,
            rules_for(domain),
            augmentation=0,
            states=training_history(StateTable(domain)),
            remove_duplicates=False,
            use_story_concatenation=False,
        )
    )
    beginnings = {key for story in found for key in _beginnings(_keys(story), story)}
    return [story for story in found if _keys(story) not in beginnings]


def _keys(story: TrainingTracker) -> tuple[int, ...]:
    """Return the identities of the events: the parts of one run share event objects."""
    return tuple(id(placed) for part in story.parts for placed in part)


def _beginnings(keys: Sequence[int], story: TrainingTracker) -> Iterator[tuple[int, ...]]:
    """Yield what training learns besides: the story before each event that reaches back."""
    for position, event in enumerate(story.events):
        if isinstance(event, _REACH_BACK):
            yield tuple(keys[:position])
