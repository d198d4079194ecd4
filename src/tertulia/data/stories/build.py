"""Stories to steps: cut at checkpoints and alternatives.

Source: spec stories.md section 2.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import msgspec
from msgspec.structs import replace

from tertulia.base.source import SourceSpan
from tertulia.core.events import Event, UserUttered
from tertulia.core.events.codec import encode
from tertulia.data.stories.model import (
    GENERATED_OR,
    STORY_START,
    Alternatives,
    Checkpoint,
    StepEvent,
    Story,
    StoryStep,
)
from tertulia.data.stories.placed import PlacedEvents

_NAME_LENGTH = 12


def build_steps(stories: Iterable[Story]) -> Iterator[StoryStep]:
    """Yield the steps of all stories, in order."""
    for story in stories:
        yield from steps_of(story)


def steps_of(story: Story) -> list[StoryStep]:
    """Return the steps of one story.

    Texts beside an intent are dropped, except in test stories: the intent is learned. A story
    that ends with alternatives ends after each of them.
    """
    if isinstance(story.items, PlacedEvents) and not any(map(_is_taught, story.items.events)):
        return [_whole(story, story.items)]
    builder = _Builder(story)
    for item in story.items:
        if isinstance(item, Checkpoint):
            builder.checkpoint(item)
        elif isinstance(item, Alternatives):
            builder.alternatives(item)
        else:
            builder.event(_learned(item, story))
    return builder.finish()


def _whole(story: Story, events: PlacedEvents) -> StoryStep:
    """Return the one step of a story without joints."""
    return StoryStep(
        block_name=story.name,
        start_checkpoints=(Checkpoint(STORY_START, {}, story.at),),
        events=events,
        is_rule=story.is_rule,
        at=events[0].at,
    )


def _is_taught(event: Event) -> bool:
    """Whether a message has a text beside the intent that is learned."""
    return (
        isinstance(event, UserUttered) and event.text is not None and event.intent_name is not None
    )


def _learned(placed: StepEvent, story: Story) -> StepEvent:
    event = placed.event
    if story.is_test or not isinstance(event, UserUttered) or not _is_taught(event):
        return placed
    return StepEvent(
        replace(event, text=None, parse_data={**event.parse_data, "text": None}), placed.at
    )


class _Builder:
    """Open steps take every further event; a checkpoint closes them."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._starts: tuple[Checkpoint, ...] = ()
        self._done: list[StoryStep] = []
        self._open: list[StoryStep] = []
        self._pending: list[StepEvent] = []

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Start here, or end every open step here (too)."""
        self._flush()
        if not self._open:
            self._starts = (*self._starts, checkpoint)
            return
        end = Checkpoint(checkpoint.name, {}, checkpoint.at)
        self._open = [replace(step, end_checkpoints=_with(step, end)) for step in self._open]

    def event(self, placed: StepEvent) -> None:
        """Add one event to every open step."""
        self._ensure_open(placed.at)
        self._pending.append(placed)

    def alternatives(self, either: Alternatives) -> None:
        """Continue every open step with each of the options."""
        options = [tuple(_learned(e, self._story) for e in option) for option in either.options]
        if len(options) == 1:
            for placed in options[0]:
                self.event(placed)
            return
        self._ensure_open(either.at)
        self._flush()
        end = (Checkpoint(self._or_name(options), {}, either.at),)
        self._open = [
            replace(step, events=(*step.events, *option), end_checkpoints=end)
            for step in self._open
            for option in options
        ]

    def finish(self) -> list[StoryStep]:
        """Return all steps."""
        self._flush()
        last = [
            replace(step, end_checkpoints=tuple(c for c in step.end_checkpoints if not _is_or(c)))
            for step in self._open
        ]
        return self._done + last

    def _ensure_open(self, at: SourceSpan | None) -> None:
        closed = [step for step in self._open if step.end_checkpoints]
        if self._open and not closed:
            return
        self._done += closed
        starts = _unique(end for step in closed for end in step.end_checkpoints) or self._starts
        first = StoryStep(
            block_name=self._story.name,
            start_checkpoints=starts or (Checkpoint(STORY_START, {}, self._story.at),),
            is_rule=self._story.is_rule,
            at=at,
        )
        self._open = [first]

    def _flush(self) -> None:
        if self._pending:
            added = tuple(self._pending)
            self._open = [replace(step, events=(*step.events, *added)) for step in self._open]
            self._pending = []

    def _or_name(self, options: Sequence[tuple[StepEvent, ...]]) -> str:
        """Return a name that is the same for the same alternatives after the same beginning."""
        step = self._open[0]
        content = [
            step.block_name,
            [_wire(e) for e in step.events],
            [[c.name, c.conditions] for c in step.start_checkpoints],
            sorted(json.dumps([_wire(e) for e in option], sort_keys=True) for option in options),
        ]
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return GENERATED_OR + digest[:_NAME_LENGTH]


def _wire(placed: StepEvent) -> object:
    return cast(object, msgspec.to_builtins(encode(placed.event)))


def _is_or(checkpoint: Checkpoint) -> bool:
    return checkpoint.name.startswith(GENERATED_OR)


def _with(step: StoryStep, end: Checkpoint) -> tuple[Checkpoint, ...]:
    """Return the step's ends and one more; a written one takes the place of alternatives'."""
    written = tuple(c for c in step.end_checkpoints if not _is_or(c) and c.name != end.name)
    return (*written, end)


def _unique(checkpoints: Iterable[Checkpoint]) -> tuple[Checkpoint, ...]:
    return tuple({checkpoint.name: checkpoint for checkpoint in checkpoints}.values())
