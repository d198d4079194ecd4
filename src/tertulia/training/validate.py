"""`tertulia data validate`: everything that training or serving would trip over, found before.

Rule: what training refuses is an error here, with the same code; what only this check looks for
never is, except where the original's validator fails, too.

Source: spec evaluation.md section 3.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError
from tertulia.base.problem import Problem, Severity
from tertulia.core.domain.model import Domain, Form, Generation, Slot
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.conflicts import find_conflicts, report_conflicts
from tertulia.data.generate import Conversations, generate
from tertulia.nlu.checks import check_against_data
from tertulia.nlu.classifiers.fallback import FALLBACK_INTENT
from tertulia.nlu.config import ComponentConfig
from tertulia.nlu.lessons import check_lessons
from tertulia.policies.policy import PolicyTraining
from tertulia.policies.registry import PolicyChoice, check_policies
from tertulia.policies.story_moments import StoryMoments
from tertulia.schema.endpoints import Endpoints
from tertulia.training.checking import names
from tertulia.training.checking.mappings import check_mappings, check_questions, entity_sources
from tertulia.training.checking.servers import check_action_server
from tertulia.training.checking.settings import (
    check_config,
    component_names,
    longest_history,
    numbered,
    softened,
    wanted_names,
)
from tertulia.training.checking.usage import Usage, usage_of
from tertulia.training.checking.values import check_values
from tertulia.training.checks import (
    check_domain,
    check_story_graph,
    check_training_data,
    configured_pipeline,
    configured_policies,
)
from tertulia.training.prepare import Settings, wanted
from tertulia.training.project import ProjectData

ALWAYS_FAILING: Final = frozenset({"T215", "T216", "T314", "T366"})
"""Warnings after which validation fails whatever was asked for."""

NEVER_FAILING: Final = numbered(
    *(362, 364, 365, 367, 368, 372, 375, 377),
    # The bot works as its author meant it; only the files could be written another way.
    *(106, 133, 143, 144, 148, 164, 169, 180, 183),
)
"""Warnings after which validation never fails; nor does it after a hint."""

_HARMLESS: Final = numbered(212, 311, 353, 357, 360, 361)
"""Errors of domain and data that leave the stories readable as they are meant."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at, and how.

    max_history: states that policies look back, for finding contradicting stories; None is what
    the configuration says. only_stories: as `data validate stories` does. endpoints: None leaves
    servers out. is_training: what is not installed here is an error.
    """

    max_history: int | None = None
    only_stories: bool = False
    endpoints: Endpoints | None = None
    is_training: bool = False


def validate(data: ProjectData, scope: Scope | None = None) -> Diagnostics:
    """Return every problem of a project: those found when reading, and those between its files."""
    scope = scope or Scope()
    diagnostics = data.diagnostics
    pipeline, policies = _configured(data, scope, diagnostics)
    if data.domain is None:
        return diagnostics
    if not scope.only_stories:
        _check_all(data, data.domain, (pipeline, policies), scope, diagnostics)
    check_story_graph(data.stories, diagnostics)
    if _are_stories_whole(diagnostics):
        history = scope.max_history or longest_history(policies, data.generation)
        _check_stories(data, data.domain, (policies, history), diagnostics)
    return diagnostics


def is_failed(diagnostics: Diagnostics, *, fail_on_warnings: bool = False) -> bool:
    """Whether validation ends with exit code 1."""
    return bool(failing(diagnostics, fail_on_warnings=fail_on_warnings))


def failing(diagnostics: Diagnostics, *, fail_on_warnings: bool = False) -> list[Problem]:
    """Return the problems for which validation ends with exit code 1."""
    return [
        problem
        for problem in diagnostics.problems
        if problem.severity is Severity.ERROR
        or problem.code in ALWAYS_FAILING
        or (
            fail_on_warnings
            and problem.severity is Severity.WARNING
            and problem.code not in NEVER_FAILING
        )
    ]


def _configured(
    data: ProjectData, scope: Scope, diagnostics: Diagnostics
) -> tuple[Sequence[ComponentConfig], Sequence[PolicyChoice]]:
    """Return what there is data for of the configuration; what is wrong with it is noted."""
    found = Diagnostics()
    pipeline: Sequence[ComponentConfig] = ()
    policies: Sequence[PolicyChoice] = ()
    if not scope.only_stories:
        _check_parts(data, found)
        check_config(data, found)
        check_training_data(data, found)
        if data.nlu.examples and _has_pipeline(data):
            pipeline = configured_pipeline(data, found)
            check_against_data(pipeline, data.nlu, found)
            language = data.config.language
            check_lessons(pipeline, data.nlu, data.generation, found, language=language)
    if data.domain is not None and (data.stories.stories or data.stories.rules):
        own = Diagnostics() if scope.only_stories else found
        policies = configured_policies(data, data.domain, own)
    problems = found.problems
    diagnostics.extend(problems if scope.is_training else map(softened, problems))
    return pipeline, policies


def _has_pipeline(data: ProjectData) -> bool:
    # In 0.x the pipeline has a file of its own, which need not be given to check the rest.
    return data.generation is Generation.MODERN or data.config.pipeline is not None


def _check_parts(data: ProjectData, diagnostics: Diagnostics) -> None:
    if data.diagnostics.errors:
        return
    try:
        wanted(data, Settings(), diagnostics)
    except ConfigError as error:
        diagnostics.error(error.code, error.message, hint=error.hint, at=error.at)


def _check_all(
    data: ProjectData,
    domain: Domain,
    configured: tuple[Sequence[ComponentConfig], Sequence[PolicyChoice]],
    scope: Scope,
    diagnostics: Diagnostics,
) -> None:
    pipeline, policies = configured
    usage = usage_of(data, domain)
    intents, actions = wanted_names(policies)
    components = component_names(data, pipeline)
    sources = entity_sources(data, components, usage)
    _check_domain(data, domain, diagnostics)
    names.check_intents(data.nlu, domain, usage, intents, diagnostics)
    names.check_responses(domain, usage, diagnostics)
    names.check_retrieval(data.nlu, domain, diagnostics)
    names.check_entities(data.nlu, domain, sources, diagnostics)
    names.check_slots(domain, usage, diagnostics)
    names.check_actions(domain, usage, actions, diagnostics)
    names.check_forms(domain, usage, diagnostics)
    check_mappings(data, domain, usage, sources, diagnostics)
    check_questions(domain, diagnostics)
    check_values(data.stories, domain, diagnostics)
    _check_fallback(pipeline, usage, diagnostics)
    if scope.endpoints is not None:
        check_action_server(domain, usage, scope.endpoints, diagnostics)


def _check_domain(data: ProjectData, domain: Domain, diagnostics: Diagnostics) -> None:
    if not (domain.actions or domain.responses or domain.forms) and not any(
        intent.at for intent in domain.intents.values()
    ):
        diagnostics.error(
            "T360",
            "the domain is empty",
            hint="Add at least 'intents' and 'responses'.",
        )
    check_domain(data, domain, diagnostics)
    if domain.generation is Generation.MODERN:
        _check_triggers(domain, diagnostics)
    for slot in domain.slots.values():
        _check_conditions(slot, domain, diagnostics)


def _check_triggers(domain: Domain, diagnostics: Diagnostics) -> None:
    for intent in domain.intents.values():
        if intent.triggers is not None:
            diagnostics.error(
                "T361",
                f"the intent '{intent.name}' uses 'triggers', which only the mapping policy of "
                "older releases follows",
                hint=f"Write a rule: 'intent: {intent.name}', then 'action: {intent.triggers}'.",
                at=intent.at,
            )


def _check_conditions(slot: Slot, domain: Domain, diagnostics: Diagnostics) -> None:
    """Note mappings that only count in a form which never asks for the slot."""
    for mapping in slot.mappings:
        if mapping.type == "from_trigger_intent":
            continue
        for condition in mapping.conditions:
            form: Form | None = domain.forms.get(condition.active_loop or "")
            if form is None or form.is_remote or slot.name in form.required_slots:
                continue
            if any(action.name == f"validate_{form.name}" for action in domain.actions):
                continue  # it may ask for more slots than the domain says
            diagnostics.warning(
                "T366",
                f"the slot '{slot.name}' has a mapping for the form '{form.name}', which does "
                "not require it",
                hint="Add the slot to the form's 'required_slots', or remove the condition.",
                at=mapping.at or slot.at,
            )


def _check_fallback(
    pipeline: Sequence[ComponentConfig], usage: Usage, diagnostics: Diagnostics
) -> None:
    for component in pipeline:
        if component.name == "FallbackClassifier" and FALLBACK_INTENT not in usage.intents:
            diagnostics.hint(
                "T379",
                f"no story or rule says what follows '{FALLBACK_INTENT}', which "
                "FallbackClassifier finds in unclear messages",
                hint=f"Add a rule with 'intent: {FALLBACK_INTENT}'.",
                at=component.at,
            )


def _are_stories_whole(diagnostics: Diagnostics) -> bool:
    """Tell whether the stories are as they were meant, so that comparing them says something."""
    return not any(
        problem.code.startswith(("T2", "T3")) and problem.code not in _HARMLESS
        for problem in diagnostics.errors
    )


def _check_stories(
    data: ProjectData,
    domain: Domain,
    learned: tuple[Sequence[PolicyChoice], int | None],
    diagnostics: Diagnostics,
) -> None:
    """Note stories that contradict each other or rules. learned: by whom, how far they look."""
    policies, max_history = learned
    table = StateTable(domain)
    history = training_history(table)
    make = partial(
        generate, domain=domain, rules=rules_for(domain), states=history, remove_duplicates=False
    )
    conversations = Conversations(data.stories, 0, make)
    moments = StoryMoments.of(conversations.stories(augmented=False), history)
    suspects = moments.undecided(max_history)
    if suspects:
        stories = enumerate(conversations.stories(augmented=False))
        disagreeing = (one for number, one in stories if number in suspects)
        conflicts = find_conflicts(disagreeing, history, max_history)
        report_conflicts(conflicts, diagnostics=diagnostics, max_history=max_history)
    training = PolicyTraining(
        domain=domain,
        table=table,
        conversations=conversations,
        moments=moments,
        diagnostics=diagnostics,
    )
    check_policies(policies, training)
