"""Slots: types, keys and default slots of each dialect."""

import pytest
from tests.unit.data.domain.reading import clean, read

from tertulia.core.domain.model import MappingCondition, Slot

V3 = 'version: "3.1"\n'
V2 = 'version: "2.0"\n'
L = "templates: {}\n"


def slot_of(head: str, keys: str) -> Slot:
    return clean(f"{head}slots:\n  s: {keys}").slots["s"]


def noted(head: str, keys: str) -> list[str]:
    return read(f"{head}slots:\n  s: {keys}")[1]


@pytest.mark.parametrize("kind", ["text", "bool", "float", "list", "categorical"])
@pytest.mark.parametrize("head", [V3, V2, L])
def test_each_type_is_read_in_each_dialect(head: str, kind: str) -> None:
    mappings = ", mappings: []" if head == V3 else ""
    assert slot_of(head, f"{{type: {kind}{mappings}}}").type == kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("rasa_core.slots.BooleanSlot", "bool"),
        ("rasa.core.slots.CategoricalSlot", "categorical"),
        ("rasa.shared.core.slots.FloatSlot", "float"),
        ("rasa.shared.core.slots.ListSlot", "list"),
    ],
)
def test_the_class_paths_of_the_originals_are_their_types(path: str, kind: str) -> None:
    assert slot_of("", f"{{type: {path}}}").type == kind


@pytest.mark.parametrize(
    ("head", "keys", "expected"),
    [
        (V3, "{mappings: []}", ["3 T222"]),
        (L, "{}", ["3 T222"]),
        (V3, "{type: txet, mappings: []}", ["3 T220"]),
        (V3, "{type: unfeaturized, mappings: []}", ["3 T220"]),
        (L, "{type: any}", ["3 T220"]),
        (V2, "{type: unfeaturized}", ["3 warning T208"]),
        (V3, "{type: mybot.slots.Colour, mappings: []}", ["3 T221"]),
        (V3, "{type: [text], mappings: []}", ["3 T209"]),
        (V3, "text", ["3 T209"]),
        (V3, "{type: text}", ["3 T229"]),
        (V3, "{type: text, mappings: [], auto_fill: false}", ["3 T208"]),
        (V3, "{type: text, mappings: [], colour: red}", ["3 T223"]),
        (V3, "{type: text, mappings: [], values: [a]}", ["3 T223"]),
        (L, "{type: text, influence_conversation: false}", ["3 T223"]),
        (V3, "{type: any, influence_conversation: true, mappings: []}", ["3 T226"]),
        (V3, "{type: text, influence_conversation: 1, mappings: []}", ["3 T209"]),
        (V3, "{type: float, min_value: 2, mappings: []}", ["3 T224"]),
        (V3, "{type: float, max_value: low, mappings: []}", ["3 T209"]),
        (V3, "{type: float, max_value: .inf, mappings: []}", ["3 T209"]),
        (V3, "{type: float, initial_value: 3, mappings: []}", ["3 warning T225"]),
        (V3, "{type: categorical, values: [a, null], mappings: []}", ["3 warning T230"]),
        (V3, "{type: categorical, values: [[a]], mappings: []}", ["3 T209"]),
        (V3, "{type: categorical, values: a, mappings: []}", ["3 T209"]),
        (V3, "{type: text, mappings: text}", ["3 T209"]),
        (V3, "{type: text, value_reset_delay: 3, mappings: []}", []),
        (V3, "{type: text, mappings: }", []),
    ],
)
def test_what_a_slot_cannot_have_is_noted(head: str, keys: str, expected: list[str]) -> None:
    assert noted(head, keys) == expected


def test_values_are_kept_as_lower_case_text() -> None:
    slot = slot_of(L, "{type: categorical, values: [Gold, yes, 5, 1.5, no]}")
    assert slot.values == ("gold", "true", "5", "1.5", "false")


def test_a_float_has_its_range_and_initial_value() -> None:
    slot = slot_of(V2, "{type: float, min_value: 1, max_value: 12, initial_value: 4}")
    assert (slot.min_value, slot.max_value, slot.initial_value) == (1.0, 12.0, 4)


