"""Conversations on their way through the steps, and which of them look the same.

Source: spec stories.md section 7.1.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tertulia.core.events import ActionReverted
from tertulia.core.states import Cell, StateHistory, TurnState
from tertulia.core.tracker import Tracker, advance
from tertulia.data.generate.training_tracker import TrainingEvent, TrainingTracker

_MODULUS = (1 << 127) - 1
_FACTOR = 0x9E3779B97F4A7C15F39CC0605CEDC835


class Walk:
    """A conversation so far. Immutable but for `anchor`, a cache that SeenStates alone uses.

    anchor: a state of its history and the fingerprint of the history up to it; extended walks
    take it over, so that only new states are looked at.
    """

    __slots__ = ("anchor", "is_augmented", "is_rule", "origins", "parts", "tracker")

    def __init__(
        self,
        tracker: Tracker,
        parts: tuple[Sequence[TrainingEvent], ...] = (),
        origins: tuple[str, ...] = (),
        *,
        is_rule: bool = False,
        is_augmented: bool = False,
        anchor: tuple[Cell, int] | None = None,
    ) -> None:
        self.tracker = tracker
        self.parts = parts
        self.origins = origins
        self.is_rule = is_rule
        self.is_augmented = is_augmented
        self.anchor = anchor

    def extended(self, events: Sequence[TrainingEvent], name: str) -> "Walk":
        """Return the conversation after the events of one more step of the story `name`."""
        tracker = self.tracker
        for placed in events:
            tracker = advance(tracker, placed.event)
        origins = self.origins if not name or name in self.origins else (*self.origins, name)
        return Walk(
            tracker,
            (*self.parts, events),
            origins,
            is_rule=self.is_rule,
            is_augmented=self.is_augmented,
            anchor=self.anchor,
        )

    def reopened(self) -> "Walk":
        """Return the conversation before it came to its end, so that another story follows."""
        undo = TrainingEvent(ActionReverted())
        return Walk(
            advance(self.tracker, undo.event),
            (*self.parts, (undo,)),
            self.origins,
            is_augmented=True,
            anchor=self.anchor,
        )

    def finish(self) -> TrainingTracker:
        """Return the example."""
        return TrainingTracker(
            replace(self.tracker, sender_id=" > ".join(self.origins)),
            self.parts,
            self.origins,
            is_rule=self.is_rule,
            is_augmented=self.is_augmented,
        )


class SeenStates:
    """Which sequences of states were there before.

    last: also tell whether the last n states were, at the beginning of one step.
    """

    def __init__(self, history: StateHistory, last: int | None) -> None:
        self._history = history
        self._last = last
        self._numbers: dict[TurnState, int] = {}
        self._finished: set[int] = set()

    def is_new(self, walk: Walk) -> bool:
        """Tell whether no finished conversation had the same states; from now on one has."""
        fingerprint = self._fingerprint(walk, self._history.current(walk.tracker))
        if fingerprint in self._finished:
            return False
        self._finished.add(fingerprint)
        return True

    def distinct(self, walks: Iterable[Walk]) -> tuple[list[Walk], list[Walk]]:
        """Return the walks to go on with, and those that are finished because of `last`."""
        going_on: list[Walk] = []
        given_up: list[Walk] = []
        whole: set[int] = set()
        ends: set[tuple[int, ...]] = set()
        for walk in walks:
            cell = self._history.current(walk.tracker)
            fingerprint = self._fingerprint(walk, cell)
            if fingerprint in whole:
                continue
            whole.add(fingerprint)
            end = None if self._last is None else self._end(cell, self._last)
            if end is None or end not in ends:
                going_on.append(walk)
                if end is not None:
                    ends.add(end)
            elif cell is not None and cell.size > len(end) and fingerprint not in self._finished:
                self._finished.add(fingerprint)
                given_up.append(walk)
        return going_on, given_up

    def _end(self, cell: Cell | None, length: int) -> tuple[int, ...]:
        found: list[int] = []
        while cell is not None and len(found) < length:
            found.append(self._number(cell.state))
            cell = cell.before
        return tuple(found)

    def _number(self, state: TurnState) -> int:
        return self._numbers.setdefault(state, len(self._numbers) + 1)

    def _fingerprint(self, walk: Walk, newest: Cell | None) -> int:
        """Return a number that differs, for all practical purposes, when the states do."""
        anchor, value = walk.anchor or (None, 0)
        fresh: list[Cell] = []
        cell = newest
        while cell is not None and cell is not anchor:
            fresh.append(cell)
            cell = cell.before
        if cell is None:  # the anchor was taken back, or there is none
            value = 0
        for one in reversed(fresh):
            value = (value * _FACTOR + self._number(one.state)) % _MODULUS
            # The newest state changes with every event, those below it stay.
            if newest is not None and one is newest.before:
                walk.anchor = (one, value)
        return value
