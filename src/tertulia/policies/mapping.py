"""Mapping policy of 0.14 to 2.x: intents that trigger an action directly.

Source: spec policies.md section 7.3. The originals of 0.14 compare the wrong names when they look
whether this policy ran the action, and so never listen afterwards; here it does.
"""

from typing import ClassVar, Self

from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_BACK, ACTION_LISTEN, ACTION_RESTART, ActionExecuted
from tertulia.core.prediction import Prediction
from tertulia.core.states import RuleOnly
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.policy import PolicyConfig, PolicyTraining, sure_score

_DEFAULTS = {"restart": ACTION_RESTART, "back": ACTION_BACK}


class MappingConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """priority: 5."""

    priority: int = 5


class MappingPolicy:
    """Runs the action that an intent triggers, then listens."""

    name: ClassVar[str] = "MappingPolicy"
    Config: ClassVar[type[PolicyConfig]] = MappingConfig

    def __init__(self, config: MappingConfig, domain: Domain) -> None:
        self._config = config
        self._score = sure_score(Generation.LEGACY, config.priority)
        self._triggers = _DEFAULTS | {
            intent.name: intent.triggers
            for intent in domain.intents.values()
            if intent.triggers is not None
        }

    @classmethod
    def train(cls, config: MappingConfig, data: PolicyTraining) -> Self:
        """Return the policy; the domain says everything."""
        return cls(config, data.domain)

    @classmethod
    def from_parts(cls, config: MappingConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model."""
        return cls(config, domain)

    def parts(self) -> Parts:
        """Return nothing: the domain says everything."""
        return Parts()

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the policy itself; it looks at no history."""
        return self

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return 1

    def predict(self, tracker: Tracker) -> Prediction:
        """Return the triggered action after a message, listening after that action."""
        state = tracker.state
        target = self._triggers.get(state.latest_message.intent_name or "")
        action = None
        if target is not None and state.latest_action == ACTION_LISTEN:
            action = target
        elif target is not None and state.latest_action == target and self._was_ours(tracker):
            action = ACTION_LISTEN
        return Prediction(
            policy=self.name,
            scores={} if action is None else {action: self._score},
            priority=self._config.priority,
            why={"by": "trigger", "name": state.latest_message.intent_name},
        )

    def _was_ours(self, tracker: Tracker) -> bool:
        event = tracker.last_execution
        if not isinstance(event, ActionExecuted):
            return False
        return (event.policy or "").endswith(self.name)