def test_slots_without_mappings_fill_themselves_unless_told_otherwise() -> None:
    assert slot_of("", "{type: text}").auto_fill
    assert slot_of(L, "{type: text}").auto_fill
    assert not slot_of(L, "{type: text, auto_fill: false}").auto_fill
    assert not slot_of(V3, "{type: text, mappings: []}").auto_fill


def test_legacy_slots_are_sorted_and_others_keep_their_order() -> None:
    slots = "slots:\n  b: {type: text}\n  a: {type: text}"
    assert list(clean(L + slots).slots) == ["a", "b"]
    assert list(clean(V2 + slots).slots)[:2] == ["b", "a"]


def test_every_kind_of_mapping_is_read() -> None:
    slot = slot_of(
        V3,
        """
    type: text
    mappings:
    - {type: from_entity, entity: city, role: from, group: "1", intent: [a, b], not_intent: c}
    - type: from_text
      conditions:
      - {active_loop: f, requested_slot: s}
      - active_loop: null
    - {type: from_intent, value: false}
    - {type: from_trigger_intent, value: 5, intent: null}
    - {type: custom, action: action_x}
    """,
    )
    entity, text, intent, trigger, custom = slot.mappings
    assert (entity.entity, entity.role, entity.group) == ("city", "from", "1")
    assert (entity.intent, entity.not_intent) == (("a", "b"), ("c",))
    assert text.conditions == (
        MappingCondition(active_loop="f", requested_slot="s"),
        MappingCondition(),
    )
    assert (intent.value, trigger.value, trigger.intent) == (False, 5, ())
    assert custom.action == "action_x"
    assert str(entity.at) == "d.yml:6:7"


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("{type: from_entity}", ["3 T227"]),
        ("{type: from_entity, entity: null}", ["3 T227"]),
        ("{type: from_intent}", ["3 T227"]),
        ("{type: from_trigger_intent, value: null}", ["3 T227"]),
        ("{entity: a}", ["3 T227"]),
        ("{type: from_entty, entity: a}", ["3 T228"]),
        ("from_text", ["3 T209"]),
        ("{type: from_text, colour: red}", ["3 warning T232"]),
        ("{type: from_text, intent: {a: b}}", ["3 T209"]),
        ("{type: from_text, intent: [5]}", ["3 T209"]),
        ("{type: from_entity, entity: a, group: 1}", ["3 T209"]),
        ("{type: from_text, conditions: f}", ["3 T209"]),
        ("{type: from_text, conditions: [f]}", ["3 T209"]),
        ("{type: from_text, conditions: [{loop: f}]}", ["3 warning T232"]),
    ],
)
def test_a_mapping_that_cannot_work_is_noted(mapping: str, expected: list[str]) -> None:
    assert noted(V3, f"{{type: text, mappings: [{mapping}]}}") == expected


def test_a_modern_domain_has_the_slot_for_session_metadata() -> None:
    slot = clean("intents: [a]").slots["session_started_metadata"]
    assert (slot.type, slot.is_default) == ("any", True)
    assert clean(L + "intents: [a]").slots == {}


def test_a_domain_with_a_form_has_the_requested_slot() -> None:
    modern = clean(V3 + "forms: {f: {required_slots: []}}").slots["requested_slot"]
    assert (modern.type, modern.influence_conversation, modern.is_default) == ("text", False, True)
    legacy = clean("forms: [f]").slots["requested_slot"]
    assert (legacy.type, legacy.is_default) == ("unfeaturized", True)


def test_an_own_requested_slot_is_kept_and_never_filled_by_mappings() -> None:
    domain = clean(
        V3
        + """
slots:
  requested_slot: {type: categorical, values: [a], mappings: []}
forms:
  f: {required_slots: []}
"""
    )
    assert domain.slots["requested_slot"].type == "categorical"
    assert domain.slots["requested_slot"].is_default


def test_an_own_slot_for_session_metadata_is_an_error() -> None:
    _, found = read(V3 + "slots:\n  session_started_metadata: {type: any, mappings: []}")
    assert found == ["3 T231"]


def test_the_knowledge_base_action_brings_its_slots() -> None:
    names = clean("actions: [action_query_knowledge_base]").slots
    assert [name for name in names if name.startswith("knowledge_base_")] == [
        "knowledge_base_listed_objects",
        "knowledge_base_last_object",
        "knowledge_base_last_object_type",
    ]
