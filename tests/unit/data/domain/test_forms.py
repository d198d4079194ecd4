"""Actions, forms of every dialect, and the move of 2.x mappings to the slots."""

import pytest
from tests.unit.data.domain.reading import clean, read

from tertulia.core.domain.model import Dialect, Form, MappingCondition, SlotMapping

V3 = 'version: "3.1"\n'
V2 = 'version: "2.0"\n'


def without_place(form: Form) -> tuple[object, ...]:
    return (form.required_slots, form.ignored_intents, form.is_remote)


def test_modern_forms_name_their_slots() -> None:
    domain = clean(V3 + "forms:\n  f: {ignored_intents: chat, required_slots: [a, b]}\n  g: {}")
    assert without_place(domain.forms["f"]) == (("a", "b"), ("chat",), False)
    assert without_place(domain.forms["g"]) == ((), (), False)
    assert str(domain.forms["f"].at) == "d.yml:3:3"


def test_forms_in_a_list_run_on_the_action_server() -> None:
    assert clean("forms: [f]").forms["f"].is_remote
    assert clean(V2 + "forms: [f]").forms["f"].is_remote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (V3 + "forms: [f]", ["2 T250"]),
        (V3 + "forms:\n  f:", ["3 T251"]),
        (V3 + "forms:\n  f: [a]", ["3 T251"]),
        (V3 + "forms:\n  f: {ignored_intents: [a]}", ["3 T252"]),
        (V2 + "forms:\n  f: {ignored_intents: [a]}", ["3 T252"]),
        (V3 + "forms:\n  f: {required_slots: {a: []}}", ["3 T253"]),
        (V3 + "forms:\n  f: {a: []}", ["3 T253"]),
        (V3 + "forms:\n  f: {required_slots: [5]}", ["3 T209"]),
        (V3 + "forms:\n  f: {required_slots: [], colour: red}", ["3 warning T207"]),
        (V3 + "forms: f", ["2 T209"]),
        (V2 + "forms:\n  f:", []),
        (V3 + "forms: []", []),
    ],
)
def test_forms_that_cannot_work_are_noted(text: str, expected: list[str]) -> None:
    assert read(text)[1] == expected


TABLE = """
entities: [number, cuisine]
slots:
  people: {type: float, min_value: 1, max_value: 12}
  cuisine: {type: text}
  notes: {type: text}
  seen: {type: bool, auto_fill: false}
  seat: {type: text, auto_fill: false}
forms:
  table:
    ignored_intents: [chat]
    required_slots:
      people:
      - {type: from_entity, entity: number, intent: inform}
      cuisine:
      - {type: from_entity, entity: cuisine}
      seat:
      - {type: from_text}
  drinks:
    ignored_intents: []
    required_slots:
      seat:
      - {type: from_text}
      - {type: from_trigger_intent, value: bar}
      people:
      - {type: from_entity, entity: number, intent: inform}
"""


def plain(mapping: SlotMapping) -> tuple[object, ...]:
    conditions = [(each.active_loop, each.requested_slot) for each in mapping.conditions]
    return (mapping.type, mapping.entity, conditions)


def test_mappings_in_a_form_become_mappings_of_the_slot() -> None:
    domain = clean(TABLE)
    assert domain.dialect is Dialect.V2
    assert domain.forms["table"].required_slots == ("people", "cuisine", "seat")
    assert domain.forms["table"].ignored_intents == ("chat",)
    assert [plain(each) for each in domain.slots["people"].mappings] == [
        ("from_entity", "number", [("table", None), ("drinks", None)])
    ]


def test_text_and_intents_fill_only_the_slot_that_is_asked_for() -> None:
    assert [plain(each) for each in clean(TABLE).slots["seat"].mappings] == [
        ("from_text", None, [("table", "seat"), ("drinks", "seat")]),
        ("from_trigger_intent", None, [("drinks", None)]),
    ]


