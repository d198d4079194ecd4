"""YAML NLU data."""

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import NluData, read_nlu_text


def read(text: str, **env: str) -> tuple[NluData, list[str]]:
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file="nlu.yml", env=env, diagnostics=diagnostics)
    return data, [f"{p.code}:{p.at.line}" for p in diagnostics.problems if p.at]


FULL = r"""
version: "3.1"
nlu:
- intent: book
  metadata: {sentiment: neutral}
  examples: |
    - a table for [two](people:2)
    - table please
- intent: faq/name
  examples:
  - text: |
      what is
      your name
    metadata: {source: web}
  - text: "who?"
- synonym: Rome
  examples: |
    - the eternal city
- regex: zip
  examples: |
    - \d{5}
- lookup: city
  examples: |
    - Rome
    - Oslo
stories: []
responses:
  utter_faq/name:
  - text: It is Bob.
"""


def test_every_kind_of_section_is_read():
    data, problems = read(FULL)
    assert problems == []
    assert [(one.text, one.label, one.span.line) for one in data.examples] == [
        ("a table for two", "book", 7),
        ("table please", "book", 8),
        ("what is\nyour name", "faq/name", 11),
        ("who?", "faq/name", 15),
    ]
    assert [one.metadata for one in data.examples] == [
        {"intent": {"sentiment": "neutral"}},
        {"intent": {"sentiment": "neutral"}},
        {"example": {"source": "web"}},
        {},
    ]
    assert dict(data.synonyms) == {"two": "2", "the eternal city": "Rome"}
    assert [(one.name, one.pattern, one.span.line) for one in data.regexes] == [
        ("zip", r"\d{5}", 21)
    ]
    assert data.lookup_tables == {"city": ("Rome", "Oslo")}
    assert data.intents == ["book", "faq"]
    assert data.entity_types == ["people"]
    assert [one.plain() for one in data.responses["utter_faq/name"]] == [{"text": "It is Bob."}]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("- intent: a\n  examples: |\n    - x\n    y\n\n    - z", ["T334:5", "T334:6"]),
        ("- intent: a\n  examples: |\n    - x\n    -", ["T334:5"]),
        ("- intent: ''\n  examples: |\n    - x", ["T336:2"]),
        ("- intent: a", ["T337:2"]),
        ("- synonym: a\n  examples: ''", ["T337:2"]),
        ("- intent: a/b/c\n  examples: |\n    - x", ["T338:2"]),
        ("- intent: 5\n  examples: |\n    - x", ["T332:2"]),
        ("- intent: a\n  example: |\n    - x", ["T332:3", "T337:2"]),
        ("- intent: a\n  regex: b\n  examples: |\n    - x", ["T332:3"]),
        ("- entity: a", ["T332:2"]),
        ("- just text", ["T332:2"]),
        ("- regex: a\n  examples:\n  - x", ["T332:4"]),
        ("- regex: a\n  metadata: 1\n  examples: |\n    - x", ["T332:3"]),
        ("- intent: a\n  examples:\n  - x", ["T332:4"]),
        ("- intent: a\n  examples:\n  - text: 5", ["T332:4"]),
        ("- intent: a\n  examples:\n  - text: ' '", ["T334:4"]),
        ("- intent: a\n  examples:\n  - {text: x, intent: b}", ["T332:4"]),
        ("- intent: a\n  examples: 5", ["T332:3"]),
        ("- intent: a\n  examples: |\n    - ok\n    - [x]{bad}", ["T333:5"]),
    ],
)
def test_problems_are_noted_with_their_line(section: str, expected: list[str]):
    assert sorted(read(f"nlu:\n{section}\n")[1]) == expected


def test_good_examples_beside_a_bad_one_are_kept():
    data, _ = read("nlu:\n- intent: a\n  examples: |\n    - ok\n    - [x]{bad}\n")
    assert [one.text for one in data.examples] == ["ok"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nlu: 5", ["T332:1"]),
        ("nlu:\n", []),
        ("responses: [a]", ["T343:1"]),
        ("responses:\n  utter_a: text", ["T343:2"]),
        ("stories: []", []),
        ("nlu:\n  url: http://localhost:5000", []),
        ("version: '9.9'\nnlu:\n- oops", ["T127:1"]),
        ("nlu: [\n", ["T110:2"]),
    ],
)
def test_what_is_at_the_root_decides(text: str, expected: list[str]):
    assert read(text)[1] == expected


def test_words_that_yaml_1_1_takes_for_booleans_are_text():
    data, problems = read("nlu:\n- intent: no\n  examples:\n  - text: yes\n")
    assert problems == []
    assert [(one.intent, one.text) for one in data.examples] == [("no", "yes")]


def test_variables_are_expanded_in_unquoted_values_only():
    data, problems = read(
        "nlu:\n- intent: a\n  examples:\n  - text: hi ${NAME}\n  - text: 'hi ${NAME}'\n", NAME="Bob"
    )
    assert problems == []
    assert [one.text for one in data.examples] == ["hi Bob", "hi ${NAME}"]
