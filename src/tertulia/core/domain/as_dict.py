"""The domain as plain data: for action servers and the API, and whole for the model archive.

Source: spec domain.md section 13, sdk.md section 1.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import (
    Action,
    Domain,
    Entity,
    Form,
    Generation,
    Intent,
    SessionConfig,
    Slot,
    SlotMapping,
)

Json = Any
Shape = Literal["legacy", "modern", "union"]

_LEGACY_CLASSES = {
    "text": "TextSlot",
    "bool": "BooleanSlot",
    "float": "FloatSlot",
    "list": "ListSlot",
    "categorical": "CategoricalSlot",
    "any": "UnfeaturizedSlot",
    "unfeaturized": "UnfeaturizedSlot",
}
_MODERN_TYPES = {"unfeaturized": "any"}


def as_dict(domain: Domain, shape: Shape) -> dict[str, Json]:
    """Return the domain as action servers and API clients know it. Read-only: it shares parts.

    legacy: the 0.x keys, slot types as class paths. modern: what the files say, merged, with
    defaults. union: the shape of the domain's own generation with `responses` and `templates` both,
    so that action servers of every generation find theirs.
    """
    if shape == "legacy":
        return _legacy(domain)
    if shape == "modern":
        return _modern(domain)
    if domain.generation is Generation.LEGACY:
        legacy = _legacy(domain)
        return {**legacy, "responses": legacy["templates"]}
    modern = _modern(domain)
    return {**modern, "templates": modern.get("responses", {})}


def to_parts(domain: Domain) -> dict[str, Json]:
    """Return the whole domain as plain JSON data; `from_parts` takes it back unchanged."""
    parts: dict[str, Json] = msgspec.to_builtins(domain)
    for intent in parts["intents"].values():
        # A set has no order of its own, and equal domains shall make equal archives.
        intent["used_entities"] = sorted(intent["used_entities"])
    return parts


def from_parts(parts: Mapping[str, Json]) -> Domain:
    """Return the domain that `to_parts` made plain.

    Raises:
        ModelError: the data is not of a domain.
    """
    try:
        return msgspec.convert(parts, Domain)
    except msgspec.ValidationError as error:
        raise ModelError(
            f"the model's domain is damaged: {error}", hint="Train the model again."
        ) from error


def session_as_written(session: SessionConfig) -> dict[str, Json]:
    """Return the session settings under their names in files; whole minutes without a point."""
    minutes = session.expiration_minutes
    return {
        "session_expiration_time": int(minutes) if minutes.is_integer() else minutes,
        "carry_over_slots_to_new_session": session.carry_over_slots,
    }


def _written(domain: Domain) -> list[Intent]:
    """Return the intents that a person wrote, or all when nothing tells."""
    written = [intent for intent in domain.intents.values() if intent.at is not None]
    return written or list(domain.intents.values())


def _contents(domain: Domain) -> dict[str, list[dict[str, Json]]]:
    return {
        name: [variation.content for variation in variations]
        for name, variations in domain.responses.items()
    }


def _legacy(domain: Domain) -> dict[str, Json]:
    return {
        "config": {"store_entities_as_slots": domain.store_entities_as_slots},
        "intents": [{intent.name: _legacy_intent(intent)} for intent in _written(domain)],
        "entities": list(domain.entities),
        "slots": {slot.name: _legacy_slot(slot) for slot in domain.slots.values()},
        "templates": _contents(domain),
        "actions": [action.name for action in domain.actions],
        "forms": list(domain.forms),
    }


def _legacy_intent(intent: Intent) -> dict[str, Json]:
    properties: dict[str, Json] = {"use_entities": intent.use_entities}
    if intent.triggers is not None:
        properties["triggers"] = intent.triggers
    return properties


def _legacy_slot(slot: Slot) -> dict[str, Json]:
    out: dict[str, Json] = {
        "type": f"rasa_core.slots.{_LEGACY_CLASSES.get(slot.type, 'UnfeaturizedSlot')}",
        "initial_value": slot.initial_value,
        "auto_fill": slot.auto_fill,
    }
    out.update(_type_keys(slot))
    return out


def _type_keys(slot: Slot) -> dict[str, Json]:
    if slot.type == "categorical":
        return {"values": list(slot.values)}
    if slot.type == "float":
        return {"min_value": slot.min_value, "max_value": slot.max_value}
    return {}


def _modern(domain: Domain) -> dict[str, Json]:
    if domain.raw:
        return dict(domain.raw)
    return {
        "version": "3.1",
        "intents": [_modern_intent(intent) for intent in _written(domain)],
        "entities": [_modern_entity(entity) for entity in domain.entities.values()],
        "slots": {
            slot.name: _modern_slot(slot)
            for slot in domain.slots.values()
            if not (slot.is_default and slot.at is None)
        },
        "responses": _contents(domain),
        "actions": [_modern_action(action) for action in domain.actions],
        "forms": {form.name: _modern_form(form) for form in domain.forms.values()},
        "e2e_actions": list(domain.e2e_actions),
        "session_config": session_as_written(domain.session),
        "config": {"store_entities_as_slots": domain.store_entities_as_slots},
    }


def _modern_intent(intent: Intent) -> Json:
    properties: dict[str, Json] = {}
    if not intent.use_entities:
        properties["use_entities"] = []
    if intent.triggers is not None:
        properties["triggers"] = intent.triggers
    if intent.is_retrieval:
        properties["is_retrieval_intent"] = True
    return {intent.name: properties} if properties else intent.name


def _modern_entity(entity: Entity) -> Json:
    properties: dict[str, Json] = {}
    if entity.roles:
        properties["roles"] = list(entity.roles)
    if entity.groups:
        properties["groups"] = list(entity.groups)
    if not entity.influence_conversation:
        properties["influence_conversation"] = False
    return {entity.name: properties} if properties else entity.name


def _modern_slot(slot: Slot) -> dict[str, Json]:
    mappings = [_mapping(mapping) for mapping in slot.mappings]
    if slot.auto_fill:
        mappings.append({"type": "from_entity", "entity": slot.name})
    return {
        "type": _MODERN_TYPES.get(slot.type, slot.type),
        "initial_value": slot.initial_value,
        "influence_conversation": slot.influence_conversation
        and slot.type not in ("any", "unfeaturized"),
        **_type_keys(slot),
        "mappings": mappings,
    }


def _mapping(mapping: SlotMapping) -> dict[str, Json]:
    """Return a mapping as it is written in a file: only the keys that say something."""
    out: dict[str, Json] = {"type": mapping.type}
    for key in ("entity", "role", "group", "value", "action"):
        if (value := getattr(mapping, key)) is not None:
            out[key] = value
    for key in ("intent", "not_intent"):
        if names := getattr(mapping, key):
            out[key] = list(names)
    if mapping.conditions:
        out["conditions"] = [
            {
                "active_loop": condition.active_loop,
                **(
                    {"requested_slot": condition.requested_slot}
                    if condition.requested_slot is not None
                    else {}
                ),
            }
            for condition in mapping.conditions
        ]
    return out


def _modern_action(action: Action) -> Json:
    implied = action.name.startswith("validate_")
    if action.send_domain == implied:
        return action.name
    return {action.name: {"send_domain": action.send_domain}}


def _modern_form(form: Form) -> dict[str, Json]:
    out: dict[str, Json] = {"required_slots": list(form.required_slots)}
    if form.ignored_intents:
        out["ignored_intents"] = list(form.ignored_intents)
    return out
