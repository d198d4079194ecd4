"""Fallback policy of 0.x and 1.x: what to do when message or situation is not understood.

Source: spec policies.md section 7.1.
"""

from typing import ClassVar, Self

from tertulia.base.errors import ConfigError, nearest
from tertulia.core.domain.actions import action_names
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_DEFAULT_FALLBACK, ACTION_LISTEN, UserUttered
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import RuleOnly, intent_confidences
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.policy import PolicyConfig, PolicyTraining, sure_score


class FallbackConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """nlu_threshold: below this confidence the message counts as not understood.
    ambiguity_threshold: so it does when the two best intents are nearer than this (1.x; 0 is off).
    core_threshold: score of the fallback action otherwise. fallback_action_name: what to run.
    """

    priority: int = 3
    nlu_threshold: float = 0.3
    core_threshold: float = 0.3
    ambiguity_threshold: float = 0.0
    fallback_action_name: str = ACTION_DEFAULT_FALLBACK


class FallbackPolicy:
    """Runs the fallback action instead of acting on a guess."""

    name: ClassVar[str] = "FallbackPolicy"
    Config: ClassVar[type[PolicyConfig]] = FallbackConfig

    def __init__(self, config: FallbackConfig) -> None:
        self._config = config
        self._score = sure_score(Generation.LEGACY, config.priority)

    @classmethod
    def train(cls, config: FallbackConfig, data: PolicyTraining) -> Self:
        """Return the policy. Raises ConfigError when the bot lacks the fallback action."""
        cls.check(config, data)
        return cls(config)

    @classmethod
    def check(cls, config: FallbackConfig, data: PolicyTraining) -> None:
        """Raise ConfigError when the bot lacks the fallback action."""
        check_action(config.fallback_action_name, cls.name, data)

    @classmethod
    def from_parts(cls, config: FallbackConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model."""
        return cls(config)

    def parts(self) -> Parts:
        """Return nothing: the settings say everything."""
        return Parts()

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the policy itself; it looks at no history."""
        return self

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return 1

    @property
    def fallback_action(self) -> str:
        """Return the action that replaces listening twice in a row."""
        return self._config.fallback_action_name

    @property
    def fallback_score(self) -> float:
        """Return the score of a certain fallback."""
        return self._score

    def predict(self, tracker: Tracker) -> Prediction:
        """Return the fallback action for a message not understood, and its small score else."""
        latest = tracker.state.latest_action
        if latest == self.fallback_action:
            return self._says({ACTION_LISTEN: self._score}, {"by": "fallback_done"})
        config = self._config
        if latest == ACTION_LISTEN and not_understood(
            tracker.state.latest_message, config.nlu_threshold, config.ambiguity_threshold
        ):
            return self._says(
                {self.fallback_action: self._score},
                {"by": "not_understood", "threshold": config.nlu_threshold},
            )
        return self._says(
            {self.fallback_action: config.core_threshold},
            {"by": "core_fallback", "threshold": config.core_threshold},
        )

    def _says(self, scores: dict[str, float], why: Reason) -> Prediction:
        return Prediction(policy=self.name, scores=scores, priority=self._config.priority, why=why)


def not_understood(message: UserUttered, threshold: float, ambiguity: float) -> bool:
    """Tell whether the intent is too unsure; a missing confidence counts as 1."""
    found = message.intent.get("confidence")
    if (float(found) if isinstance(found, int | float) else 1.0) < threshold:
        return True
    best = sorted(intent_confidences(message).values(), reverse=True)
    return len(best) > 1 and best[0] - best[1] < ambiguity


def check_action(action: str, policy: str, data: PolicyTraining) -> None:
    """Make sure that the bot has the action.

    Raises:
        ConfigError: it has not.
    """
    known = action_names(data.domain)
    if action not in known:
        raise ConfigError(
            f"the policy '{policy}' falls back to '{action}', which is no action of the domain",
            hint=nearest(action, known) or "Add it to the domain's actions.",
            at=data.at,
            code="T184",
        )
