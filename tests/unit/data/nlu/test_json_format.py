"""JSON NLU data."""

import json
from pathlib import Path
from typing import Any

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import Entity, NluData, read_nlu_text


def read(text: str, file: str = "nlu.json") -> tuple[NluData, list[str]]:
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file=file, must_fit=True, diagnostics=diagnostics)
    return data, [f"{p.code}:{p.at.line}" for p in diagnostics.problems if p.at]


def content(**lists: Any) -> str:
    return json.dumps({"rasa_nlu_data": lists})


def test_every_list_is_read(tmp_path: Path):
    (tmp_path / "dishes.txt").write_text("Soup\n")
    data, problems = read(
        content(
            common_examples=[
                {
                    "text": "table in Roma",
                    "intent": "book",
                    "entities": [
                        {"start": 9, "end": 13, "value": "Rome", "entity": "city", "role": "at"}
                    ],
                },
                {"text": "just Rome", "entities": [{"start": 5, "end": 9, "entity": "city"}]},
            ],
            regex_features=[{"name": "zip", "pattern": "[0-9]{5}"}],
            lookup_tables=[
                {"name": "city", "elements": ["Rome"]},
                {"name": "dish", "elements": "dishes.txt"},
            ],
            entity_synonyms=[{"value": "Rome", "synonyms": ["the eternal city"]}],
        ),
        str(tmp_path / "nlu.json"),
    )
    assert problems == []
    assert [(one.text, one.intent) for one in data.examples] == [
        ("table in Roma", "book"),
        ("just Rome", None),
    ]
    assert data.examples[0].entities == (
        Entity(start=9, end=13, entity="city", value="Rome", role="at"),
    )
    assert data.examples[1].entities[0].value == "Rome"
    assert dict(data.synonyms) == {"Roma": "Rome", "the eternal city": "Rome"}
    assert data.lookup_tables == {"city": ("Rome",), "dish": ("Soup",)}
    assert [one.pattern for one in data.regexes] == ["[0-9]{5}"]


def test_characters_beyond_the_basic_plane_count_as_one():
    text = json.dumps({"rasa_nlu_data": {"common_examples": [{"text": "😀 \\u x", "intent": "a"}]}})
    assert "\\ud83d" in text
    data, problems = read(text)
    assert problems == []
    assert [one.text for one in data.examples] == ["😀 \\u x"]


@pytest.mark.parametrize(
    ("lists", "codes"),
    [
        ({"common_examples": [{"intent": "a"}]}, ["T340"]),
        ({"common_examples": [{"text": "", "intent": "a"}]}, ["T340"]),
        ({"common_examples": [{"text": "x", "intent": 5}]}, ["T340"]),
        ({"common_examples": [{"text": "x", "intent": "a/b/c"}]}, ["T338"]),
        ({"common_examples": [{"text": "x", "entities": 5}]}, ["T340"]),
        ({"common_examples": [{"text": "x", "entities": [{"start": 0, "end": 1}]}]}, ["T340"]),
        (
            {
                "common_examples": [
                    {"text": "x", "entities": [{"start": "0", "end": 1, "entity": "e"}]}
                ]
            },
            ["T340"],
        ),
        (
            {
                "common_examples": [
                    {"text": "x", "entities": [{"start": 0, "end": 1, "entity": "e", "value": []}]}
                ]
            },
            ["T340"],
        ),
        (
            {
                "common_examples": [
                    {"text": "x", "entities": [{"start": 0, "end": 1, "entity": "e", "role": 5}]}
                ]
            },
            ["T340"],
        ),
        ({"common_examples": 5}, ["T340"]),
        ({"common_exampels": []}, ["T331"]),
        ({"intent_examples": [{"text": "x", "intent": "a"}]}, ["T341"]),
        ({"regex_features": [{"name": "x"}]}, ["T340"]),
        ({"lookup_tables": [{"name": "x"}]}, ["T340"]),
        ({"lookup_tables": [{"name": "x", "elements": [5]}]}, ["T340"]),
        ({"lookup_tables": [{"name": "x", "elements": "gone.txt"}]}, ["T339"]),
        ({"entity_synonyms": [{"value": "x"}]}, ["T340"]),
    ],
)
def test_what_is_wrong_is_noted(lists: dict[str, Any], codes: list[str]):
    assert [one.split(":")[0] for one in read(content(**lists))[1]] == codes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"rasa_nlu_data": {\n},}', ["T331:2"]),
        ('{"rasa_nlu_data": {},\n "more": 1}', ["T331:2"]),
        ("{}", ["T331:1"]),
        ('{"luis_schema_version": "2"}', ["T342:1"]),
        ('{"rasa_nlu_data": 5}', ["T340:1"]),
        ('{"rasa_nlu_data": {"common_examples": [\n{"text": ""}]}}', ["T340:2"]),
    ],
)
def test_the_root_must_be_nlu_data(text: str, expected: list[str]):
    assert read(text)[1] == expected


def test_old_lists_are_read_with_the_new_one():
    data, _ = read(
        content(
            entity_examples=[{"text": "x"}],
            common_examples=[{"text": "y", "intent": "a"}],
        )
    )
    assert [one.text for one in data.examples] == ["y", "x"]
