"""A failed story for the terminal: its steps, and where they part from what the bot does.

Source: spec evaluation.md section 1.
"""

from collections.abc import Iterator
from enum import Enum

import msgspec

from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.evaluation.entities import shown_message
from tertulia.evaluation.results import ActionStep, MessageStep, Step, StoryResult


class Side(Enum):
    """Who says so: both, only the story, or only the bot. The value stands before the line."""

    BOTH = " "
    STORY = "-"
    BOT = "+"


class Line(msgspec.Struct, frozen=True):
    """One line of the comparison."""

    side: Side
    text: str

    def __str__(self) -> str:
        """Return the line with its mark."""
        return f"  {self.side.value} {self.text}".rstrip()


def story_lines(story: StoryResult) -> list[Line]:
    """Return the story's steps; of a wrong one, what was expected and then what was predicted."""
    steps = {step.position: step for step in story.steps}
    return [
        line
        for position, event in enumerate(story.events)
        for line in _lines(event, steps.get(position))
    ]


def _lines(event: Event, step: Step | None) -> Iterator[Line]:
    shown = _shown(event)
    if step is None or step.is_right:
        if shown is not None:
            yield Line(Side.BOTH, shown)
        return
    if isinstance(step, ActionStep):
        yield Line(Side.STORY, shown or f"action: {step.expected}")
        yield Line(Side.BOT, f"action: {step.predicted}{_by(step)}")
        return
    yield Line(Side.STORY, shown or f"intent: {step.expected_intent}")
    yield Line(Side.BOT, _understood(step))


def _shown(event: Event) -> str | None:
    """Return a step of the story in one line, None for what stories leave out."""
    if isinstance(event, UserUttered):
        return _said(event)
    if isinstance(event, ActionExecuted):
        if event.name == ACTION_LISTEN:
            return None
        return f"action: {event.name}" if event.name else f"bot: {event.action_text}"
    if isinstance(event, SlotSet):
        return f"slot_was_set: {event.name}"
    if isinstance(event, ActiveLoop):
        return f"active_loop: {event.name or 'null'}"
    return None


def _said(event: UserUttered) -> str:
    intent = event.intent.get("full_retrieval_intent_name") or event.intent_name
    text = shown_message(event.text, event.entities) if event.text else ""
    parts = [f"intent: {intent}" if intent else "", f"user: {text}" if text else ""]
    return "  ".join(part for part in parts if part)


def _by(step: ActionStep) -> str:
    who = f"  ({step.policy} {step.confidence:.2f})" if step.policy and step.confidence else ""
    return f"{who}  after action_unlikely_intent" if step.warned else who


def _understood(step: MessageStep) -> str:
    return f"intent: {step.predicted_intent}  user: {step.shown}"
