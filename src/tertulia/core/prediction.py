"""What a policy says: scores for the bot's actions, what else shall happen, and why."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tertulia.core.events.event import Event

Json = Any
Reason = dict[str, Json]
"""What decided, as JSON. `by`: which kind of reason it is; the other keys depend on it."""

Why = Reason | Callable[[str], Reason]
"""A reason; or, where finding it costs something, how to find it for the action chosen."""

_DIGITS = 4


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One policy's opinion on the next action.

    scores: action name to confidence in [0, 1] (0.x: up to 1.3); actions left out have 0;
    empty is an abstention. policy: name written to the `action` event. events: applied whatever
    wins; optional_events: only when this prediction wins. no_user: made without looking at the
    user's message.
    end_to_end: made from the text. why: what decided, asked for only when this prediction wins.
    not_asked: the policy stood in for could not have won.
    """

    policy: str
    scores: Mapping[str, float]
    priority: int = 1
    events: tuple[Event, ...] = ()
    optional_events: tuple[Event, ...] = ()
    no_user: bool = False
    end_to_end: bool = False
    hide_rule_turn: bool = False
    why: Why = {}
    metadata: Mapping[str, Any] = {}
    not_asked: bool = False

    @property
    def confidence(self) -> float:
        """Return the highest score, 0 for an abstention."""
        return max(self.scores.values(), default=0.0)

    def summary(self) -> dict[str, Json]:
        """Return the best action and its confidence; neither for an abstention."""
        if self.not_asked:
            return {"policy": self.policy, "asked": False}
        if not self.scores:
            return {"policy": self.policy}
        action = max(self.scores, key=self.scores.__getitem__)
        confidence = round(self.scores[action], _DIGITS)
        return {"policy": self.policy, "action": action, "confidence": confidence}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The ensemble's choice of the next action.

    scores: of the winning prediction, for every action of the bot in the bot's order.
    confidence: as written to the event. events: to log before the action runs.
    policy: as written to the event, None for a followup in 0.x. metadata: for the action event.
    end_to_end: decided by the text of the message, so slots are filled once more.
    why: of what decided. by: the deciding policy's own name, None when no policy was asked.
    others: what the other policies said. remarks: what else the trace shall say.
    """

    action: str
    policy: str | None
    confidence: float | None
    scores: Mapping[str, float] = {}
    events: tuple[Event, ...] = ()
    hide_rule_turn: bool = False
    action_text: str | None = None
    end_to_end: bool = False
    why: Why = {}
    by: str | None = None
    others: tuple[Prediction, ...] = ()
    remarks: Mapping[str, Json] = {}
    metadata: Mapping[str, Any] = {}

    def trace(self) -> dict[str, Json] | None:
        """Return the explanation of the choice as JSON, None when there is none.

        policy: who decided, left out when nobody was asked. because: the reason. others: what
        the other policies said. Cost: the winner's reason, and one look at each other's scores.
        """
        because = self.why(self.action) if callable(self.why) else self.why
        if not because and self.by is None:
            return None
        found: dict[str, Json] = {} if self.by is None else {"policy": self.by}
        found["because"] = because
        if self.others:
            found["others"] = [one.summary() for one in self.others]
        if self.remarks:
            found.update(self.remarks)
        return found