def test_a_slot_that_filled_itself_still_does_outside_of_the_form() -> None:
    slot = clean(TABLE).slots["cuisine"]
    assert [plain(each) for each in slot.mappings] == [
        ("from_entity", "cuisine", [("table", None)]),
        ("from_entity", "cuisine", []),
    ]
    assert not slot.auto_fill


def test_slots_outside_of_forms_fill_themselves_or_are_set_by_actions() -> None:
    slots = clean(TABLE).slots
    assert (slots["notes"].auto_fill, slots["notes"].mappings) == (True, ())
    assert [plain(each) for each in slots["seen"].mappings] == [("custom", None, [])]


def test_forms_of_20_list_their_slots_directly() -> None:
    domain = clean(V2 + "slots: {a: {type: text}}\nforms: {f: {a: [{type: from_text}]}}")
    assert domain.forms["f"].required_slots == ("a",)
    assert domain.slots["a"].mappings[0].conditions == (
        MappingCondition(active_loop="f", requested_slot="a"),
    )


def test_without_storing_entities_no_unconditional_mapping_is_added() -> None:
    domain = clean(TABLE + "config: {store_entities_as_slots: false}")
    assert len(domain.slots["cuisine"].mappings) == 1


def test_actions_keep_their_order_and_may_ask_for_the_domain() -> None:
    domain = clean(
        V3 + "actions:\n- utter_x\n- action_y: {send_domain: true}\n- validate_f\n- action_z"
    )
    assert [(each.name, each.send_domain) for each in domain.actions] == [
        ("utter_x", False),
        ("action_y", True),
        ("validate_f", True),
        ("action_z", False),
    ]
    assert str(domain.actions[1].at) == "d.yml:4:3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actions:\n- a\n- a", ["3 T205"]),
        ("actions:\n- '...'", ["2 T218"]),
        ("actions:\n- a: {send: true}", ["2 T207"]),
        ("actions:\n- a: {send_domain: often}", ["2 T209"]),
        ("actions:\n- a:", ["2 T209"]),
        ("templates: {}\nactions:\n- a: {send_domain: true}", ["3 T208"]),
        ("forms: [f]\nactions:\n- f", ["3 T205"]),
        (V3 + "forms: {f: {}}\nactions:\n- f", []),
    ],
)
def test_actions_that_cannot_be_are_noted(text: str, expected: list[str]) -> None:
    assert read(text)[1] == expected


def test_end_to_end_actions_are_sorted_and_counted_once() -> None:
    assert clean("e2e_actions: [b, a, b]").e2e_actions == ("a", "b")


def test_session_and_config_are_read() -> None:
    domain = clean(
        """\
        session_config:
          session_expiration_time: 0.5
          carry_over_slots_to_new_session: false
        config:
          store_entities_as_slots: false
          anything: else
        """
    )
    assert domain.session.expiration_minutes == 0.5
    assert domain.session.carry_over_slots is False
    assert domain.store_entities_as_slots is False


def test_legacy_config_may_rename_the_restart_intent() -> None:
    assert clean("templates: {}\nconfig: {restart_intent: again}").restart_intent == "again"
    assert clean("templates: {}").restart_intent == "restart"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("session_config: {session_expiration_time: -1}", ["1 T260"]),
        ("session_config: {session_expiration_time: long}", ["1 T209"]),
        ("session_config: {session_expiration_time: null}", []),
        ("session_config: {expires: 5}", ["1 warning T207"]),
        ("session_config: 60", ["1 T209"]),
        ("templates: {}\nconfig: {colour: red}", ["2 T261"]),
        ("intents: []\nconfig: 5", ["2 T209"]),
        (V3 + "templates: {utter_x: []}", ["2 warning T208"]),
    ],
)
def test_settings_that_make_no_sense_are_noted(text: str, expected: list[str]) -> None:
    assert read(text)[1] == expected
