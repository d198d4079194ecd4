"""Checks between configuration, domain and data that training makes before it learns anything.

Source: spec evaluation.md section 3 (last paragraph), policies.md section 1.
"""

from collections.abc import Collection

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain, Generation
from tertulia.training.project import ProjectData


def check_policies(
    names: Collection[str], data: ProjectData, domain: Domain, diagnostics: Diagnostics
) -> None:
    """Note forms, rules and triggers that no policy of the configuration follows.

    names: of the policies, as the product calls them.
    """
    at = data.config.policies.span if data.config.policies else data.config.place
    modern = domain.generation is Generation.MODERN
    follower = "RulePolicy" if modern else "FormPolicy"
    if domain.forms and follower not in names:
        form = next(iter(domain.forms.values()))
        # 0.x runs forms without their policy, badly; since 2.0 it is refused.
        note = diagnostics.error if modern else diagnostics.warning
        note(
            "T140",
            f"the domain has forms, and no policy runs them, such as '{form.name}'",
            hint=f"Add '- name: {follower}' to the policies ({at}).",
            at=form.at,
        )
    if modern:
        _check_rules(names, data, at, diagnostics)
    elif "MappingPolicy" not in names:
        _check_triggers(domain, diagnostics)


def _check_rules(
    names: Collection[str],
    data: ProjectData,
    at: SourceSpan | None,
    diagnostics: Diagnostics,
) -> None:
    rules = data.stories.rules
    if rules and "RulePolicy" not in names:
        diagnostics.warning(
            "T141",
            f"there are {len(rules)} rules, and no policy follows them",
            hint=f"Add '- name: RulePolicy' to the policies ({at}).",
            at=rules[0].at,
        )
    elif "RulePolicy" not in names:
        diagnostics.warning(
            "T142",
            "there is no RulePolicy, so '/restart', '/back' and '/session_start' have no effect",
            hint="Add '- name: RulePolicy' to the policies.",
            at=at,
        )


def _check_triggers(domain: Domain, diagnostics: Diagnostics) -> None:
    for intent in domain.intents.values():
        if intent.triggers is not None:
            diagnostics.warning(
                "T146",
                f"the intent '{intent.name}' triggers '{intent.triggers}', and no policy follows "
                "triggers",
                hint="Add '- name: MappingPolicy' to the policies.",
                at=intent.at,
            )
            return
