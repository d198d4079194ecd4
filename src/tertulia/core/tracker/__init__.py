"""A conversation as a value, and the fold that makes it."""

from tertulia.core.tracker.history import Node, folded
from tertulia.core.tracker.state import LoopState, State, TrackerRules, rules_for
from tertulia.core.tracker.tracker import (
    Tracker,
    advance,
    advance_all,
    new_tracker,
    prefixes,
    replay,
)

__all__ = [
    "LoopState",
    "Node",
    "State",
    "Tracker",
    "TrackerRules",
    "advance",
    "advance_all",
    "folded",
    "new_tracker",
    "prefixes",
    "replay",
    "rules_for",
]
