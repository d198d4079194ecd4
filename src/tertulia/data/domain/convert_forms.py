"""Moves the slot mappings that 2.x writes in forms to the slots, where 3.x has them.

Source: spec domain.md section 9.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from tertulia.core.domain.model import Entity, MappingCondition, Slot, SlotMapping
from tertulia.data.domain.fragment import Fragment, SlotDraft

# In 2.x a form applied these to the slot it asked for, and to no other.
_ONLY_WHEN_REQUESTED = frozenset({"from_text", "from_intent"})


def with_form_mappings(fragment: Fragment, entities: Mapping[str, Entity]) -> dict[str, Slot]:
    """Return the slots in file order, with the mappings of the forms among their own.

    A slot without mappings either fills itself from entities of its name (`auto_fill`), or has
    one `custom` mapping: only actions set it.
    """
    moved = _moved(fragment)
    stores = fragment.config.get("store_entities_as_slots") is not False
    return {
        name: _slot(entry.value, moved.get(name, []), name in entities and stores)
        for name, entry in fragment.slots.items()
    }


def _moved(fragment: Fragment) -> dict[str, list[SlotMapping]]:
    moved: dict[str, list[SlotMapping]] = {}
    for form, entry in fragment.forms.items():
        for slot, mappings in entry.value.mappings.items():
            for mapping in mappings:
                _add(moved.setdefault(slot, []), _bound(mapping, form, slot))
    return moved


def _bound(mapping: SlotMapping, form: str, slot: str) -> SlotMapping:
    requested = slot if mapping.type in _ONLY_WHEN_REQUESTED else None
    return replace(
        mapping, conditions=(MappingCondition(active_loop=form, requested_slot=requested),)
    )


def _add(mappings: list[SlotMapping], new: SlotMapping) -> None:
    """Append a mapping, or its conditions to the one that reads the same from a message."""
    for position, mapping in enumerate(mappings):
        if replace(mapping, conditions=()).same_source(replace(new, conditions=())):
            conditions = dict.fromkeys((*mapping.conditions, *new.conditions))
            mappings[position] = replace(mapping, conditions=tuple(conditions))
            return
    mappings.append(new)


def _slot(draft: SlotDraft, moved: list[SlotMapping], has_entity: bool) -> Slot:
    slot = draft.slot
    if moved:
        mappings = [*slot.mappings, *moved]
        if slot.auto_fill and has_entity:
            mappings.append(SlotMapping(type="from_entity", entity=slot.name, at=slot.at))
        return replace(slot, mappings=tuple(mappings), auto_fill=False)
    if draft.is_unmapped and not slot.auto_fill and not slot.is_default:
        return replace(slot, mappings=(SlotMapping(type="custom", at=slot.at),))
    return slot
