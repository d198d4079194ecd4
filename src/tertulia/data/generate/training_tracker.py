"""One example conversation: where it comes from, and which of its actions are to be learned."""

from collections.abc import Iterator, Sequence

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.events import ActionExecuted, Event
from tertulia.core.states import Moment, StateHistory
from tertulia.core.tracker import Node, Tracker


class TrainingEvent(msgspec.Struct, frozen=True):
    """One event with its place. is_label: False for an action that nothing leads to.

    story: name of the story or rule that the event stands in.
    """

    event: Event
    at: SourceSpan | None = None
    is_label: bool = True
    story: str = ""


class Example(msgspec.Struct, frozen=True):
    """An action to be learned.

    before: the conversation before it. action: name, or text when `is_text`. at: its place.
    """

    before: Node
    action: str
    is_text: bool
    at: SourceSpan | None


class TrainingTracker:
    """An example conversation. Immutable but for a table of its events made when asked.

    tracker: its sender is the names of the stories, joined by ` > `. parts: the events of each
    step passed. origins: names of the stories and rules, each once. is_augmented: glued
    together from several stories by chance.
    """

    __slots__ = ("_by_event", "is_augmented", "is_rule", "origins", "parts", "tracker")

    def __init__(
        self,
        tracker: Tracker,
        parts: tuple[Sequence[TrainingEvent], ...],
        origins: tuple[str, ...],
        *,
        is_rule: bool = False,
        is_augmented: bool = False,
    ) -> None:
        self.tracker = tracker
        self.parts = parts
        self.origins = origins
        self.is_rule = is_rule
        self.is_augmented = is_augmented
        self._by_event: dict[int, TrainingEvent] | None = None

    @property
    def name(self) -> str:
        """Return the stories' names, joined."""
        return self.tracker.sender_id

    @property
    def events(self) -> list[Event]:
        """Return all events, taken back ones included. Cost: their number."""
        return [placed.event for part in self.parts for placed in part]

    @property
    def unpredictable(self) -> frozenset[int]:
        """Return the positions of the actions that are no labels."""
        placed = (one for part in self.parts for one in part)
        return frozenset(i for i, one in enumerate(placed) if not one.is_label)

    def placed(self, event: Event) -> TrainingEvent:
        """Return one of this conversation's own event objects with its place."""
        if self._by_event is None:
            # By identity: two equal events of one conversation have two places.
            self._by_event = {id(one.event): one for part in self.parts for one in part}
        return self._by_event.get(id(event)) or TrainingEvent(event)


def examples(training: TrainingTracker) -> Iterator[Example]:
    """Yield every action to be learned with the conversation before it, oldest first."""
    nodes = list(training.tracker.applied.nodes())
    for node in reversed(nodes):
        event = node.event
        if isinstance(event, ActionExecuted):
            placed = training.placed(event)
            if placed.is_label:
                action = event.name or event.action_text or ""
                yield Example(node.below(), action, event.name is None, placed.at)


def labelled_moments(
    training: TrainingTracker, history: StateHistory
) -> Iterator[tuple[Moment, SourceSpan | None]]:
    """Yield every action to be learned that the history shows, with its states and place."""
    for moment, placed in placed_moments(training, history):
        yield moment, placed.at


def placed_moments(
    training: TrainingTracker, history: StateHistory
) -> Iterator[tuple[Moment, TrainingEvent]]:
    """Yield what `labelled_moments` does, with all that is known of the action's origin."""
    for moment in history.moments(training.tracker):
        placed = training.placed(moment.event)
        if placed.is_label:
            yield moment, placed
