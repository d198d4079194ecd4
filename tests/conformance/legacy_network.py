"""The recorded neural network's decisions, in the place of our learned policy's.

A linear model and an LSTM of that day agree where stories say what to do, and nowhere else. With
the network's own decisions everything around it can be compared to the end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tertulia.base.errors import EventRejected
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    Event,
    LoopInterrupted,
    UserUttered,
)
from tertulia.core.events.codec import decode
from tertulia.core.prediction import Prediction
from tertulia.core.tracker import Tracker, replay, rules_for
from tertulia.model.content import Content
from tertulia.model.load import load_model
from tertulia.policies.learned import KerasPolicy

from .legacy_replay import Exchange

Json = Any
Key = tuple[str, tuple[str | None, ...]]
_FALLBACKS = ("FallbackPolicy", "TwoStageFallbackPolicy")


class Decided(msgspec.Struct, frozen=True):
    """What the network said. action: None when it was below the fallback's threshold."""

    action: str | None
    confidence: float


class RecordedNetwork:
    """Knows what the recorded network decided. same: by decision, whether our policy agrees.
    overruled: conversations in which it did not.
    """

    def __init__(self, exchanges: Iterable[Exchange], bot: Content) -> None:
        self._rules = rules_for(load_model(bot, name="model.tar.gz").domain)
        self._decided: dict[Key, Decided] = {}
        self.same: dict[Key, bool] = {}
        self.overruled: set[str] = set()
        for exchange in exchanges:
            self._learn(exchange.recorded)

    def __str__(self) -> str:
        same = sum(self.same.values())
        return f"our learned policy decides {same}/{len(self.same)} as the recorded network"

    def wrong_where_sure(self, least: float) -> list[str]:
        """Return decisions of the network that ours differs from, and it was sure of."""
        return [
            f"{key}: {self._decided[key]}"
            for key, same in self.same.items()
            if not same and self._decided[key].confidence >= least
        ]

    def predict(
        self, own: Callable[[KerasPolicy, Tracker], Prediction]
    ) -> Callable[[KerasPolicy, Tracker], Prediction]:
        """Return the policy's method with the recorded decisions put before its own."""

        def decide(policy: KerasPolicy, tracker: Tracker) -> Prediction:
            prediction = own(policy, tracker)
            key = _key(tracker)
            found = self._decided.get(key)
            if found is None:
                return prediction
            scores = prediction.scores
            if found.action is None:
                self._note(key, same=max(scores.values()) < found.confidence)
                return msgspec.structs.replace(prediction, scores=dict.fromkeys(scores, 0.01))
            self._note(key, same=max(scores, key=scores.__getitem__) == found.action)
            rest = dict.fromkeys(scores, min(0.01, found.confidence / 2))
            return msgspec.structs.replace(
                prediction, scores={**rest, found.action: found.confidence}
            )

        return decide

    def _note(self, key: Key, *, same: bool) -> None:
        self.same[key] = same
        if not same:
            self.overruled.add(key[0])

    def _learn(self, body: Json) -> None:
        if not isinstance(body, dict):
            return
        tracker = body.get("tracker", body)
        raws = tracker.get("events") if isinstance(tracker, dict) else None
        if not raws or raws[0].get("event") != "action":
            return
        sender = tracker["sender_id"]
        try:
            events = [decode({**raw, "timestamp": 1.0}, now=1.0) for raw in raws]
        except EventRejected:
            return  # a log with events that are refused here holds no decisions
        for index, raw in enumerate(raws):
            found = _decision(raw, raws[:index])
            if found is not None:
                self._decided[self._key_of(sender, events[:index])] = found
        if str(body.get("policy")).endswith("KerasPolicy"):
            best = max(body["scores"], key=lambda each: each["score"])
            self._decided[self._key_of(sender, events)] = Decided(best["action"], best["score"])

    def _key_of(self, sender: str, events: list[Event | None]) -> Key:
        known = [event for event in events if event is not None]
        return _key(replay(sender, self._rules, known))


def _decision(raw: Mapping[str, Json], before: Sequence[Mapping[str, Json]]) -> Decided | None:
    policy = str(raw.get("policy"))
    if raw["event"] != "action":
        return None
    if policy.endswith("KerasPolicy"):
        return Decided(raw["name"], raw["confidence"])
    asked = any(str(each.get("name")).startswith("action_default_ask") for each in before)
    if policy.endswith(_FALLBACKS) and raw["name"] == "action_default_fallback" and not asked:
        return Decided(None, 0.3)
    return None


def _key(tracker: Tracker) -> Key:
    said: list[str | None] = []
    for event in tracker.applied_events():
        if isinstance(event, ActionExecuted):
            said.append(event.name)
        elif isinstance(event, UserUttered):
            said.append(f"* {event.text}")
        elif isinstance(event, ActionExecutionRejected | LoopInterrupted):
            said.append(event.type_name)
    return tracker.sender_id, tuple(said)
