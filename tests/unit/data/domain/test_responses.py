"""Responses and templates as files write them."""

import pytest
from tests.unit.data.domain.reading import clean, read

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import ResponseCondition
from tertulia.data.domain import read_response_section
from tertulia.data.yaml import parse


def test_a_variation_keeps_everything_that_is_written() -> None:
    domain = clean(
        """\
        version: "3.1"
        responses:
          utter_menu:
          - text: Hi {name}
            buttons: [{title: A, payload: /a, extra: 1}]
            channel: slack
            id: menu_1
            metadata: {tone: warm}
            condition:
            - {type: slot, name: returning, value: null}
          - custom: {blocks: []}
        """
    )
    full, custom = domain.responses["utter_menu"]
    assert full.content == {
        "text": "Hi {name}",
        "buttons": [{"title": "A", "payload": "/a", "extra": 1}],
        "channel": "slack",
        "id": "menu_1",
        "metadata": {"tone": "warm"},
        "condition": [{"type": "slot", "name": "returning", "value": None}],
    }
    assert (full.channel, full.id) == ("slack", "menu_1")
    assert full.condition == (ResponseCondition(name="returning", value=None),)
    assert str(full.at) == "d.yml:4:5"
    assert custom.content == {"custom": {"blocks": []}}
    assert custom.condition is None


def test_a_bare_text_is_a_variation_in_templates() -> None:
    (variation,) = clean("templates:\n  utter_x:\n  - Welcome.").responses["utter_x"]
    assert variation.content == {"text": "Welcome."}


def test_what_yaml_makes_a_boolean_is_read_as_written_in_templates() -> None:
    domain, noted = read("templates:\n  utter_x:\n  - text: yes")
    assert noted == ["3 warning T209"]
    assert domain.responses["utter_x"][0].content == {"text": "yes"}


def test_templates_are_responses_in_2x() -> None:
    assert "utter_x" in clean('version: "2.0"\ntemplates: {utter_x: [{text: a}]}').responses


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ["2 T240"]),
        ("text", ["2 T240"]),
        ("[bare]", ["2 T241"]),
        ("[{image: x}]", ["2 T242"]),
        ("[{text: null}]", ["2 T242"]),
        ("[{text: null, custom: {}}]", ["2 T242"]),
        ("[{text: 5}]", ["2 T209"]),
        ("[{text: a, image: 5}]", ["2 T209"]),
        ("[{text: a, buttons: b}]", ["2 T209"]),
        ("[{text: a, buttons: [b]}]", ["2 T209"]),
        ("[{text: a, quick_replies: {}}]", ["2 T209"]),
        ("[{custom: b}]", ["2 T209"]),
        ("[{text: a, attachment: b}]", ["2 T209"]),
        ("[{text: a, channel: 5}]", ["2 T209"]),
        ("[{text: a, id: 5}]", ["2 T209"]),
        ("[{text: a, condition: b}]", ["2 T209"]),
        ("[{text: a, condition: []}]", ["2 warning T244"]),
        ("[{text: a, condition: [b]}]", ["2 T247"]),
        ("[{text: a, condition: [{type: slot, name: b}]}]", ["2 T247"]),
        ("[{text: a, condition: [{type: intent, name: b, value: 1}]}]", ["2 T247"]),
        ("[{text: a, id: x}, {text: b, id: x}]", ["2 warning T243"]),
        ("[{text: a, condition: null, image: null}]", []),
        ("[]", []),
    ],
)
def test_a_response_that_cannot_be_said_is_noted(value: str, expected: list[str]) -> None:
    assert read(f"responses:\n  utter_x: {value}")[1] == expected


def test_an_empty_condition_is_told_from_none() -> None:
    domain, _ = read("responses: {utter_x: [{text: a, condition: []}]}")
    assert domain.responses["utter_x"][0].condition == ()


def test_templates_need_a_text() -> None:
    assert read("templates:\n  utter_x:\n  - {image: x}")[1] == ["3 T242"]


def test_responses_of_other_files_are_read_alike() -> None:
    noted = Diagnostics()
    node = parse("utter_faq/hours: [{text: a}]", file="nlu.yml", diagnostics=noted)
    assert node is not None
    found = read_response_section(node, diagnostics=noted)
    assert noted.problems == []
    assert found["utter_faq/hours"][0].content == {"text": "a"}
