"""Slots that fill themselves from the entities of a message or of a story.

Source: spec domain.md sections 5.6 and 6.4.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tertulia.core.domain.model import Domain, Generation, Slot, SlotMapping
from tertulia.core.events import SlotSet

Json = Any
Entities = Sequence[Mapping[str, Json]]


def auto_fill(domain: Domain, entities: Entities) -> list[SlotSet]:
    """Return the slots that take the value of an entity of their own name, in domain order.

    Only slots with `auto_fill`; a modern slot with mappings never has it. Roles and groups of
    the entities do not matter. A list slot takes all values, others the last.
    """
    filled = (auto_fill_slot(domain, slot, entities) for slot in domain.slots.values())
    return [event for event in filled if event]


def auto_fill_slot(domain: Domain, slot: Slot, entities: Entities) -> SlotSet | None:
    """Return the value that the entities of its own name give one slot, None for none."""
    if not domain.store_entities_as_slots or not slot.auto_fill or slot.is_default:
        return None
    return _assign(slot, [entity.get("value") for entity in entities if _is(entity, slot.name)])


def fill_in_stories(domain: Domain, entities: Entities) -> list[SlotSet]:
    """Return the slots that a user step of a story or rule fills without saying so.

    Legacy: as `auto_fill`. Modern: also by `from_entity` mappings whose first condition names no
    active loop; role and group must be exactly those of the mapping.
    """
    if domain.generation is Generation.LEGACY:
        return auto_fill(domain, entities)
    if not domain.store_entities_as_slots:
        return []
    filled = (
        _assign(slot, _values_for(slot, entities))
        for slot in domain.slots.values()
        if not slot.is_default
    )
    return [event for event in filled if event]


def _values_for(slot: Slot, entities: Entities) -> list[Json]:
    if slot.auto_fill:
        return [entity.get("value") for entity in entities if _is(entity, slot.name)]
    return [
        entity.get("value")
        for mapping in slot.mappings
        if _fills_in_stories(mapping)
        for entity in entities
        if _is(entity, mapping.entity)
        and entity.get("role") == mapping.role
        and entity.get("group") == mapping.group
    ]


def _fills_in_stories(mapping: SlotMapping) -> bool:
    if mapping.type != "from_entity":
        return False
    return not mapping.conditions or mapping.conditions[0].active_loop is None


def _is(entity: Mapping[str, Json], name: str | None) -> bool:
    return entity.get("entity") == name


def _assign(slot: Slot, values: list[Json]) -> SlotSet | None:
    if not values:
        return None
    return SlotSet(name=slot.name, value=values if slot.type == "list" else values[-1])
