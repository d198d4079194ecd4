"""Rules: short pieces of conversation that always go the same way."""

from tertulia.policies.rules.policy import RulePolicy
from tertulia.policies.rules.settings import RuleConfig

__all__ = ["RuleConfig", "RulePolicy"]
