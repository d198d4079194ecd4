"""History of the legacy generation: happy turns of a form are not seen.

Source: spec policies.md section 2.4, `L (>=0.12) filtering`.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from tertulia.core.events import ActionExecuted, ActiveLoop, UserUttered
from tertulia.core.states.cells import MISSING, Cell, Maker, Moment, StateWindow, size_of, window
from tertulia.core.states.modern import oldest_first, state_before
from tertulia.core.states.table import StateTable
from tertulia.core.tracker import Node, State, Tracker, folded

_Withheld = tuple[State, UserUttered]


class _Seen(msgspec.Struct, frozen=True):
    """What was shown so far.

    message: counts as the last one here. outside: last message while no form was active.
    withheld: states inside a form that a rejection would bring back. certain,
    withheld_certain: False while events that were not loaded could change them.
    """

    cell: Cell | None
    message: UserUttered
    outside: UserUttered
    withheld: tuple[_Withheld, ...] = ()
    certain: bool = True
    withheld_certain: bool = True


class LegacyHistory:
    """States as the 0.x policies see them."""

    def __init__(self, table: StateTable) -> None:
        self._maker = Maker(table)
        self._key = f"legacy {table.key}"

    def last(self, tracker: Tracker, n: int | None) -> StateWindow:
        """Return the last n states; see StateHistory."""
        return window(self.current(tracker), n)

    def current(self, tracker: Tracker) -> Cell | None:
        """Return the newest visible state with its tail; inside a form the one before it."""
        seen, state = self._at(tracker.applied), tracker.applied.state
        if state.active_loop is None:
            return self._show(seen, state).cell
        if state.loop is not None and state.loop.rejected:
            return self._show(self._release(seen), state).cell
        return seen.cell

    def shown(self, node: Node) -> int:
        """Return how many states up to this event are visible."""
        return size_of(self._at(node).cell)

    def moments(self, tracker: Tracker) -> Iterator[Moment]:
        """Yield every visible action with the states before it."""
        for node in oldest_first(tracker.applied):
            event = node.event
            if isinstance(event, ActionExecuted):
                cell = self._at(node).cell
                if cell is not None and cell is not self._at(node.below()).cell:
                    yield Moment(cell, event)

    def _at(self, node: Node) -> _Seen:
        return folded(node, self._key, _nothing_seen, self._step)

    def _step(self, seen: _Seen, node: Node) -> _Seen:
        event = node.event
        if isinstance(event, UserUttered):
            if state_before(node).active_loop is not None:
                return replace(seen, message=event)
            return replace(seen, message=event, outside=event, certain=True)
        if isinstance(event, ActiveLoop):
            return replace(seen, message=seen.outside)
        if isinstance(event, ActionExecuted):
            return self._action(seen, state_before(node), event)
        return seen

    def _action(self, seen: _Seen, state: State, event: ActionExecuted) -> _Seen:
        loop = state.loop
        form = state.active_loop
        if loop is None or form is None:
            return self._show(seen, state)
        is_form = event.name == form
        if loop.rejected:
            seen = self._release(seen)
            if loop.is_interrupted or not is_form:
                seen = replace(seen, outside=seen.message)
            else:
                seen = replace(seen, message=seen.outside)
            seen = self._show(seen, state)
        elif not is_form:
            return replace(seen, withheld=(*seen.withheld, (state, seen.outside)))
        if is_form:
            return replace(seen, withheld=(), withheld_certain=True)
        return seen

    def _release(self, seen: _Seen) -> _Seen:
        cell = seen.cell if seen.withheld_certain else MISSING
        for state, message in seen.withheld:
            cell = self._maker.cell(state, cell, message)
        return replace(seen, cell=cell, withheld=(), withheld_certain=True)

    def _show(self, seen: _Seen, state: State) -> _Seen:
        if not seen.certain:
            return replace(seen, cell=MISSING)
        same = state.latest_message is seen.message
        cell = self._maker.cell(state, seen.cell, None if same else seen.message)
        return replace(seen, cell=cell)


def _nothing_seen(root: Node) -> _Seen:
    message = root.state.latest_message
    if root.truncated:
        return _Seen(MISSING, message, message, certain=False, withheld_certain=False)
    return _Seen(None, message, message)
