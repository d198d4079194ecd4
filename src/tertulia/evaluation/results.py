"""What a test found out: per step, per story, and altogether.

Source: spec evaluation.md section 1.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Generation
from tertulia.core.events import Event
from tertulia.evaluation.entities import FoundEntity, same_entities

Json = Any


class Warned(msgspec.Struct, frozen=True):
    """action_unlikely_intent was predicted though nobody expected it. severity: 0 is none."""

    severity: float = 0.0


class ActionStep(msgspec.Struct, frozen=True, kw_only=True):
    """One predicted action. position: of its event in the story's events."""

    position: int
    expected: str
    predicted: str
    policy: str | None = None
    confidence: float | None = None
    warned: Warned | None = None

    @property
    def is_right(self) -> bool:
        """Whether the prediction is what the story says."""
        return self.expected == self.predicted

    @property
    def note(self) -> str | None:
        """What is noted beside the step in a story file; None when there is nothing to say."""
        after = " after action_unlikely_intent" if self.warned else ""
        if not self.is_right:
            return f"predicted: {self.predicted}{after}"
        return "predicted: action_unlikely_intent" if self.warned else None


class MessageStep(msgspec.Struct, frozen=True, kw_only=True):
    """One understood message. shown: the text with the predicted entities written in."""

    position: int
    expected_intent: str
    predicted_intent: str | None
    expected_entities: tuple[FoundEntity, ...] = ()
    predicted_entities: tuple[FoundEntity, ...] = ()
    generation: Generation = Generation.MODERN
    shown: str = ""

    @property
    def is_right(self) -> bool:
        """Whether intent and entities are what the story says."""
        return self.expected_intent == self.predicted_intent and same_entities(
            self.expected_entities, self.predicted_entities, self.generation
        )

    @property
    def note(self) -> str | None:
        """What is noted beside the step in a story file; None when there is nothing to say."""
        return None if self.is_right else f"predicted: {self.predicted_intent}: {self.shown}"


Step = ActionStep | MessageStep


class StoryResult(msgspec.Struct, frozen=True, kw_only=True):
    """One story. steps: what was predicted, in order. events: of the story as expected."""

    name: str
    steps: tuple[Step, ...]
    events: tuple[Event, ...]
    at: SourceSpan | None = None

    @property
    def is_right(self) -> bool:
        """Whether every prediction is what the story says."""
        return all(step.is_right for step in self.steps)

    @property
    def actions(self) -> list[ActionStep]:
        """The predicted actions, in order."""
        return [step for step in self.steps if isinstance(step, ActionStep)]

    @property
    def messages(self) -> list[MessageStep]:
        """The understood messages, in order."""
        return [step for step in self.steps if isinstance(step, MessageStep)]

    @property
    def severity(self) -> float | None:
        """The worst unexpected action_unlikely_intent, None when there was none."""
        found = [step.warned.severity for step in self.actions if step.warned]
        return max(found, default=None)

    @property
    def title(self) -> str:
        """The story's name with its file."""
        return f"{self.name} ({self.at.file})" if self.at else self.name


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A model on stories. is_end_to_end: messages were understood, too."""

    stories: Sequence[StoryResult]
    generation: Generation
    is_end_to_end: bool = False

    @property
    def failed(self) -> list[StoryResult]:
        """The stories with a wrong prediction."""
        return [story for story in self.stories if not story.is_right]

    @property
    def successful(self) -> list[StoryResult]:
        """The stories without a wrong prediction."""
        return [story for story in self.stories if story.is_right]

    @property
    def with_warnings(self) -> list[StoryResult]:
        """The successful stories with an unexpected action_unlikely_intent, the worst first."""
        warned = [story for story in self.successful if story.severity is not None]
        return sorted(warned, key=lambda story: -(story.severity or 0.0))

    @property
    def actions(self) -> list[ActionStep]:
        """Every predicted action."""
        return [step for story in self.stories for step in story.actions]

    @property
    def messages(self) -> list[MessageStep]:
        """Every understood message."""
        return [step for story in self.stories for step in story.messages]
