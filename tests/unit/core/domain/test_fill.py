"""Slots filled from entities without being asked."""

import pytest

from tertulia.core.domain.fill import auto_fill, fill_in_stories
from tertulia.core.domain.model import Domain, Generation, MappingCondition, Slot, SlotMapping


def domain_of(*slots: Slot, generation: Generation = Generation.LEGACY, store: bool = True):
    return Domain(
        generation=generation,
        slots={slot.name: slot for slot in slots},
        store_entities_as_slots=store,
    )


def entity(name: str, value: object, **more: str) -> dict[str, object]:
    return {"entity": name, "value": value, **more}


def set_by(events: list) -> dict[str, object]:
    return {event.name: event.value for event in events}


def from_entity(name: str, *conditions: MappingCondition, **keys: str) -> SlotMapping:
    return SlotMapping(type="from_entity", entity=name, conditions=conditions, **keys)


def test_the_last_entity_of_the_name_fills_a_slot() -> None:
    domain = domain_of(Slot(name="city", type="text", auto_fill=True))
    found = auto_fill(domain, [entity("city", "Rome"), entity("city", "Oslo", role="to")])
    assert set_by(found) == {"city": "Oslo"}


def test_a_list_slot_takes_all_entities() -> None:
    domain = domain_of(Slot(name="tags", type="list", auto_fill=True))
    assert set_by(auto_fill(domain, [entity("tags", 1), entity("tags", 2)])) == {"tags": [1, 2]}


@pytest.mark.parametrize(
    "domain",
    [
        domain_of(Slot(name="city", type="text")),
        domain_of(Slot(name="city", type="text", auto_fill=True), store=False),
        domain_of(Slot(name="city", type="text", auto_fill=True, is_default=True)),
        domain_of(Slot(name="town", type="text", auto_fill=True)),
    ],
    ids=["auto_fill off", "store_entities_as_slots off", "default slot", "other name"],
)
def test_nothing_fills_itself_when_it_should_not(domain: Domain) -> None:
    assert auto_fill(domain, [entity("city", "Rome")]) == []
    assert fill_in_stories(domain, [entity("city", "Rome")]) == []


def test_in_modern_stories_role_and_group_must_be_those_of_the_mapping() -> None:
    source = Slot(name="src", type="text", mappings=(from_entity("city", role="from"),))
    target = Slot(name="dst", type="text", mappings=(from_entity("city"),))
    domain = domain_of(source, target, generation=Generation.MODERN)
    found = fill_in_stories(domain, [entity("city", "Rome", role="from"), entity("city", "Oslo")])
    assert set_by(found) == {"src": "Rome", "dst": "Oslo"}


def test_in_modern_stories_a_first_condition_with_a_loop_prevents_filling() -> None:
    in_form, outside = MappingCondition(active_loop="f"), MappingCondition(active_loop=None)
    bound = Slot(name="bound", type="text", mappings=(from_entity("city", in_form, outside),))
    free = Slot(name="free", type="text", mappings=(from_entity("city", outside, in_form),))
    domain = domain_of(bound, free, generation=Generation.MODERN)
    assert set_by(fill_in_stories(domain, [entity("city", "Rome")])) == {"free": "Rome"}


def test_in_modern_stories_other_mappings_fill_nothing() -> None:
    slot = Slot(name="note", type="text", mappings=(SlotMapping(type="from_text"),))
    domain = domain_of(slot, generation=Generation.MODERN)
    assert fill_in_stories(domain, [entity("note", "x")]) == []


def test_a_modern_slot_without_mappings_fills_itself_in_stories_too() -> None:
    slot = Slot(name="city", type="text", auto_fill=True)
    domain = domain_of(slot, generation=Generation.MODERN)
    found = fill_in_stories(domain, [entity("city", "Rome", role="to")])
    assert set_by(found) == {"city": "Rome"}
