"""The domain as action servers see it."""

import pytest
from tests.unit.data.domain.reading import clean

from tertulia.base.errors import ModelError
from tertulia.core.domain.as_dict import as_dict, from_parts
from tertulia.core.domain.model import (
    Action,
    Domain,
    Entity,
    Form,
    Generation,
    Intent,
    MappingCondition,
    Slot,
    SlotMapping,
    Variation,
)

LEGACY = """\
intents:
- hello
- search: {use_entities: false}
- go: {triggers: utter_hello}
entities: [price]
slots:
  price: {type: categorical, values: [Low, high]}
  rating: {type: float, min_value: 0.0, max_value: 5.0}
  vip: {type: bool, initial_value: false, auto_fill: false}
templates:
  utter_hello:
  - Welcome.
  - text: Hi
    image: x
actions: [utter_hello, action_x]
forms: [table_form]
"""


def slot(kind: str, **keys: object) -> dict[str, object]:
    return {
        "type": f"rasa_core.slots.{kind}Slot",
        "initial_value": None,
        "auto_fill": True,
        **keys,
    }


def test_the_legacy_shape_has_class_paths_and_flags() -> None:
    assert as_dict(clean(LEGACY), "legacy") == {
        "config": {"store_entities_as_slots": True},
        "intents": [
            {"hello": {"use_entities": True}},
            {"search": {"use_entities": False}},
            {"go": {"use_entities": True, "triggers": "utter_hello"}},
        ],
        "entities": ["price"],
        "slots": {
            "price": slot("Categorical", values=["low", "high"]),
            "rating": slot("Float", min_value=0.0, max_value=5.0),
            "requested_slot": slot("Unfeaturized"),
            "vip": slot("Boolean", initial_value=False, auto_fill=False),
        },
        "templates": {"utter_hello": [{"text": "Welcome."}, {"text": "Hi", "image": "x"}]},
        "actions": ["utter_hello", "action_x"],
        "forms": ["table_form"],
    }


MODERN = """\
version: "3.1"
slots:
  a:
    type: text
    mappings: [{type: from_text}]
intents: [z, b: {ignore_entities: [e]}, Capital]
entities: [e, f: {roles: [r]}]
forms: {f: {required_slots: [a]}}
responses: {utter_x: [{text: x, id: one}]}
"""


def test_the_modern_shape_is_what_the_file_says_with_sorted_intents_and_a_session() -> None:
    found = as_dict(clean(MODERN), "modern")
    assert found == {
        "version": "3.1",
        "slots": {"a": {"type": "text", "mappings": [{"type": "from_text"}]}},
        "intents": ["Capital", {"b": {"ignore_entities": ["e"]}}, "z"],
        "entities": ["e", {"f": {"roles": ["r"]}}],
        "forms": {"f": {"required_slots": ["a"]}},
        "responses": {"utter_x": [{"text": "x", "id": "one"}]},
        "session_config": {
            "session_expiration_time": 60,
            "carry_over_slots_to_new_session": True,
        },
    }
    assert list(found)[:3] == ["version", "slots", "intents"]


def test_a_2x_file_is_sent_as_it_is_written() -> None:
    found = as_dict(clean('version: "2.0"\nforms: {f: {a: [{type: from_text}]}}'), "modern")
    assert found["version"] == "2.0"
    assert found["forms"] == {"f": {"a": [{"type": "from_text"}]}}


def test_the_union_has_both_names_of_the_responses() -> None:
    modern = as_dict(clean(MODERN), "union")
    assert modern["templates"] == modern["responses"] == {"utter_x": [{"text": "x", "id": "one"}]}
    legacy = as_dict(clean(LEGACY), "union")
    assert legacy["templates"] == legacy["responses"]
    assert legacy["slots"]["price"]["type"] == "rasa_core.slots.CategoricalSlot"


BUILT = Domain(
    intents={
        "a": Intent(name="a", use_entities=False, triggers="action_x", is_retrieval=True),
        "b": Intent(name="b"),
    },
    entities={
        "e": Entity(name="e"),
        "f": Entity(name="f", roles=("r",), groups=("g",), influence_conversation=False),
    },
    slots={
        "s": Slot(
            name="s",
            type="text",
            mappings=(
                SlotMapping(
                    type="from_entity",
                    entity="e",
                    role="r",
                    intent=("a",),
                    conditions=(
                        MappingCondition(active_loop="f", requested_slot="s"),
                        MappingCondition(),
                    ),
                ),
            ),
        ),
        "t": Slot(name="t", type="unfeaturized", auto_fill=True),
        "requested_slot": Slot(name="requested_slot", type="text", is_default=True),
    },
    responses={"utter_x": (Variation(content={"text": "x"}),)},
    actions=(Action(name="action_x", send_domain=True), Action(name="validate_f")),
    forms={"f": Form(name="f", required_slots=("s",), ignored_intents=("b",))},
)


def test_a_domain_that_no_file_holds_has_a_modern_shape_too() -> None:
    found = as_dict(BUILT, "modern")
    properties = {"use_entities": [], "triggers": "action_x", "is_retrieval_intent": True}
    assert found["intents"] == [{"a": properties}, "b"]
    assert found["entities"] == [
        "e",
        {"f": {"roles": ["r"], "groups": ["g"], "influence_conversation": False}},
    ]
    assert found["slots"] == {
        "s": {
            "type": "text",
            "initial_value": None,
            "influence_conversation": True,
            "mappings": [
                {
                    "type": "from_entity",
                    "entity": "e",
                    "role": "r",
                    "intent": ["a"],
                    "conditions": [
                        {"active_loop": "f", "requested_slot": "s"},
                        {"active_loop": None},
                    ],
                }
            ],
        },
        "t": {
            "type": "any",
            "initial_value": None,
            "influence_conversation": False,
            "mappings": [{"type": "from_entity", "entity": "t"}],
        },
    }
    assert found["actions"] == [
        {"action_x": {"send_domain": True}},
        {"validate_f": {"send_domain": False}},
    ]
    assert found["forms"] == {"f": {"required_slots": ["s"], "ignored_intents": ["b"]}}


def test_a_legacy_domain_has_a_modern_shape() -> None:
    domain = clean(LEGACY)
    assert domain.generation is Generation.LEGACY
    found = as_dict(domain, "modern")
    assert found["slots"]["price"]["values"] == ["low", "high"]
    assert found["forms"] == {"table_form": {"required_slots": []}}


@pytest.mark.parametrize("parts", [{"slots": 5}, {"generation": "9.x"}, {"intents": {"a": {}}}])
def test_parts_of_something_else_are_a_damaged_model(parts: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="damaged"):
        from_parts(parts)
