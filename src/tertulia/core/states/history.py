"""Histories: which states of a conversation a policy is shown, and how many.

One history per model and point of view; its results are remembered on the tracker's nodes, so
asking again costs only the new events.
"""

from collections.abc import Iterator
from typing import Protocol

from tertulia.core.domain.model import Generation
from tertulia.core.states.cells import Cell, Moment, StateWindow
from tertulia.core.states.legacy import LegacyHistory
from tertulia.core.states.modern import NO_RULE_ONLY, PlainHistory, RuleOnly, VisibleHistory
from tertulia.core.states.table import StateTable
from tertulia.core.tracker import Node, Tracker


class StateHistory(Protocol):
    """A point of view on conversations."""

    def last(self, tracker: Tracker, n: int | None) -> StateWindow:
        """Return the last n states (None: all), the current one included when it is visible.

        Raises:
            HistoryTruncated: older states are needed and were not loaded.
        """
        ...

    def current(self, tracker: Tracker) -> Cell | None:
        """Return the newest state with its tail; None when no state is visible."""
        ...

    def shown(self, node: Node) -> int:
        """Return how many states up to this event are visible (those known, at least)."""
        ...

    def moments(self, tracker: Tracker) -> Iterator[Moment]:
        """Yield every visible action of the conversation with the states before it."""
        ...


def history_for(table: StateTable, rule_only: RuleOnly = NO_RULE_ONLY) -> StateHistory:
    """Return what memorising and learned policies see."""
    if table.generation is Generation.LEGACY:
        return LegacyHistory(table)
    return VisibleHistory(table, rule_only)


def training_history(table: StateTable) -> StateHistory:
    """Return what the same policies are shown of stories.

    Legacy: everything, for stories hold no happy turns of forms and know no rejections.
    """
    if table.generation is Generation.LEGACY:
        return PlainHistory(table)
    return VisibleHistory(table)
