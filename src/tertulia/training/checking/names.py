"""Names that are declared and used nowhere, or used and declared nowhere.

Rule: what custom actions may use is no mistake; it is noted as a hint, once for all of a kind.

Source: spec evaluation.md section 3.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain, Intent, Variation
from tertulia.core.domain.responses import (
    LEGACY_FIELDS,
    MODERN_FIELDS,
    texts_in,
    variables_in,
)
from tertulia.data.domain.build import DEFAULT_INTENTS
from tertulia.data.nlu import NluData
from tertulia.training.checking.mappings import EntitySources
from tertulia.training.checking.usage import Usage, is_called_by_product, is_said

_SHOWN: Final = 8


def check_intents(
    nlu: NluData, domain: Domain, usage: Usage, wanted: Iterable[str], diagnostics: Diagnostics
) -> None:
    """Note intents without examples, examples without an intent, and intents without a story.

    wanted: intents that policies need.
    """
    in_examples = {one.intent: one for one in reversed(nlu.examples) if one.intent}
    own = [
        intent
        for intent in domain.intents.values()
        if intent.at is not None and intent.name not in DEFAULT_INTENTS
    ]
    for intent in own if in_examples else ():
        if intent.name not in in_examples and intent.name not in usage.sent_intents:
            diagnostics.warning(
                "T362",
                f"the intent '{intent.name}' has no examples, so no text is understood as it",
                hint="Add examples to the NLU data, or remove the intent; leave it when another "
                "program sends it.",
                at=intent.at,
            )
    for name in in_examples.keys() - domain.intents.keys():
        diagnostics.warning(
            "T363",
            f"the intent '{name}' has examples and is not in the domain",
            hint=nearest(name, list(domain.intents)) or "Add it under 'intents' of the domain.",
            at=in_examples[name].span,
        )
    used = usage.intents | _filling_intents(nlu, domain) | frozenset(wanted)
    _check_unused(own, used, diagnostics)


def check_responses(domain: Domain, usage: Usage, diagnostics: Diagnostics) -> None:
    """Note responses that nothing says; those that custom actions may say together."""
    unsaid: dict[str, Sequence[Variation]] = {
        name: variations
        for name, variations in domain.responses.items()
        if not is_said(name, usage, domain)
    }
    if usage.outside:
        places = [variations[0].at for variations in unsaid.values() if variations]
        _hint_of_all(
            "T365",
            f"{_count(unsaid, 'response')} in no story, rule or form: {_listed(unsaid)}",
            "Leave them when custom actions send them, or remove them.",
            places,
            diagnostics,
        )
        return
    for name, variations in unsaid.items():
        diagnostics.warning(
            "T365",
            f"the response '{name}' is not used in any story or rule",
            hint="Add a story or rule with it, or remove it.",
            at=variations[0].at if variations else None,
        )


def check_retrieval(nlu: NluData, domain: Domain, diagnostics: Diagnostics) -> None:
    """Note responses of retrieval intents that no example leads to."""
    keys = {one.response_key for one in nlu.examples if one.response_key}
    bases = {key.partition("/")[0] for key in keys}
    for name, variations in domain.responses.items():
        key = name.removeprefix("utter_")
        if key.partition("/")[0] in bases and "/" in key and key not in keys:
            diagnostics.warning(
                "T377",
                f"no example leads to the response '{name}'",
                hint=f"Add examples under 'intent: {key}', or remove the response.",
                at=variations[0].at if variations else None,
            )


def check_entities(
    nlu: NluData, domain: Domain, sources: EntitySources, diagnostics: Diagnostics
) -> None:
    """Note entities of examples that the domain lacks, and entities that nothing finds."""
    told: set[str] = set()
    for example in nlu.examples:
        for entity in example.entities:
            if entity.entity not in domain.entities and entity.entity not in told:
                told.add(entity.entity)
                diagnostics.warning(
                    "T371",
                    f"the entity '{entity.entity}' has examples and is not in the domain, so "
                    "policies do not see it",
                    hint=nearest(entity.entity, list(domain.entities))
                    or "Add it under 'entities' of the domain.",
                    at=example.span,
                )
    # A mapping that wants such an entity is noted by itself.
    mapped = {mapping.entity for slot in domain.slots.values() for mapping in slot.mappings}
    for entity in domain.entities.values():
        if entity.name not in mapped and not sources.knows(entity.name):
            diagnostics.warning(
                "T372",
                f"no example and no pattern of the pipeline finds the entity '{entity.name}'",
                hint=f"Annotate it, as in '[Rome]({entity.name})', or remove it.",
                at=entity.at,
            )


def check_slots(domain: Domain, usage: Usage, diagnostics: Diagnostics) -> None:
    """Note slots that nothing reads; custom actions may read any."""
    if usage.outside:
        return
    read = set(usage.slots) | _read_by_responses(domain) | _read_by_forms(domain)
    fills = usage.entities
    for slot in domain.slots.values():
        from_story = slot.name in fills or any(one.entity in fills for one in slot.mappings)
        if slot.is_default or slot.name in read or from_story:
            continue
        diagnostics.hint(
            "T373",
            f"the slot '{slot.name}' is in no story, rule, form or response",
            hint="Use it, or remove it; leave it when another program reads it.",
            at=slot.at,
        )


def _read_by_forms(domain: Domain) -> set[str]:
    required = {name for form in domain.forms.values() for name in form.required_slots}
    conditions = (
        condition
        for slot in domain.slots.values()
        for mapping in slot.mappings
        for condition in mapping.conditions
    )
    return required | {one.requested_slot for one in conditions if one.requested_slot}


def check_actions(
    domain: Domain, usage: Usage, wanted: Iterable[str], diagnostics: Diagnostics
) -> None:
    """Note actions that nothing calls. wanted: actions that policies call."""
    called = usage.actions | usage.loops | frozenset(wanted)
    called |= {m.action for slot in domain.slots.values() for m in slot.mappings if m.action}
    called |= {one.triggers for one in domain.intents.values() if one.triggers}
    unused = [
        action
        for action in domain.actions
        if action.name in usage.outside
        and action.name not in called
        and not is_called_by_product(action.name, domain)
    ]
    _hint_of_all(
        "T374",
        f"{_count(unused, 'action')} in no story, rule or mapping: "
        f"{_listed(one.name for one in unused)}",
        "Leave them when other actions call them, or remove them.",
        [action.at for action in unused],
        diagnostics,
    )


def check_forms(domain: Domain, usage: Usage, diagnostics: Diagnostics) -> None:
    """Note forms that no story or rule begins."""
    begun = usage.actions | usage.loops
    begun |= {one.triggers for one in domain.intents.values() if one.triggers}
    for form in domain.forms.values():
        if form.name in begun:
            continue
        note = diagnostics.hint if usage.outside else diagnostics.warning
        note(
            "T375",
            f"no story or rule begins the form '{form.name}'",
            hint=f"Add a rule with 'action: {form.name}' and 'active_loop: {form.name}', or "
            "remove the form.",
            at=form.at,
        )


def _check_unused(own: Sequence[Intent], used: frozenset[str], diagnostics: Diagnostics) -> None:
    for intent in own:
        if intent.name not in used and intent.triggers is None:
            diagnostics.warning(
                "T364",
                f"the intent '{intent.name}' is not used in any story or rule",
                hint="Add a story or rule with it, or remove it.",
                at=intent.at,
            )


def _filling_intents(nlu: NluData, domain: Domain) -> frozenset[str]:
    """Return the intents that are of use because messages with them fill slots."""
    found: set[str] = set()
    filling: set[str] = set()
    for slot in domain.slots.values():
        if slot.auto_fill:
            filling.add(slot.name)
        for mapping in slot.mappings:
            found.update((*mapping.intent, *mapping.not_intent))
            if mapping.entity is not None:
                filling.add(mapping.entity)
    for form in domain.forms.values():
        found.update(form.ignored_intents)
    for example in nlu.examples:
        if example.intent and any(entity.entity in filling for entity in example.entities):
            found.add(example.intent)
    return frozenset(found)


def _read_by_responses(domain: Domain) -> set[str]:
    found: set[str] = set()
    fields = {*LEGACY_FIELDS, *MODERN_FIELDS}
    for variations in domain.responses.values():
        for variation in variations:
            found.update(condition.name for condition in variation.condition or ())
            for field in fields:
                for text in texts_in(variation.content.get(field)):
                    found.update(variables_in(text))
    return found


def _hint_of_all(
    code: str,
    message: str,
    mend: str,
    places: Sequence[SourceSpan | None],
    diagnostics: Diagnostics,
) -> None:
    if places:
        diagnostics.hint(code, message, hint=mend, at=places[0])


def _count(found: Sequence[object] | dict[str, Sequence[Variation]], kind: str) -> str:
    return f"1 {kind} is" if len(found) == 1 else f"{len(found)} {kind}s are"


def _listed(names: Iterable[str]) -> str:
    listed = [f"'{name}'" for name in names]
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
