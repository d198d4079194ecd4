"""Lists of states that share their tails: every point of a conversation holds its own history."""

from typing import Any

import msgspec

from tertulia.base.errors import HistoryTruncated
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.core.states.table import StateTable
from tertulia.core.states.turn import TurnState, UserPart
from tertulia.core.tracker import State

Json = Any


class Cell:
    """One state on top of those before it. Immutable.

    before: None under the first state. missing: not a state, but the mark that older states
    exist and were not loaded. source, raw_user: what the state was made of, to make the next
    one from what did not change.
    """

    __slots__ = ("before", "missing", "raw_user", "size", "source", "state")

    def __init__(
        self,
        state: TurnState,
        before: "Cell | None",
        *,
        source: State | None = None,
        raw_user: UserPart | None = None,
        missing: bool = False,
    ) -> None:
        self.state = state
        self.before = before
        self.source = source
        self.raw_user = raw_user
        self.missing = missing
        self.size: int = 0 if missing else 1 + (before.size if before else 0)


MISSING = Cell(TurnState(), None, missing=True)
"""Bottom of a history whose older part was not loaded."""


class StateWindow(msgspec.Struct, frozen=True):
    """The last states of a conversation, oldest first. complete: they are known to be all."""

    states: tuple[TurnState, ...]
    complete: bool


class Moment(msgspec.Struct, frozen=True):
    """One executed action and the states that led to it (newest cell)."""

    cell: Cell
    event: ActionExecuted

    @property
    def action(self) -> str:
        """Return the action's name or text."""
        return self.event.name or self.event.action_text or ""


def window(cell: Cell | None, n: int | None) -> StateWindow:
    """Return the last n states (None: all) that end with `cell`.

    Raises:
        HistoryTruncated: there are more, but they were not loaded.
    """
    found: list[TurnState] = []
    while cell is not None and (n is None or len(found) < n):
        if cell.missing:
            raise HistoryTruncated("the loaded part of the conversation has too few states")
        found.append(cell.state)
        cell = cell.before
    found.reverse()
    return StateWindow(tuple(found), cell is None)


def size_of(cell: Cell | None) -> int:
    """Return the number of known states."""
    return 0 if cell is None else cell.size


class Maker:
    """Makes states, taking over from the cell before what did not change.

    without_slots, without_loops: names that shall not be seen.
    """

    def __init__(
        self,
        table: StateTable,
        *,
        omit_unset: bool = False,
        without_slots: frozenset[str] = frozenset(),
        without_loops: frozenset[str] = frozenset(),
    ) -> None:
        self.table = table
        self._omit_unset = omit_unset
        self._without_slots = without_slots
        self._without_loops = without_loops

    def cell(self, source: State, like: Cell | None, message: UserUttered | None = None) -> Cell:
        """Return a cell with the state of `source` on top of `like`.

        message: counts in place of the source's own.
        """
        user = self.user(source, like, message)
        loop = source.active_loop
        state = TurnState(
            user=user,
            slots=self._slots(source, like),
            action=source.latest_action,
            action_is_text=source.latest_action_is_text,
            loop=None if loop in self._without_loops else loop,
        )
        kept = source if message is None else None
        return Cell(state, like, source=kept, raw_user=user)

    def user(
        self, source: State, like: Cell | None, message: UserUttered | None = None
    ) -> UserPart:
        """Return the user part of `source`."""
        if message is not None:
            return self.table.user(message, source.use_text)
        known = like.source if like else None
        if (
            like is not None
            and known is not None
            and like.raw_user is not None
            and known.latest_message is source.latest_message
            and known.use_text == source.use_text
        ):
            return like.raw_user
        return self.table.user(source.latest_message, source.use_text)

    def _slots(self, source: State, like: Cell | None) -> tuple[tuple[str, Json], ...]:
        known = like.source if like else None
        if like is not None and known is not None and known.slots is source.slots:
            return like.state.slots
        only = source.slots_set if self._omit_unset else None
        return self.table.slot_parts(source.slots, only=only, without=self._without_slots)
