"""One story, step by step: at each action the model is asked, then what the story says happens.

No action runs, and nothing is hidden: policies see every turn of the story, also those that a
rule alone predicts and that the running bot keeps from its learned policies.

Source: spec evaluation.md section 1.1.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    Event,
    UserUttered,
)
from tertulia.core.prediction import Decision
from tertulia.core.states.modern import ACTION_UNLIKELY_INTENT
from tertulia.core.tracker import Tracker, TrackerRules, advance, advance_all, new_tracker
from tertulia.core.understanding import Understanding
from tertulia.data.generate import TrainingTracker
from tertulia.evaluation.entities import found_entities, shown_message
from tertulia.evaluation.results import ActionStep, MessageStep, Step, StoryResult, Warned
from tertulia.model.load import Model
from tertulia.model.understand import understand
from tertulia.policies.ensemble import Ensemble
from tertulia.policies.form import FormPolicy

Json = Any

CIRCUIT_BREAKER = "circuit breaker tripped"
"""What counts as predicted after too many actions in one turn."""

_FULL_INTENT = "full_retrieval_intent_name"


class Tester(msgspec.Struct, frozen=True, kw_only=True):
    """A model to be tested. end_to_end: messages are understood too, where the model can.

    action_limit: actions that the bot may take between two messages.
    """

    model: Model
    ensemble: Ensemble
    rules: TrackerRules
    end_to_end: bool = False
    action_limit: int = 10

    def test(self, story: TrainingTracker) -> StoryResult:
        """Return what the model does in a story."""
        return _Walk(self).through(story)


class _Walk:
    """A story on its way. tracker: as the model sees it. events: as the story has them."""

    def __init__(self, tester: Tester) -> None:
        self._tester = tester
        self._domain = tester.model.domain
        self._tracker = new_tracker("default", tester.rules)
        self._events: list[Event] = []
        self._steps: list[Step] = []
        self._full_intent: str | None = None

    def through(self, story: TrainingTracker) -> StoryResult:
        """Take all events of the story; its first action is given."""
        is_begun = False
        places = [placed.at for part in story.parts for placed in part if placed.at]
        for event in story.events:
            if isinstance(event, ActionExecuted) and is_begun:
                self._action(event)
            elif isinstance(event, UserUttered):
                self._message(event)
            else:
                is_begun = is_begun or isinstance(event, ActionExecuted)
                self._take(event)
        return StoryResult(
            name=story.name,
            steps=tuple(self._steps),
            events=tuple(self._events),
            at=places[0] if places else None,
        )

    def _take(self, event: Event) -> None:
        self._tracker = advance(self._tracker, event)
        self._events.append(event)

    def _action(self, event: ActionExecuted) -> None:
        expected = event.name or event.action_text or ""
        predicted, decision = self._predict(expected)
        warned: Warned | None = None
        if predicted == ACTION_UNLIKELY_INTENT != expected and decision is not None:
            warned = Warned(_severity(decision))
            self._tracker = advance(self._tracker, _executed(decision))
            predicted, decision = self._predict(expected)
        step = ActionStep(
            position=len(self._events),
            expected=expected,
            predicted=predicted,
            policy=decision.policy if decision else None,
            confidence=decision.confidence if decision else None,
            warned=warned,
        )
        self._steps.append(step)
        if decision is not None and self._domain.generation is Generation.LEGACY:
            # The form policy of 0.x logs while it predicts, whoever wins.
            self._tracker = advance_all(self._tracker, decision.events)
        self._tracker = advance(self._tracker, self._as_the_bot_logs_it(event))
        self._events.append(event)

    def _predict(self, expected: str) -> tuple[str, Decision | None]:
        """Return the predicted action, and the decision unless the bot acted too often."""
        if self._tracker.run_length >= self._tester.action_limit:
            return CIRCUIT_BREAKER, None
        decision = self._decide()
        predicted = self._name(decision, expected)
        if predicted != expected and (rejected := self._rejected(decision)) is not None:
            self._tracker = rejected
            decision = self._decide()
            predicted = self._name(decision, expected)
        return predicted, decision

    def _decide(self) -> Decision:
        return self._tester.ensemble.decide(self._tracker)

    def _name(self, decision: Decision, expected: str) -> str:
        """Return the predicted action; of a retrieval intent with its key, if a key is expected."""
        action = decision.action
        base, slash, _ = expected.partition("/")
        if slash and action == base and self._full_intent:
            return f"utter_{self._full_intent}"
        return action

    def _as_the_bot_logs_it(self, event: ActionExecuted) -> ActionExecuted:
        """Return the action by the name that policies know: without the key of its response."""
        base, slash, _ = (event.name or "").partition("/")
        return ActionExecuted(name=base) if slash and base.startswith("utter_") else event

    def _rejected(self, decision: Decision) -> Tracker | None:
        """Return the conversation after the active form refused, if it may have refused here."""
        loop = self._tracker.state.active_loop
        if loop is None or decision.action != loop:
            return None
        event = ActionExecutionRejected(name=loop)
        rejected = advance(self._tracker, event)
        if self._domain.generation is Generation.LEGACY and not self._leaves_form(rejected):
            return None
        self._events.append(event)
        return rejected

    def _leaves_form(self, rejected: Tracker) -> bool:
        """Tell whether a training story leaves the form here (0.x asks its form policy)."""
        policies = self._tester.ensemble.policies
        forms = [policy for policy in policies if isinstance(policy, FormPolicy)]
        return any(policy.predict(rejected).events for policy in forms)

    def _message(self, event: UserUttered) -> None:
        full, base = _text(event.intent, _FULL_INTENT), event.intent_name
        expected = full or base
        self._full_intent = full
        if self._tester.end_to_end and expected is not None:
            self._steps.append(self._understood(event, expected))
        self._take(event)

    def _understood(self, event: UserUttered, expected: str) -> MessageStep:
        """Return how the message was understood; without text it is taken as it is written."""
        text = event.text or ""
        found: Understanding | None = None
        if text and self._tester.model.pipeline is not None:
            found, _ = understand(self._tester.model, text)
            self._full_intent = found.full_intent
        stated = found_entities(text, event.entities)
        return MessageStep(
            position=len(self._events),
            expected_intent=expected,
            predicted_intent=_intent(found, expected) if found else expected,
            expected_entities=stated,
            predicted_entities=found_entities(text, found.entities) if found else stated,
            generation=self._domain.generation,
            shown=shown_message(text, found.entities if found else event.entities),
        )


def _executed(decision: Decision) -> ActionExecuted:
    is_text = decision.action_text is not None
    return ActionExecuted(
        name=None if is_text else decision.action,
        action_text=decision.action_text,
        policy=decision.policy,
        confidence=decision.confidence,
        metadata=dict(decision.metadata),
    )


def _severity(decision: Decision) -> float:
    found = decision.metadata.get("query_intent")
    value = cast(Mapping[str, Json], found).get("severity") if isinstance(found, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0


def _intent(found: Understanding, expected: str) -> str | None:
    """Return the predicted intent; of a retrieval intent with its key, unless the base is right."""
    name = found.intent.name
    return name if name == expected else found.full_intent or name


def _text(intent: Mapping[str, Json], key: str) -> str | None:
    value = intent.get(key)
    return value if isinstance(value, str) else None
