"""Makes the domain of what all files hold: used entities, default slots, forms of 2.x.

Source: spec domain.md sections 3, 5.3, 5.6, 8 and 9.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.core.domain.as_dict import session_as_written
from tertulia.core.domain.model import (
    Dialect,
    Domain,
    Entity,
    Generation,
    Intent,
    SessionConfig,
    Slot,
)
from tertulia.data.domain.convert_forms import with_form_mappings
from tertulia.data.domain.fragment import Entry, Fragment, IntentDraft
from tertulia.data.domain.used_entities import used_entities

Json = Any

DEFAULT_INTENTS = ("restart", "back", "out_of_scope", "session_start", "nlu_fallback")
"""Intents that every modern bot has."""

KNOWLEDGE_BASE_ACTION = "action_query_knowledge_base"
_KNOWLEDGE_BASE_SLOTS = (
    "knowledge_base_listed_objects",
    "knowledge_base_last_object",
    "knowledge_base_last_object_type",
)


def build(fragment: Fragment, generation: Generation, diagnostics: Diagnostics) -> Domain:
    """Return the domain; problems between sections that only reading shows are noted."""
    is_legacy = generation is Generation.LEGACY
    entities = {name: entry.value for name, entry in fragment.entities.items()}
    if is_legacy:
        _refuse_forms_among_actions(fragment, diagnostics)
    return Domain(
        dialect=_dialect(fragment.dialects),
        generation=generation,
        intents=_intents(fragment, entities, is_legacy, diagnostics),
        entities=entities,
        slots=_slots(fragment, entities, is_legacy, diagnostics),
        responses={name: entry.value for name, entry in fragment.responses.items()},
        actions=tuple(entry.value for entry in fragment.actions.values()),
        forms={name: entry.value.form for name, entry in fragment.forms.items()},
        e2e_actions=tuple(sorted(fragment.e2e_actions)),
        session=fragment.session or SessionConfig(),
        store_entities_as_slots=fragment.config.get("store_entities_as_slots") is not False,
        restart_intent=_restart_intent(fragment.config),
        raw={} if is_legacy else _raw(fragment),
    )


def _dialect(dialects: Iterable[Dialect]) -> Dialect:
    """Return the oldest dialect among the files."""
    order = tuple(Dialect)
    return min(dialects, key=order.index)


def _restart_intent(config: Mapping[str, Json]) -> str:
    name = config.get("restart_intent")
    return name if isinstance(name, str) else "restart"


def _refuse_forms_among_actions(fragment: Fragment, diagnostics: Diagnostics) -> None:
    for name in fragment.forms:
        if action := fragment.actions.get(name):
            diagnostics.error(
                "T205",
                f"'{name}' is both a form and an action, first at {fragment.forms[name].at}",
                hint="Remove it from 'actions': a form is one of itself.",
                at=action.at,
            )


def _intents(
    fragment: Fragment,
    entities: Mapping[str, Entity],
    is_legacy: bool,
    diagnostics: Diagnostics,
) -> dict[str, Intent]:
    drafts: dict[str, tuple[IntentDraft, SourceSpan | None]] = {
        name: (entry.value, entry.at) for name, entry in fragment.intents.items()
    }
    if not is_legacy:
        for name in DEFAULT_INTENTS:
            drafts.setdefault(name, (IntentDraft(), None))
    found: dict[str, Intent] = {}
    for name in drafts if is_legacy else sorted(drafts):
        draft, at = drafts[name]
        if at is not None:
            _note_unknown_entities(name, draft, at, entities, diagnostics)
        found[name] = Intent(
            name=name,
            used_entities=used_entities(draft, entities, is_legacy),
            use_entities=draft.use != (),
            triggers=draft.triggers,
            is_retrieval=draft.is_retrieval,
            at=at,
        )
    return found


def _note_unknown_entities(
    name: str,
    draft: IntentDraft,
    at: SourceSpan,
    entities: Mapping[str, Entity],
    diagnostics: Diagnostics,
) -> None:
    for entity in {**dict.fromkeys(draft.use or ()), **dict.fromkeys(draft.ignore or ())}:
        if entity not in entities:
            diagnostics.warning(
                "T213",
                f"the intent '{name}' names the entity '{entity}', which is not in the domain",
                hint=nearest(entity, list(entities)) or "Add it under 'entities'.",
                at=at,
            )


def _slots(
    fragment: Fragment,
    entities: Mapping[str, Entity],
    is_legacy: bool,
    diagnostics: Diagnostics,
) -> dict[str, Slot]:
    if is_legacy:
        slots = {name: entry.value.slot for name, entry in fragment.slots.items()}
    else:
        slots = with_form_mappings(fragment, entities)
    for slot in _default_slots(fragment, is_legacy):
        if slot.name == "session_started_metadata" and (own := slots.get(slot.name)):
            diagnostics.error(
                "T231",
                "the slot 'session_started_metadata' is made by the product",
                hint="Remove it, or choose another name for yours.",
                at=own.at,
            )
        slots.setdefault(slot.name, slot)
    return dict(sorted(slots.items())) if is_legacy else slots


def _default_slots(fragment: Fragment, is_legacy: bool) -> Iterable[Slot]:
    if fragment.forms and is_legacy:
        yield Slot(
            name="requested_slot",
            type="unfeaturized",
            influence_conversation=False,
            auto_fill=True,
            is_default=True,
        )
    if is_legacy:
        return
    if fragment.forms:
        yield _hidden("requested_slot", "text")
    yield _hidden("session_started_metadata", "any")
    if KNOWLEDGE_BASE_ACTION in fragment.actions:
        for name in _KNOWLEDGE_BASE_SLOTS:
            yield _hidden(name, "text")


def _hidden(name: str, kind: str) -> Slot:
    return Slot(name=name, type=kind, influence_conversation=False, is_default=True)


def _raw(fragment: Fragment) -> dict[str, Json]:
    """Return the merged content as its authors wrote it, with the session's defaults."""
    sections: dict[str, Json] = {
        "intents": [fragment.intents[name].raw for name in sorted(fragment.intents)],
        "entities": _raws(fragment.entities),
        "slots": {name: entry.raw for name, entry in fragment.slots.items()},
        "responses": {name: entry.raw for name, entry in fragment.responses.items()},
        "actions": _raws(fragment.actions),
        "forms": {name: entry.raw for name, entry in fragment.forms.items()},
        "e2e_actions": sorted(fragment.e2e_actions),
        "session_config": session_as_written(fragment.session or SessionConfig()),
        "config": fragment.config,
    }
    version = "2.0" if _dialect(fragment.dialects) is Dialect.V2 else "3.1"
    order = {**fragment.order, "session_config": None}
    return {"version": version, **{section: sections[section] for section in order}}


def _raws(entries: Mapping[str, Entry[Any]]) -> list[Json]:
    return [entry.raw for entry in entries.values()]
