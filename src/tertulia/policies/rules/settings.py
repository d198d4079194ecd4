"""Settings of the rule policy."""

from tertulia.core.events import ACTION_DEFAULT_FALLBACK
from tertulia.policies.policy import PolicyConfig


class RuleConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """core_fallback_threshold: score of the fallback action, so what learned policies must beat.
    core_fallback_action_name, enable_fallback_prediction: which action that is, and whether.
    restrict_rules: allow one user message per rule only. check_for_contradictions: compare rules
    with each other and with stories. use_nlu_confidence_as_score: score by the last message.
    """

    priority: int = 4
    core_fallback_threshold: float = 0.3
    core_fallback_action_name: str = ACTION_DEFAULT_FALLBACK
    enable_fallback_prediction: bool = True
    restrict_rules: bool = True
    check_for_contradictions: bool = True
    use_nlu_confidence_as_score: bool = False
