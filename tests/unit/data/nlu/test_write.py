"""NLU data to text."""

from collections.abc import Callable
from typing import Any

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.data.nlu import (
    Entity,
    Example,
    Lookup,
    NluData,
    Regex,
    read_nlu_text,
    write_json,
    write_markdown,
    write_yaml,
)

AT = SourceSpan("f", 1)


def example(text: str, intent: str | None = "a", **more: Any) -> Example:
    return Example(text=text, intent=intent, span=AT, **more)


def test_yaml_is_written_as_people_write_it():
    data = NluData(
        examples=(
            example("hi", "greet"),
            example("in Rome", "book", entities=(Entity(start=3, end=7, entity="c", value="R"),)),
            example("hey", "greet"),
            example("x", "m", metadata={"intent": 1, "example": {"k": "v"}}),
        ),
        regexes=(Regex("zip", r"\d+", AT),),
        lookups=(Lookup("city", ("Rome", "Oslo"), AT),),
    )
    assert write_yaml(data) == (
        'version: "3.1"\nnlu:\n'
        "- intent: greet\n  examples: |\n    - hi\n    - hey\n"
        "- intent: book\n  examples: |\n    - in [Rome](c:R)\n"
        "- intent: m\n  metadata: 1\n  examples:\n  - text: x\n    metadata:\n      k: v\n"
        "- regex: zip\n  examples: |\n    - \\d+\n"
        "- lookup: city\n  examples: |\n    - Rome\n    - Oslo\n"
    )


def test_markdown_is_written_as_people_write_it():
    data = NluData(examples=(example("hi"), example("- hey")), regexes=(Regex("z", "[0]", AT),))
    assert write_markdown(data) == "## intent:a\n- hi\n- - hey\n\n## regex:z\n- [0]\n"


def test_responses_are_written_to_yaml():
    diagnostics = Diagnostics()
    text = 'version: "3.1"\nnlu: []\nresponses:\n  utter_a:\n  - text: hi\n'
    data = read_nlu_text(text, file="f.yml", diagnostics=diagnostics)
    assert write_yaml(data) == text


RESPONSES = read_nlu_text(
    "responses: {utter_a: [{text: hi}]}", file="f.yml", diagnostics=Diagnostics()
)


@pytest.mark.parametrize(
    ("write", "data"),
    [
        (write_yaml, NluData(examples=(example("x", None),))),
        (write_yaml, NluData(examples=(example(" x"),))),
        (write_yaml, NluData(examples=(example("[x](y)"),))),
        (write_yaml, NluData(regexes=(Regex("r", "a\nb", AT),))),
        (write_yaml, NluData(regexes=(Regex(" r", "a", AT),))),
        (write_markdown, NluData(examples=(example("x", metadata={"example": 1}),))),
        (write_markdown, NluData(examples=(example("x\ny"),))),
        (write_markdown, NluData(examples=(example("<!-- x"),))),
        (write_markdown, RESPONSES),
        (write_json, RESPONSES),
    ],
)
def test_what_a_format_cannot_hold_is_refused(write: Callable[[NluData], str], data: NluData):
    with pytest.raises(DataError) as caught:
        write(data)
    assert caught.value.code == "T358"
