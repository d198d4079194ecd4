"""Stories and rules as values: what a file says (Story), and the steps training walks (StoryStep).

Rule: every event keeps the place where a person wrote it beside it, never inside.

Source: spec stories.md sections 2 to 4.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.events import Event

Json = Any

STORY_START = "STORY_START"
"""The virtual checkpoint where every story without a start checkpoint begins."""

SHOULD_NOT_BE_SET = "should_not_be_set"
"""In rules: the slot or loop must be empty. Null would mean that nothing is said about it."""

GENERATED = "GENR_"
"""Names of checkpoints that no person wrote start with this."""

GENERATED_OR = f"{GENERATED}OR_"
GENERATED_CYCLE = f"{GENERATED}CYCL_"


class Checkpoint(msgspec.Struct, frozen=True):
    """A named joint between steps. conditions: slot values a tracker must have to pass."""

    name: str
    conditions: dict[str, Json] = {}
    at: SourceSpan | None = None


class StepEvent(msgspec.Struct, frozen=True):
    """One event of a story with its place."""

    event: Event
    at: SourceSpan | None = None


class Alternatives(msgspec.Struct, frozen=True):
    """One of these happens: each option is a sequence of events, usually of one."""

    options: tuple[tuple[StepEvent, ...], ...]
    at: SourceSpan | None = None


StoryItem = Checkpoint | StepEvent | Alternatives


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A story or rule as it is written.

    items: in file order, immutable; a checkpoint may stand anywhere. is_test: texts are kept beside
    intents, because the understanding is tested too.
    """

    name: str
    items: Sequence[StoryItem]
    is_rule: bool = False
    is_test: bool = False
    at: SourceSpan | None = None

    def events(self) -> Iterator[StepEvent]:
        """Yield every event, those of all alternatives included, in file order."""
        for item in self.items:
            if isinstance(item, StepEvent):
                yield item
            elif isinstance(item, Alternatives):
                for option in item.options:
                    yield from option

    def without_places(self) -> "Story":
        """Return the same story as if nobody had written it; for comparisons."""
        return msgspec.structs.replace(
            self, at=None, items=tuple(_placeless(item) for item in self.items)
        )


class StoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a story without branches.

    start_checkpoints: a tracker at any of them enters. end_checkpoints: the tracker goes to
    each of them; none ends the story.
    """

    block_name: str
    start_checkpoints: tuple[Checkpoint, ...]
    end_checkpoints: tuple[Checkpoint, ...] = ()
    events: Sequence[StepEvent] = ()
    is_rule: bool = False
    at: SourceSpan | None = None


class StoryData(msgspec.Struct, frozen=True, kw_only=True):
    """All stories and rules of some files, in the order of files and lines."""

    stories: tuple[Story, ...] = ()
    rules: tuple[Story, ...] = ()

    def __add__(self, other: "StoryData") -> "StoryData":
        """Return both together."""
        return StoryData(stories=self.stories + other.stories, rules=self.rules + other.rules)


def merge_all(parts: Iterable[StoryData]) -> StoryData:
    """Return all parts together. Cost: the number of stories."""
    listed: Sequence[StoryData] = list(parts)
    return StoryData(
        stories=tuple(story for part in listed for story in part.stories),
        rules=tuple(rule for part in listed for rule in part.rules),
    )


def _placeless(item: StoryItem) -> StoryItem:
    if isinstance(item, Alternatives):
        return Alternatives(
            tuple(tuple(StepEvent(e.event) for e in option) for option in item.options)
        )
    if isinstance(item, StepEvent):
        return StepEvent(item.event)
    return Checkpoint(item.name, item.conditions)
