"""Intents, entities and which entities are features beside an intent."""

import pytest
from tests.unit.data.domain.reading import clean, read

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.domain import read_domain_text

ENTITIES = """
entities:
- phone
- city:
    roles: [from, to]
    groups: ["1"]
- hidden:
    roles: [r]
    influence_conversation: false
"""
CITY = {"city", "city#from", "city#to", "city#1"}


def used(properties: str) -> frozenset[str]:
    text = f'version: "3.1"\nintents:\n- a: {properties}\n{ENTITIES}'
    return clean(text).intents["a"].used_entities


def test_an_intent_uses_all_entities_that_may_influence() -> None:
    domain = clean(f"intents: [a]\n{ENTITIES}")
    assert domain.intents["a"].used_entities == CITY | {"phone"}
    assert domain.intents["nlu_fallback"].used_entities == CITY | {"phone"}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("{use_entities: true}", CITY | {"phone"}),
        ("{use_entities: []}", set()),
        ("{use_entities: false}", set()),
        ("{use_entities: null}", set()),
        ("{use_entities: [city]}", CITY),
        ("{use_entities: [phone, hidden]}", {"phone"}),
        ("{ignore_entities: [city]}", {"phone", "hidden#r"}),
        ("{ignore_entities: []}", CITY | {"phone", "hidden#r"}),
        ("{use_entities: [hidden], ignore_entities: null}", {"hidden", "hidden#r"}),
        ("{triggers: action_x}", CITY | {"phone"}),
    ],
)
def test_properties_choose_the_used_entities(properties: str, expected: set[str]) -> None:
    assert used(properties) == expected


def test_an_entity_that_is_used_and_ignored_is_ignored_with_a_warning() -> None:
    domain, noted = read(
        """\
        entities: [b, c]
        intents:
        - a: {use_entities: [b, c], ignore_entities: [b]}
        """
    )
    assert noted == ["3 warning T211"]
    assert domain.intents["a"].used_entities == {"c"}


def test_legacy_intents_use_all_or_none() -> None:
    domain = clean(
        """\
        templates: {}
        entities: [b, c]
        intents:
        - plain
        - none: {use_entities: false}
        - some: {use_entities: [b]}
        - empty: {use_entities: []}
        - trigger: {triggers: utter_x}
        """
    )
    assert {name: intent.used_entities for name, intent in domain.intents.items()} == {
        "plain": {"b", "c"},
        "none": set(),
        "some": {"b", "c"},
        "empty": set(),
        "trigger": {"b", "c"},
    }
    assert domain.intents["trigger"].triggers == "utter_x"


def test_modern_intents_are_sorted_and_have_the_defaults() -> None:
    domain = clean("intents: [b, a, back]")
    assert list(domain.intents) == sorted(
        ["a", "b", "back", "restart", "out_of_scope", "session_start", "nlu_fallback"]
    )


def test_legacy_intents_keep_their_order_and_have_no_defaults() -> None:
    assert list(clean("templates: {}\nintents: [b, a]").intents) == ["b", "a"]


@pytest.mark.parametrize("section", ["intents", "entities"])
@pytest.mark.parametrize("first_line", ['version: "3.1"', "templates: {}"])
@pytest.mark.parametrize(
    ("items", "noted"),
    [
        ("- a\n- b\n- a", ["5 T205"]),
        ("- a:\n- b", ["3 T206"]),
        ("- a: {}", ["3 T206"]),
        ("- 5", ["3 T209"]),
        ("- [a]", ["3 T209"]),
        ("- a: {}\n  b: {}", ["3 T209"]),
        ("- a: text", ["3 T209"]),
        ("- 1: {}", ["3 T209"]),
        ("  a: b", ["3 T209"]),
        ("- a: {colour: red}", ["3 warning T207"]),
    ],
)
def test_what_is_no_name_is_noted_at_its_line(
    section: str, first_line: str, items: str, noted: list[str]
) -> None:
    assert read(f"{first_line}\n{section}:\n{items}")[1] == noted


def test_a_duplicate_names_the_first_place() -> None:
    found = Diagnostics()
    read_domain_text("intents:\n- a\n- a", file="d.yml", diagnostics=found)
    assert "first at d.yml:2:3" in str(found.errors[0])
    assert str(found.errors[0]).startswith("d.yml:3:3: T205")


@pytest.mark.parametrize(
    ("properties", "noted"),
    [
        ("{use_entities: [x]}", ["2 warning T213"]),
        ("{use_entities: city}", ["2 T209"]),
        ("{ignore_entities: true}", ["2 T209"]),
        ("{triggers: [a]}", ["2 T209"]),
        ("{use_entities: [1]}", ["2 T209"]),
    ],
)
def test_properties_of_the_wrong_kind_are_noted(properties: str, noted: list[str]) -> None:
    assert read(f"intents:\n- a: {properties}\n{ENTITIES}")[1] == noted


def test_entities_keep_their_order_and_place() -> None:
    domain = clean("entities:\n- b\n- a: {roles: x}")
    assert list(domain.entities) == ["b", "a"]
    assert domain.entities["a"].roles == ("x",)
    assert str(domain.entities["a"].at) == "d.yml:3:3"
    assert str(domain.entities["b"].at) == "d.yml:2:3"
