"""Names in a domain that lead nowhere."""

import pytest
from tests.unit.data.domain.reading import problems, read

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.check import check

V3 = 'version: "3.1"\n'


def noted(text: str) -> list[str]:
    domain, while_reading = read(text)
    assert while_reading == []
    found = Diagnostics()
    check(domain, found)
    return problems(found)


def slot(mapping: str) -> str:
    return (
        V3
        + "entities: [city: {roles: [to]}]\nintents: [a]\nforms: {f: {required_slots: [s]}}\n"
        + f"slots:\n  s:\n    type: text\n    mappings:\n    - {mapping}"
    )


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("{type: from_entity, entity: town}", ["9 warning T213"]),
        ("{type: from_entity, entity: city, role: from}", ["9 warning T213"]),
        ("{type: from_entity, entity: city, group: x}", ["9 warning T213"]),
        ("{type: from_entity, entity: city, role: to}", []),
        ("{type: from_text, intent: [a, b]}", ["9 warning T214"]),
        ("{type: from_text, not_intent: b}", ["9 warning T214"]),
        ("{type: from_text, not_intent: nlu_fallback}", []),
        ("{type: from_text, conditions: [{active_loop: g}]}", ["9 warning T216"]),
        (
            "{type: from_text, conditions: [{active_loop: f, requested_slot: t}]}",
            ["9 warning T215"],
        ),
        ("{type: custom, action: action_x}", ["9 warning T219"]),
    ],
)
def test_mappings_name_what_exists(mapping: str, expected: list[str]) -> None:
    assert noted(slot(mapping)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("forms:\n  f: {required_slots: [a]}", ["3 warning T215"]),
        ("forms:\n  f: {required_slots: [], ignored_intents: x}", ["3 warning T214"]),
        ("intents:\n- a: {triggers: action_x}", ["3 T212"]),
        ("intents:\n- a: {triggers: action_back}", []),
        ("intents:\n- a: {triggers: utter_x}\nresponses: {utter_x: []}", []),
        ("actions:\n- utter_x", ["3 warning T233"]),
        ("actions:\n- utter_faq\nintents: [faq: {is_retrieval_intent: true}]", []),
        ("actions:\n- utter_x\ne2e_actions: [utter_x]", []),
    ],
)
def test_forms_triggers_and_utterances_name_what_exists(text: str, expected: list[str]) -> None:
    assert noted(V3 + text) == expected


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        ("{text: 'Hi {name}'}", []),
        ("{text: 'Hi {nmae}'}", ["4 warning T246"]),
        ("{text: 'Hi {{nmae}}'}", []),
        ('{text: a, buttons: [{payload: \'/x{{"k": "{nmae}"}}\'}]}', ["4 warning T246"]),
        ('{text: a, buttons: [{payload: \'/x{"k": "v"}\'}]}', []),
        ("{text: '{\"k\": 1} {name}'}", ["4 warning T246"]),
        ("{text: 'open { brace'}", ["4 warning T248"]),
        ("{text: a, metadata: {b: '{nmae}'}}", []),
        ("{text: a, condition: [{type: slot, name: nmae, value: 1}]}", ["4 warning T245"]),
        ("{text: a, condition: [{type: slot, name: name, value: 1}]}", []),
    ],
)
def test_responses_name_slots_that_exist(variation: str, expected: list[str]) -> None:
    text = f"responses:\n  utter_x:\n  - {variation}\nslots: {{name: {{type: text, mappings: []}}}}"
    assert noted(V3 + text) == expected


def test_legacy_responses_are_checked_in_the_text_only() -> None:
    text = "templates:\n  utter_x:\n  - text: '{a}'\n    buttons: [{payload: '{b}'}]"
    assert noted(text) == ["3 warning T246"]


def test_a_hint_names_the_nearest() -> None:
    domain, _ = read(V3 + "intents:\n- a: {triggers: action_bakc}")
    found = Diagnostics()
    check(domain, found)
    assert found.errors[0].hint == "Did you mean 'action_back'?"
