"""Checks between configuration, domain and data that training makes before it learns anything.

Source: spec evaluation.md section 3 (last paragraph), policies.md section 1.
"""

from collections.abc import Collection, Sequence

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.check import check
from tertulia.core.domain.model import Domain, Generation
from tertulia.data.nlu import check_nlu
from tertulia.data.stories.build import build_steps
from tertulia.data.stories.graph import check_checkpoints
from tertulia.data.stories.model import StoryData
from tertulia.nlu.checks import check_pipeline
from tertulia.nlu.config import ComponentConfig, read_pipeline
from tertulia.policies.registry import PolicyChoice, read_policies
from tertulia.training.checking.usage import is_sent_by_code, usage_of
from tertulia.training.defaults import suggested_policies
from tertulia.training.project import ProjectData


def configured_pipeline(data: ProjectData, diagnostics: Diagnostics) -> Sequence[ComponentConfig]:
    """Return the components of the configuration; what is wrong with them is noted."""
    before = len(diagnostics.errors)
    pipeline = read_pipeline(
        data.config.pipeline,
        generation=data.generation,
        at=data.config.place or SourceSpan("<configuration>"),
        diagnostics=diagnostics,
    )
    if len(diagnostics.errors) == before:
        # Whether the order is right cannot be told while one is left out.
        check_pipeline(pipeline, diagnostics)
    return pipeline


def configured_policies(
    data: ProjectData, domain: Domain, diagnostics: Diagnostics
) -> Sequence[PolicyChoice]:
    """Return the policies of the configuration; what is wrong with them is noted."""
    section = data.config.policies or suggested_policies(
        data.generation, data.config.place, diagnostics
    )
    policies = read_policies(section, data.generation, diagnostics)
    check_policies({choice.name for choice in policies}, data, domain, diagnostics)
    return policies


def check_training_data(data: ProjectData, diagnostics: Diagnostics) -> None:
    """Note what is wrong with the examples."""
    check_nlu(data.nlu, diagnostics, data.domain.responses if data.domain else ())


def check_domain(data: ProjectData, domain: Domain, diagnostics: Diagnostics) -> None:
    """Note names in the domain that refer to nothing."""
    usage = usage_of(data, domain)
    sent = {name for name in domain.responses if is_sent_by_code(name, usage, domain)}
    check(domain, diagnostics, sent)


def check_story_graph(stories: StoryData, diagnostics: Diagnostics) -> None:
    """Note checkpoints that lead nowhere or come from nowhere."""
    for blocks in (stories.stories, stories.rules):
        check_checkpoints(list(build_steps(blocks)), diagnostics=diagnostics)


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
