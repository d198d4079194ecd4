"""Two-stage fallback policy of 0.13 to 1.x: ask what was meant, then ask to say it differently.

Source: spec policies.md section 7.2.
"""

from collections.abc import Iterator
from typing import ClassVar, Self

from tertulia.base.errors import ConfigError, nearest
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_DEFAULT_FALLBACK, ACTION_LISTEN, ActionExecuted
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import RuleOnly
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.fallback import check_action, not_understood
from tertulia.policies.policy import PolicyConfig, PolicyTraining, sure_score

ASK_AFFIRMATION = "action_default_ask_affirmation"
ASK_REPHRASE = "action_default_ask_rephrase"
REVERT = "action_revert_fallback_events"


class TwoStageConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """nlu_threshold, core_threshold, ambiguity_threshold: as in FallbackPolicy.
    fallback_core_action_name: when no policy is sure. fallback_nlu_action_name: when asking twice
    did not help. deny_suggestion_intent_name: intent of saying no to the suggestion.
    """

    priority: int = 3
    nlu_threshold: float = 0.3
    core_threshold: float = 0.3
    ambiguity_threshold: float = 0.0
    fallback_core_action_name: str = ACTION_DEFAULT_FALLBACK
    fallback_nlu_action_name: str = ACTION_DEFAULT_FALLBACK
    deny_suggestion_intent_name: str = "out_of_scope"


class TwoStageFallbackPolicy:
    """Finds out what was meant before it gives up."""

    name: ClassVar[str] = "TwoStageFallbackPolicy"
    Config: ClassVar[type[PolicyConfig]] = TwoStageConfig

    def __init__(self, config: TwoStageConfig) -> None:
        self._config = config
        self._score = sure_score(Generation.LEGACY, config.priority)

    @classmethod
    def train(cls, config: TwoStageConfig, data: PolicyTraining) -> Self:
        """Return the policy. Raises ConfigError when an action or the deny intent is missing."""
        cls.check(config, data)
        return cls(config)

    @classmethod
    def check(cls, config: TwoStageConfig, data: PolicyTraining) -> None:
        """Raise ConfigError when an action or the deny intent is missing."""
        check_action(config.fallback_core_action_name, cls.name, data)
        check_action(config.fallback_nlu_action_name, cls.name, data)
        deny = config.deny_suggestion_intent_name
        if deny not in data.domain.intents:
            raise ConfigError(
                f"the policy '{cls.name}' needs the intent '{deny}', which the domain lacks",
                hint=nearest(deny, list(data.domain.intents))
                or "Add it, or name another as deny_suggestion_intent_name.",
                at=data.at,
                code="T185",
            )

    @classmethod
    def from_parts(cls, config: TwoStageConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model."""
        return cls(config)

    def parts(self) -> Parts:
        """Return nothing: the settings say everything."""
        return Parts()

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the policy itself; it looks at no states."""
        return self

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at: two actions with listening between them."""
        return 6

    @property
    def fallback_action(self) -> str:
        """Return the action that replaces listening twice in a row."""
        return self._config.fallback_core_action_name

    @property
    def fallback_score(self) -> float:
        """Return the score of a certain fallback."""
        return self._score

    def predict(self, tracker: Tracker) -> Prediction:
        """Return the next step of finding out, or the core fallback with its small score."""
        action = self._step(tracker)
        config = self._config
        if action is None:
            scores = {config.fallback_core_action_name: config.core_threshold}
            why: Reason = {"by": "core_fallback", "threshold": config.core_threshold}
        else:
            scores, why = {action: self._score}, {"by": "two_stages"}
        return Prediction(policy=self.name, scores=scores, priority=config.priority, why=why)

    def _step(self, tracker: Tracker) -> str | None:
        config, state = self._config, tracker.state
        asking = (ASK_AFFIRMATION, ASK_REPHRASE, config.fallback_core_action_name)
        if state.latest_action in asking:
            return ACTION_LISTEN
        low = not_understood(state.latest_message, config.nlu_threshold, config.ambiguity_threshold)
        actions = _executed(tracker)
        last = next(actions, None)
        if last == ASK_AFFIRMATION:
            if state.latest_message.intent_name == config.deny_suggestion_intent_name:
                rephrased = next(actions, None) == ASK_REPHRASE
                return config.fallback_nlu_action_name if rephrased else ASK_REPHRASE
            return config.fallback_nlu_action_name if low else REVERT
        if last == ASK_REPHRASE:
            return ASK_AFFIRMATION if low else REVERT
        return ASK_AFFIRMATION if low else None


def _executed(tracker: Tracker) -> Iterator[str | None]:
    """Yield executed actions without listening, newest first.

    Raises:
        HistoryTruncated: when asked for more than was loaded.
    """
    node = tracker.applied.head
    while node.previous is not None:
        if isinstance(node.event, ActionExecuted) and node.event.name != ACTION_LISTEN:
            yield node.event.name
        node = node.previous.head
    node.below()
