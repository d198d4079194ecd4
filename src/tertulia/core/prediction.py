"""What a policy says: scores for the bot's actions, and what else shall happen."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.core.events.event import Event


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One policy's opinion on the next action.

    scores: action name to confidence in [0, 1] (0.x: up to 1.3); actions left out have 0;
    empty is an abstention. policy: name written to the `action` event. events: applied whatever
    wins; optional_events: only when this prediction wins. no_user: made without looking at the
    user's message.
    end_to_end: made from the text. why: what decided, for the trace; JSON values.
    """

    policy: str
    scores: Mapping[str, float]
    priority: int = 1
    events: tuple[Event, ...] = ()
    optional_events: tuple[Event, ...] = ()
    no_user: bool = False
    end_to_end: bool = False
    hide_rule_turn: bool = False
    why: Mapping[str, Any] = {}
    metadata: Mapping[str, Any] = {}

    @property
    def confidence(self) -> float:
        """Return the highest score, 0 for an abstention."""
        return max(self.scores.values(), default=0.0)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The ensemble's choice of the next action.

    scores: of the winning prediction, for every action of the bot in the bot's order.
    confidence: as written to the event. events: to log before the action runs.
    policy: as written to the event, None for a followup in 0.x. metadata: for the action event.
    """

    action: str
    policy: str | None
    confidence: float | None
    scores: Mapping[str, float] = {}
    events: tuple[Event, ...] = ()
    hide_rule_turn: bool = False
    action_text: str | None = None
    why: Mapping[str, Any] = {}
    metadata: Mapping[str, Any] = {}
