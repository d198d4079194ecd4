"""Histories of the modern generation: all states, or without the turns that only rules know.

Source: spec policies.md sections 2.3 and 2.4.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from tertulia.core.events import ACTION_LISTEN, ActionExecuted
from tertulia.core.states.cells import MISSING, Cell, Maker, Moment, StateWindow, size_of, window
from tertulia.core.states.table import StateTable
from tertulia.core.tracker import Node, State, Tracker, folded
from tertulia.core.tracker.past import Past, PastTurn

ACTION_UNLIKELY_INTENT = "action_unlikely_intent"


class RuleOnly(msgspec.Struct, frozen=True):
    """Names of slots and loops that occur in rules and in no story."""

    slots: frozenset[str] = frozenset()
    loops: frozenset[str] = frozenset()


NO_RULE_ONLY = RuleOnly()


class PlainHistory:
    """One state before each applied action, and the current one. omit_unset: see `turn_state`."""

    def __init__(self, table: StateTable, *, omit_unset: bool = False) -> None:
        self._maker = Maker(table, omit_unset=omit_unset)
        self._key = f"plain {omit_unset} {table.key}"

    def last(self, tracker: Tracker, n: int | None) -> StateWindow:
        """Return the last n states; see StateHistory."""
        return window(self.current(tracker), n)

    def current(self, tracker: Tracker) -> Cell:
        """Return the newest state with its tail."""
        return self._maker.cell(tracker.applied.state, self._at(tracker.applied))

    def shown(self, node: Node) -> int:
        """Return how many states up to this event are visible."""
        return size_of(self._at(node))

    def moments(self, tracker: Tracker) -> Iterator[Moment]:
        """Yield every applied action with the states before it."""
        for node in oldest_first(tracker.applied):
            event = node.event
            if isinstance(event, ActionExecuted):
                cell = self._at(node)
                if cell is not None:
                    yield Moment(cell, event)

    def _at(self, node: Node) -> Cell | None:
        return folded(node, self._key, _bottom, self._step)

    def _step(self, cell: Cell | None, node: Node) -> Cell | None:
        if not isinstance(node.event, ActionExecuted):
            return cell
        return self._maker.cell(state_before(node), cell)


class _Seen(msgspec.Struct, frozen=True):
    """What learned policies saw so far.

    hidden: the turn that goes on is hidden. action: last visible action and whether it is a
    text. certain: False while older events, which were not loaded, could change the answer.
    """

    cell: Cell | None
    hidden: bool = False
    action: tuple[str | None, bool] = (None, False)
    certain: bool = True


class VisibleHistory:
    """States without hidden rule turns, rule-only slots and loops, and unlikely-intent notes."""

    def __init__(self, table: StateTable, rule_only: RuleOnly = NO_RULE_ONLY) -> None:
        self._maker = Maker(table, without_slots=rule_only.slots, without_loops=rule_only.loops)
        hidden = [sorted(rule_only.slots), sorted(rule_only.loops)]
        self._key = f"visible {hidden} {table.key}"

    def last(self, tracker: Tracker, n: int | None) -> StateWindow:
        """Return the last n visible states; see StateHistory."""
        return window(self.current(tracker), n)

    def current(self, tracker: Tracker) -> Cell | None:
        """Return the newest visible state with its tail."""
        return self._see(self._at(tracker.applied), tracker.applied.state, hide=False).cell

    def shown(self, node: Node) -> int:
        """Return how many states up to this event are visible."""
        return size_of(self._at(node).cell)

    def moments(self, tracker: Tracker) -> Iterator[Moment]:
        """Yield every visible action with the states before it."""
        for node in oldest_first(tracker.applied):
            event = node.event
            if isinstance(event, ActionExecuted) and event.name != ACTION_UNLIKELY_INTENT:
                before, after = self._at(node.below()), self._at(node)
                if after.cell is not None and not after.hidden:
                    unlikely = state_before(node).latest_action == ACTION_UNLIKELY_INTENT
                    if after.cell is not before.cell or unlikely:
                        yield Moment(after.cell, event)

    def past(self, node: Node, n: int) -> Past | None:
        """Return what the last n states (n > 0) after `node` need of those up to it.

        None: too little of the conversation was loaded to tell.
        """
        seen = self._at(node)
        turns: list[PastTurn] = []
        cell = seen.cell if seen.certain else MISSING
        while cell is not None and not _is_enough(turns, n):
            if cell.source is None:
                return None
            turns.append(PastTurn(cell.source, cell.state.action, cell.state.action_is_text))
            cell = cell.before
            if cell is not None and cell.missing:
                break
        turns.reverse()
        return Past(
            turns=tuple(turns), complete=cell is None, hidden=seen.hidden, action=seen.action
        )

    def _at(self, node: Node) -> _Seen:
        return folded(node, self._key, self._begin, self._step)

    def _begin(self, root: Node) -> _Seen:
        past = root.past
        if past is None:
            return _Seen(MISSING, certain=False) if root.truncated else _Seen(None)
        cell = None if past.complete else MISSING
        for turn in past.turns:
            cell = self._visible(cell, turn.state, (turn.action, turn.action_is_text))
        return _Seen(cell, hidden=past.hidden, action=past.action)

    def _step(self, seen: _Seen, node: Node) -> _Seen:
        event = node.event
        if not isinstance(event, ActionExecuted):
            return seen
        return self._see(seen, state_before(node), hide=event.hide_rule_turn)

    def _see(self, seen: _Seen, source: State, *, hide: bool) -> _Seen:
        previous = (source.latest_action, source.latest_action_is_text)
        is_note = previous[0] == ACTION_UNLIKELY_INTENT
        action = seen.action if seen.hidden or is_note else previous
        # A follow-up or a loop that just ran belongs to the turn before, hidden or not.
        continues = bool(source.followup) or source.latest_action == source.active_loop
        hidden = seen.hidden if continues else hide
        if not seen.certain:
            return self._settle(seen, source, continues=continues, hidden=hidden)
        if hidden or is_note:
            return replace(seen, hidden=hidden, action=action)
        cell = self._visible(seen.cell, source, action)
        return _Seen(cell, hidden=False, action=action)

    def _visible(self, before: Cell | None, source: State, action: tuple[str | None, bool]) -> Cell:
        cell = self._maker.cell(source, before)
        state = cell.state
        if before is not None and not before.missing and state.action != ACTION_LISTEN:
            state = replace(state, user=before.state.user)
        if action[0] is not None:
            state = replace(state, action=action[0], action_is_text=action[1])
        if state is not cell.state:
            return Cell(state, before, source=cell.source, raw_user=cell.raw_user)
        return cell

    def _settle(self, seen: _Seen, source: State, *, continues: bool, hidden: bool) -> _Seen:
        """Wait for a visible turn that owes nothing to the events that were not loaded."""
        if hidden or continues:
            return replace(seen, hidden=hidden)
        action = (source.latest_action, source.latest_action_is_text)
        listens = source.latest_action == ACTION_LISTEN and not seen.hidden
        certain = listens and seen.action[0] == "visible"
        if certain:
            return _Seen(self._visible(MISSING, source, action), action=action)
        return _Seen(MISSING, action=("visible", False), certain=False)


def _bottom(root: Node) -> Cell | None:
    return MISSING if root.truncated else None


def _is_enough(turns: list[PastTurn], n: int) -> bool:
    """Tell whether n turns, newest first, begin with one that owes nothing to those before."""
    return len(turns) >= n and turns[-1].state.latest_action == ACTION_LISTEN


def state_before(node: Node) -> State:
    """Return the state before a node's event."""
    return node.below().state


def oldest_first(top: Node) -> list[Node]:
    """Return the nodes up to `top` without the root, oldest first."""
    found = list(top.nodes())
    found.reverse()
    return found
