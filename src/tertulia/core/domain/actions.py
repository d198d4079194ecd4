"""The ordered list of a bot's actions: defaults, its own, responses, forms, end-to-end texts.

Source: spec domain.md section 8.
"""

from tertulia.core.domain.model import Domain, Generation

RULE_SNIPPET_ACTION = "..."
"""Marks in a rule that anything may be before or after; never runs."""

LEGACY_DEFAULTS = (
    "action_listen",
    "action_restart",
    "action_default_fallback",
    "action_deactivate_form",
    "action_revert_fallback_events",
    "action_default_ask_affirmation",
    "action_default_ask_rephrase",
    "action_back",
)
MODERN_DEFAULTS = (
    "action_listen",
    "action_restart",
    "action_session_start",
    "action_default_fallback",
    "action_deactivate_loop",
    "action_revert_fallback_events",
    "action_default_ask_affirmation",
    "action_default_ask_rephrase",
    "action_two_stage_fallback",
    "action_unlikely_intent",
    "action_back",
    RULE_SNIPPET_ACTION,
    "action_extract_slots",
)
SYNONYMS = {
    "action_deactivate_form": "action_deactivate_loop",
    "action_deactivate_loop": "action_deactivate_form",
}
"""One action, renamed in 2.0: each generation reads the other's name."""


def default_actions(generation: Generation) -> tuple[str, ...]:
    """Return the names of the built-in actions in their fixed order."""
    return LEGACY_DEFAULTS if generation is Generation.LEGACY else MODERN_DEFAULTS


def action_names(domain: Domain) -> tuple[str, ...]:
    """Return every action of the bot; the position is the action's class label.

    Names equal to a default are listed once, at the default's place.
    """
    names: dict[str, None] = dict.fromkeys(default_actions(domain.generation))
    names.update(dict.fromkeys(action.name for action in domain.actions))
    if domain.generation is Generation.MODERN:
        names.update(dict.fromkeys(sorted(domain.responses)))
    names.update(dict.fromkeys(domain.forms))
    if domain.generation is Generation.MODERN:
        names.update(dict.fromkeys(domain.e2e_actions))
    return tuple(names)


def user_actions(domain: Domain) -> frozenset[str]:
    """Return the names declared under `actions`."""
    return frozenset(action.name for action in domain.actions)
