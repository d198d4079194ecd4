"""Plain data to YAML text."""

import pytest

from tertulia.data.yaml import dump


def test_mappings_lists_and_blocks_are_written_as_people_write_them():
    data = {
        "nlu": [{"intent": "greet", "examples": "- hi\n- hey\n"}],
        "text": "one\ntwo",
        "lists": [["a", "b"], [], {}],
        "count": 5,
        "on": True,
        "nothing": None,
    }
    assert dump(data) == (
        "nlu:\n- intent: greet\n  examples: |\n    - hi\n    - hey\n"
        "text: |-\n  one\n  two\n"
        "lists:\n- - a\n  - b\n- []\n- {}\n"
        'count: 5\n"on": true\nnothing: null\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "on",
        "null",
        "~",
        "",
        "5",
        "010",
        "1e3",
        "12:30",
        "2020-01-01",
        "true",
        "y",
        "- a",
        "a: b",
        "a #b",
        "# a",
        "${A}",
        "&a",
        "*a",
        "!a",
        "@a",
        "%a",
        "'a",
        " a",
        "a ",
        "a:",
    ],
)
def test_text_that_looks_like_something_else_is_quoted(text: str):
    assert dump(text) == f'"{text}"\n'


@pytest.mark.parametrize("text", ["utter_greet", "Grüße, alle!", "/restart", "a:b", "a [x](y)"])
def test_ordinary_text_is_written_as_it_is(text: str):
    assert dump(text) == f"{text}\n"


def test_a_type_that_yaml_has_no_form_for_is_refused():
    with pytest.raises(TypeError, match="no form for set"):
        dump({"a": {1, 2}})
