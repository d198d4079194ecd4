"""Markdown NLU data and response files."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import NluData, read_nlu_text


def read(text: str, file: str = "nlu.md") -> tuple[NluData, list[str]]:
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file=file, must_fit=True, diagnostics=diagnostics)
    return data, [f"{p.code}:{p.at.line}" for p in diagnostics.problems if p.at]


def test_every_kind_of_section_is_read_with_its_lines():
    data, problems = read(
        "<!-- a comment\n over lines -->\n"
        "## intent:book\n- a table for [two](people:2)\n* in [Rome](city)\n+ now\n"
        "## synonym:Rome\n- the eternal city\n"
        "## regex:zip\n- [0-9]{5}\n- [0-9]{4}\n"
        "## lookup:city\n- Rome\n- Oslo\n"
    )
    assert problems == []
    assert [(one.text, one.intent, one.span.line) for one in data.examples] == [
        ("a table for two", "book", 4),
        ("in Rome", "book", 5),
        ("now", "book", 6),
    ]
    assert dict(data.synonyms) == {"two": "2", "the eternal city": "Rome"}
    assert [(one.name, one.pattern) for one in data.regexes] == [
        ("zip", "[0-9]{5}"),
        ("zip", "[0-9]{4}"),
    ]
    assert data.lookup_tables == {"city": ("Rome", "Oslo")}


def test_a_retrieval_intent_has_a_base_and_a_key():
    data, _ = read("## intent: faq/name\n- who are you\n")
    [example] = data.examples
    assert (example.intent, example.response_key, example.label) == (
        "faq",
        "faq/name",
        "faq/name",
    )
    assert data.retrieval_intents == ["faq"]


def test_a_lookup_file_is_read_from_beside_the_data(tmp_path: Path):
    (tmp_path / "my-dishes.txt").write_text("Soup\n\n Bread \n")
    data, problems = read("## lookup:dish\nmy-dishes.txt\n", str(tmp_path / "nlu.md"))
    assert problems == []
    assert data.lookup_tables == {"dish": ("Soup", "Bread")}


def test_a_lookup_file_is_read_from_the_working_directory_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "dishes.txt").write_text("Soup\n")
    monkeypatch.chdir(tmp_path)
    data, problems = read("## lookup:dish\ndishes.txt\n", str(tmp_path / "data" / "nlu.md"))
    assert problems == []
    assert data.lookup_tables == {"dish": ("Soup",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## lookup:dish\nnowhere.txt\n", ["T339:2"]),
        ("- early\n## intent:a\n- x\n", ["T335:1"]),
        ("## intent:a\n- x\n## entity:b\n- y\n", ["T335:3"]),
        ("## intent:a\n- x\nsome prose\n", ["T335:3"]),
        ("## intent: \n## intent:a\n- x\n", ["T335:1"]),
        ("## intent:a\n## intent:b\n- x\n", ["T337:1"]),
        ("## intent:a/b/c\n- x\n", ["T338:1"]),
        ("## intent:a\n- [x]{bad}\n", ["T333:2"]),
        ("# A title\n## intent:a\n- x\n", []),
    ],
)
def test_problems_are_noted_with_their_line(text: str, expected: list[str]):
    assert read(text)[1] == expected


def test_bullets_below_an_unknown_header_stay_in_the_section_before():
    data, _ = read("## intent:a\n- x\n## entity:b\n- y\n")
    assert [(one.intent, one.text) for one in data.examples] == [("a", "x"), ("a", "y")]


def test_a_response_file_gives_one_variation_a_bullet():
    data, problems = read("## ask name\n* faq/name\n  - It is Bob.\n  - Bob!\n")
    assert problems == []
    [(name, variations)] = data.responses.items()
    assert name == "utter_faq/name"
    assert [one.plain() for one in variations] == [{"text": "It is Bob."}, {"text": "Bob!"}]


@pytest.mark.parametrize(
    "text",
    [
        "## happy path\n* greet\n  - utter_greet\n",
        '## path\n* inform{"a": "b/c"}\n  - utter_x\n',
        "## only actions\n  - utter_x\n",
    ],
)
def test_stories_are_passed_over(text: str):
    assert read(text) == (NluData(), [])


def test_a_text_of_no_known_format_is_an_error():
    assert read("just some words")[1] == ["T330:0"]
