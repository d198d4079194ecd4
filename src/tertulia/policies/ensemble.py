"""Several policies, one decision. Each generation weighs them in its own way.

Source: spec policies.md sections 3 (points 3 and 4) and 4.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from tertulia.base.errors import ConfigError, UnknownAction, nearest
from tertulia.core.domain.actions import SYNONYMS, action_names
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ACTION_RESTART,
    ActionExecuted,
    ActionExecutionRejected,
    Event,
    UserFeaturization,
)
from tertulia.core.prediction import Decision, Prediction, Reason, Why
from tertulia.core.tracker import Tracker, advance_all
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.learned import LearnedPolicy
from tertulia.policies.memoization import MemoizationPolicy
from tertulia.policies.policy import Policy
from tertulia.policies.rules import RulePolicy
from tertulia.policies.two_stage import TwoStageFallbackPolicy

FOLLOWUP = "followup_action"
"""Policy name of the modern generation for an action that was asked for."""


class Ensemble(Protocol):
    """Decides on the next action."""

    @property
    def policies(self) -> Sequence[Policy]:
        """Return the policies in configuration order."""
        ...

    @property
    def needed_history(self) -> int | None:
        """Return how many states the policies look at, None when it may be all."""
        ...

    def decide(self, tracker: Tracker) -> Decision:
        """Return the next action.

        Raises:
            UnknownAction: an action was asked for that the bot does not have (0.x).
            HistoryTruncated: the loaded part of the conversation is too short.
        """
        ...


def make_ensemble(policies: Sequence[Policy], domain: Domain) -> Ensemble:
    """Return the ensemble of the domain's generation.

    Raises:
        ConfigError: there is no policy.
    """
    if not policies:
        raise ConfigError(
            "there is no policy", hint="List at least one under 'policies'.", code="T186"
        )
    if domain.generation is Generation.LEGACY:
        return LegacyEnsemble(policies, domain)
    return ModernEnsemble(policies, domain)


class _Ballot:
    """The bot's actions in order, and policies' scores for them."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.actions = action_names(domain)
        self._known = frozenset(self.actions)
        self._texts = frozenset(domain.e2e_actions)

    def knows(self, action: str) -> bool:
        """Tell whether the bot has the action, under this or its other generation's name."""
        return action in self._known or SYNONYMS.get(action) in self._known

    def scores(self, given: Mapping[str, float]) -> dict[str, float]:
        """Return a score for every action, in the bot's order."""
        return {action: given.get(action, 0.0) for action in self.actions}

    def winner(self, scores: Mapping[str, float]) -> str:
        """Return the first action with the highest score. scores: of every action, in order."""
        return max(scores, key=scores.__getitem__)

    def decision(self, action: str, **parts: Any) -> Decision:
        """Return a decision for an action's name or text."""
        text = action if action in self._texts else None
        return Decision(action=action, action_text=text, **parts)


def _without_rejected(prediction: Prediction, action: str | None) -> Prediction:
    if action is None or action not in prediction.scores:
        return prediction
    return replace(prediction, scores={**prediction.scores, action: 0.0})


def _others(predictions: Iterable[Prediction], chosen: Prediction) -> tuple[Prediction, ...]:
    return tuple(one for one in predictions if one is not chosen)


def _why(chosen: Prediction) -> Why:
    """Return why the winner said what it said; it need not have said anything."""
    return chosen.why if chosen.confidence else {"by": "nobody"}


def _followup_reason(tracker: Tracker) -> Reason:
    """Return who wanted the followup: an action, or somebody outside the conversation's turns."""
    last = tracker.last_execution
    if isinstance(last, ActionExecuted) and last.name not in (None, ACTION_LISTEN):
        return {"by": "followup", "action": last.name}
    return {"by": "followup"}


def _remarks(**found: str | None) -> dict[str, str]:
    """Return what else the trace shall say."""
    return {name: value for name, value in found.items() if value}


def _needed(policies: Sequence[Policy]) -> int | None:
    needs = [policy.needed_history for policy in policies]
    return None if None in needs else max((need for need in needs if need is not None), default=1)


