"""What a conversation looks like to the policies: one small value per action, and lists of them."""

from tertulia.core.states.cells import Cell, Moment, StateWindow
from tertulia.core.states.history import StateHistory, history_for, training_history
from tertulia.core.states.legacy import LegacyHistory
from tertulia.core.states.modern import NO_RULE_ONLY, PlainHistory, RuleOnly, VisibleHistory
from tertulia.core.states.table import StateTable, intent_confidences, turn_state
from tertulia.core.states.turn import (
    SHOULD_NOT_BE_SET,
    SlotPart,
    TurnState,
    UserPart,
    as_json,
    from_json,
    parse_key,
    state_key,
)

__all__ = [
    "NO_RULE_ONLY",
    "SHOULD_NOT_BE_SET",
    "Cell",
    "LegacyHistory",
    "Moment",
    "PlainHistory",
    "RuleOnly",
    "SlotPart",
    "StateHistory",
    "StateTable",
    "StateWindow",
    "TurnState",
    "UserPart",
    "VisibleHistory",
    "as_json",
    "from_json",
    "history_for",
    "intent_confidences",
    "parse_key",
    "state_key",
    "training_history",
    "turn_state",
]
