"""A domain of any version as the file of version 3.1 that says the same.

Source: spec domain.md sections 3 to 10.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.as_dict import as_dict
from tertulia.core.domain.model import (
    Domain,
    Form,
    Generation,
    Intent,
    SessionConfig,
    Slot,
    SlotMapping,
)
from tertulia.data.version import NEWEST

Json = Any


class FormShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a form of 0.x asks for, as its code says. mappings: by slot, empty: its entity."""

    name: str
    slots: tuple[str, ...]
    mappings: Mapping[str, Sequence[SlotMapping]] = {}


def migrated_domain(domain: Domain, forms: Sequence[FormShape] = ()) -> Domain:
    """Return the domain with mechanics of 3.x: forms that ask, slots that say what fills them.

    forms: of 0.x, read from its code.
    """
    slots = {name: _slot(slot, domain) for name, slot in domain.slots.items()}
    changed = dict(domain.forms)
    for shape in forms:
        changed[shape.name] = Form(name=shape.name, required_slots=shape.slots)
        for slot in shape.slots:
            if slot in slots:
                slots[slot] = _asked(slots[slot], shape)
    actions = tuple(one for one in domain.actions if one.name not in changed)
    # In 0.x a conversation never ends by itself.
    endless = SessionConfig(expiration_minutes=0.0)
    return replace(
        domain,
        session=endless if domain.generation is Generation.LEGACY else domain.session,
        generation=Generation.MODERN,
        slots=slots,
        forms=changed,
        actions=actions,
        raw={},
    )


def domain_file(domain: Domain) -> dict[str, Json]:
    """Return the content of the file. Comments and the order of keys are not kept."""
    written = as_dict(replace(domain, raw={}), "modern")
    written["version"] = NEWEST
    written["intents"] = [_intent(intent, domain) for intent in _own_intents(domain)]
    written["slots"] = {name: _slot_lines(slot) for name, slot in written["slots"].items()}
    if domain.store_entities_as_slots:
        written.pop("config", None)
    return {key: value for key, value in written.items() if value not in ({}, [])}


def _own_intents(domain: Domain) -> list[Intent]:
    return [one for one in domain.intents.values() if one.at is not None]


def _intent(intent: Intent, domain: Domain) -> Json:
    names = [name for name in domain.entities if name in intent.used_entities]
    properties: dict[str, Json] = {}
    if not intent.use_entities or not names:
        properties["use_entities"] = []
    elif intent.used_entities != _usual(domain):
        properties["use_entities"] = names
    if not domain.entities:
        properties = {}
    return {intent.name: properties} if properties else intent.name


def _usual(domain: Domain) -> frozenset[str]:
    """Return the labels that count beside an intent which says nothing about entities."""
    found: set[str] = set()
    for entity in domain.entities.values():
        if entity.influence_conversation:
            parts = (*entity.roles, *entity.groups)
            found |= {entity.name, *(f"{entity.name}#{part}" for part in parts)}
    return frozenset(found)


def _slot_lines(slot: dict[str, Json]) -> dict[str, Json]:
    """Return a slot without what goes without saying."""
    kept = {key: value for key, value in slot.items() if value is not None}
    if kept.get("influence_conversation") is True or slot["type"] == "any":
        kept.pop("influence_conversation")
    return kept


def _slot(slot: Slot, domain: Domain) -> Slot:
    """Return the slot with its filling written out."""
    mappings = list(slot.mappings)
    if slot.auto_fill and slot.name in domain.entities and domain.store_entities_as_slots:
        mappings.append(SlotMapping(type="from_entity", entity=slot.name))
    if not mappings and not slot.is_default:
        mappings = [SlotMapping(type="custom")]
    kind = "any" if slot.type == "unfeaturized" else slot.type
    return replace(slot, type=kind, auto_fill=False, mappings=tuple(mappings))


def _asked(slot: Slot, shape: FormShape) -> Slot:
    """Return a slot that a form fills, too."""
    own = [one for one in slot.mappings if one.type != "custom"]
    added = shape.mappings.get(slot.name, ()) or (
        SlotMapping(type="from_entity", entity=slot.name),
    )
    for mapping in added:
        if not any(mapping.same_source(replace(one, conditions=())) for one in own):
            own.append(mapping)
    return replace(slot, mappings=tuple(own))