class LegacyEnsemble:
    """0.11 to 0.14: the highest score wins, the first of equals."""

    def __init__(self, policies: Sequence[Policy], domain: Domain) -> None:
        self.policies = tuple(policies)
        self._ballot = _Ballot(domain)

    @property
    def needed_history(self) -> int | None:
        """Return how many states the policies look at."""
        return _needed(self.policies)

    def decide(self, tracker: Tracker) -> Decision:
        """Return the next action; its confidence is its share of all scores of the winner."""
        forced = self._forced(tracker)
        if forced is not None:
            return forced
        predictions, events, rejected = self._ask(tracker)
        best = max(range(len(predictions)), key=lambda index: predictions[index].confidence)
        scores = self._ballot.scores(predictions[best].scores)
        action = self._ballot.winner(scores)
        chosen = predictions[best]
        why = _why(chosen)
        if action == tracker.state.latest_action == ACTION_LISTEN:
            best, scores = self._instead_of_listening(best, scores)
            action = self._ballot.winner(scores)
            if predictions[best] is not chosen:
                chosen, why = predictions[best], {"by": "listening_twice"}
        total = sum(scores.values())
        if total:
            scores = {name: score / total for name, score in scores.items()}
        return self._ballot.decision(
            action,
            policy=f"policy_{best}_{type(self.policies[best]).name}",
            confidence=scores[action],
            scores=scores,
            events=tuple(events),
            why=why,
            by=chosen.policy,
            others=_others(predictions, chosen),
            remarks=_remarks(rejected=rejected),
        )

    def _forced(self, tracker: Tracker) -> Decision | None:
        state = tracker.state
        action, why = state.followup, _followup_reason(tracker)
        if action is None:
            if state.latest_message.intent_name != self._ballot.domain.restart_intent:
                return None
            action, why = ACTION_RESTART, {"by": "restart_intent"}
        elif not self._ballot.knows(action):
            raise UnknownAction(
                f"'{action}' was asked for as the next action, but the bot has none of that name",
                hint=nearest(action, self._ballot.actions) or "Add it to the domain's actions.",
            )
        return self._ballot.decision(
            action,
            policy=None,
            confidence=1.0,
            scores=self._ballot.scores({action: 1.0}),
            why=why,
        )

    def _ask(self, tracker: Tracker) -> tuple[list[Prediction], list[Event], str | None]:
        """Ask every policy; what one appends, the next ones see. Last: the action that refused."""
        predictions: list[Prediction] = []
        events: list[Event] = []
        rejected: str | None = None
        for policy in self.policies:
            prediction = policy.predict(tracker)
            if prediction.events:
                events += prediction.events
                tracker = advance_all(tracker, prediction.events)
            last = tracker.last_event
            rejected = last.name if isinstance(last, ActionExecutionRejected) else None
            predictions.append(_without_rejected(prediction, rejected))
        return predictions, events, rejected

    def _instead_of_listening(
        self, best: int, scores: dict[str, float]
    ) -> tuple[int, dict[str, float]]:
        """Return the fallback: nobody but a memory may listen twice in a row."""
        if isinstance(self.policies[best], MemoizationPolicy):
            return best, scores
        for index, policy in enumerate(self.policies):
            if isinstance(policy, FallbackPolicy | TwoStageFallbackPolicy):
                return index, self._ballot.scores({policy.fallback_action: policy.fallback_score})
        return best, scores


class ModernEnsemble:
    """2.x and 3.x: score, then priority; happy loops and texts go before everything else."""

    def __init__(self, policies: Sequence[Policy], domain: Domain) -> None:
        rules = next((policy for policy in policies if isinstance(policy, RulePolicy)), None)
        if rules is not None:
            policies = [policy.knowing(rules.rule_only) for policy in policies]
        self.policies = tuple(policies)
        self._ballot = _Ballot(domain)

    @property
    def needed_history(self) -> int | None:
        """Return how many states the policies look at."""
        return _needed(self.policies)

    def decide(self, tracker: Tracker) -> Decision:
        """Return the next action and what to log before it runs."""
        followup = tracker.state.followup
        if followup and self._ballot.knows(followup):
            return self._ballot.decision(
                followup,
                policy=FOLLOWUP,
                confidence=1.0,
                scores=self._ballot.scores({followup: 1.0}),
                why=_followup_reason(tracker),
            )
        last = tracker.last_execution
        rejected = last.name if isinstance(last, ActionExecutionRejected) else None
        predictions = self._ask(tracker, rejected)
        best = _best(predictions)
        chosen = predictions[best]
        scores = self._ballot.scores(chosen.scores)
        action = self._ballot.winner(scores)
        return self._ballot.decision(
            action,
            policy=chosen.policy,
            confidence=scores[action],
            scores=scores,
            events=_events(tracker, predictions, chosen),
            hide_rule_turn=chosen.hide_rule_turn,
            why=_why(chosen),
            by=chosen.policy,
            others=_others(predictions, chosen),
            remarks=_remarks(rejected=rejected, ignored_followup=followup),
            metadata=chosen.metadata,
            end_to_end=chosen.end_to_end,
        )

    def _ask(self, tracker: Tracker, rejected: str | None) -> list[Prediction]:
        """Return what the policies say, in their order.

        A learned policy is not asked where it could not win: a certain prediction of a higher
        priority is there. Asking it would cost more than all others together.
        """
        said: list[Prediction | None] = []
        certain = -1
        for policy in self.policies:
            if _gives_way(policy) is not None:
                said.append(None)
                continue
            prediction = _without_rejected(policy.predict(tracker), rejected)
            if prediction.confidence >= 1.0:
                certain = max(certain, prediction.priority)
            said.append(prediction)
        return [
            one or self._ask_late(policy, tracker, rejected, certain)
            for policy, one in zip(self.policies, said, strict=True)
        ]

    def _ask_late(
        self, policy: Policy, tracker: Tracker, rejected: str | None, certain: int
    ) -> Prediction:
        priority = _gives_way(policy)
        if priority is not None and priority < certain:
            return Prediction(policy=policy.name, scores={}, priority=priority, not_asked=True)
        return _without_rejected(policy.predict(tracker), rejected)


def _gives_way(policy: Policy) -> int | None:
    """Return the priority of a policy that says nothing but scores, None for the others."""
    return policy.gives_way if isinstance(policy, LearnedPolicy) else None


def _best(predictions: Sequence[Prediction]) -> int:
    """Return the position of the winner; the first of equals."""
    running = [index for index, one in enumerate(predictions) if one.no_user]
    running = running or [index for index, one in enumerate(predictions) if one.end_to_end]
    return max(
        running or range(len(predictions)),
        key=lambda index: (predictions[index].confidence, predictions[index].priority),
    )


def _events(
    tracker: Tracker, predictions: Sequence[Prediction], chosen: Prediction
) -> tuple[Event, ...]:
    events = [event for prediction in predictions for event in prediction.events]
    events += chosen.optional_events
    if tracker.state.latest_action == ACTION_LISTEN:
        events.append(UserFeaturization(use_text_for_featurization=chosen.end_to_end))
    return tuple(events)
