"""`tertulia data validate`: what is odd about a project, beyond what reading it notes.

Source: spec evaluation.md section 3.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.problem import Severity
from tertulia.core.domain.check import check
from tertulia.core.domain.model import Domain, Form, Generation, Intent, Slot
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.conflicts import find_conflicts, report_conflicts
from tertulia.data.domain.build import DEFAULT_INTENTS
from tertulia.data.generate import generate
from tertulia.data.nlu import check_nlu
from tertulia.data.stories.build import build_steps
from tertulia.data.stories.graph import check_checkpoints
from tertulia.data.stories.model import StepEvent, StoryData
from tertulia.training.project import ProjectData

ALWAYS_FAILING: Final = frozenset({"T215", "T216", "T314", "T366"})
"""Warnings after which validation fails whatever was asked for."""

NEVER_FAILING: Final = frozenset({"T362", "T364", "T365", "T367", "T368"})
"""Warnings after which validation never fails."""

_SAID_BY_DEFAULT_ACTIONS = frozenset(
    {"utter_restart", "utter_default", "utter_ask_rephrase", "utter_back"}
)


def validate(
    data: ProjectData, *, max_history: int | None = None, only_stories: bool = False
) -> Diagnostics:
    """Return every problem of a project: those found when reading, and those between its files.

    max_history: states that policies look back, for finding contradicting stories; None is all.
    only_stories: look at stories alone, as `data validate stories` does.
    """
    diagnostics = data.diagnostics
    if not only_stories:
        _check_config(data, diagnostics)
        check_nlu(data.nlu, diagnostics)
    if data.domain is None:
        return diagnostics
    if not only_stories:
        _check_domain(data.domain, diagnostics)
        _check_intents(data, data.domain, diagnostics)
        _check_responses(data, data.domain, diagnostics)
    check_story_graph(data.stories, diagnostics)
    if not diagnostics.errors:
        _check_conflicts(data.stories, data.domain, max_history, diagnostics)
    return diagnostics


def is_failed(diagnostics: Diagnostics, *, fail_on_warnings: bool = False) -> bool:
    """Whether validation ends with exit code 1."""
    return any(
        problem.severity is Severity.ERROR
        or problem.code in ALWAYS_FAILING
        or (fail_on_warnings and problem.code not in NEVER_FAILING)
        for problem in diagnostics.problems
    )


def check_story_graph(stories: StoryData, diagnostics: Diagnostics) -> None:
    """Note checkpoints that lead nowhere or come from nowhere."""
    for blocks in (stories.stories, stories.rules):
        check_checkpoints(list(build_steps(blocks)), diagnostics=diagnostics)


def _check_config(data: ProjectData, diagnostics: Diagnostics) -> None:
    if data.generation is Generation.LEGACY or data.config.place is None:
        return
    if not data.config.states_language:
        diagnostics.warning(
            "T367",
            f"the configuration names no language; '{data.config.language}' is used",
            hint=f"Add 'language: {data.config.language}'.",
            at=data.config.place,
        )
    if data.config.assistant_id is None:
        diagnostics.warning(
            "T368",
            f"the configuration gives the bot no name; '{data.assistant_id}' is used on events",
            hint="Add 'assistant_id: ...', a name that no other bot of yours has.",
            at=data.config.place,
        )


def _check_domain(domain: Domain, diagnostics: Diagnostics) -> None:
    if not (domain.actions or domain.responses or domain.forms) and not any(
        intent.at for intent in domain.intents.values()
    ):
        diagnostics.error(
            "T360",
            "the domain is empty",
            hint="Add at least 'intents' and 'responses'.",
        )
    check(domain, diagnostics)
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
            diagnostics.warning(
                "T366",
                f"the slot '{slot.name}' has a mapping for the form '{form.name}', which does "
                "not require it",
                hint="Add the slot to the form's 'required_slots', or remove the condition.",
                at=mapping.at or slot.at,
            )


def _check_intents(data: ProjectData, domain: Domain, diagnostics: Diagnostics) -> None:
    in_examples = {one.intent: one for one in reversed(data.nlu.examples) if one.intent}
    own = [
        intent
        for intent in domain.intents.values()
        if intent.at is not None and intent.name not in DEFAULT_INTENTS
    ]
    for intent in own if in_examples else ():
        if intent.name not in in_examples:
            diagnostics.warning(
                "T362",
                f"the intent '{intent.name}' has no examples, so no text is understood as it",
                hint="Add examples to the NLU data, or remove the intent.",
                at=intent.at,
            )
    for name in in_examples.keys() - domain.intents.keys():
        diagnostics.warning(
            "T363",
            f"the intent '{name}' has examples and is not in the domain",
            hint=nearest(name, list(domain.intents)) or "Add it under 'intents' of the domain.",
            at=in_examples[name].span,
        )
    _check_unused(own, data.stories, diagnostics)


def _check_unused(intents: Iterable[Intent], stories: StoryData, diagnostics: Diagnostics) -> None:
    used = {
        placed.event.intent_name
        for placed in _events(stories)
        if isinstance(placed.event, UserUttered)
    }
    for intent in intents:
        if intent.name not in used and intent.triggers is None:
            diagnostics.warning(
                "T364",
                f"the intent '{intent.name}' is not used in any story or rule",
                hint="Add a story or rule with it, or remove it.",
                at=intent.at,
            )


def _check_responses(data: ProjectData, domain: Domain, diagnostics: Diagnostics) -> None:
    used = {
        placed.event.name
        for placed in _events(data.stories)
        if isinstance(placed.event, ActionExecuted)
    }
    used |= _SAID_BY_DEFAULT_ACTIONS | set(_asked_by_forms(domain))
    used |= {intent.triggers for intent in domain.intents.values()}
    for name, variations in domain.responses.items():
        if name not in used and name.partition("/")[0] not in used:
            diagnostics.warning(
                "T365",
                f"the response '{name}' is not used in any story or rule",
                hint="Add a story or rule with it; leave it when a custom action sends it.",
                at=variations[0].at if variations else None,
            )


def _asked_by_forms(domain: Domain) -> Iterator[str]:
    for form in domain.forms.values():
        for slot in form.required_slots:
            yield f"utter_ask_{form.name}_{slot}"
            yield f"utter_ask_{slot}"
        if form.is_remote:
            # Which slots a form of 0.x asks for is known only to its code.
            yield from (name for name in domain.responses if name.startswith("utter_ask_"))


def _check_conflicts(
    stories: StoryData, domain: Domain, max_history: int | None, diagnostics: Diagnostics
) -> None:
    history = training_history(StateTable(domain))
    trackers = generate(
        StoryData(stories=stories.stories),
        domain,
        rules_for(domain),
        augmentation=0,
        states=history,
        remove_duplicates=False,
    )
    report_conflicts(find_conflicts(trackers, history, max_history), diagnostics=diagnostics)


def _events(stories: StoryData) -> Iterator[StepEvent]:
    for story in (*stories.stories, *stories.rules):
        yield from story.events()
