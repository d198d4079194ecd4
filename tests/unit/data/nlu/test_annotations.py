"""Entity annotations inside texts."""

from typing import Any

import pytest

from tertulia.base.errors import DataError
from tertulia.data.nlu import Entity, annotate, read_annotations


def entity(start: int, end: int, name: str, value: Any, **more: str) -> Entity:
    return Entity(start=start, end=end, entity=name, value=value, **more)


@pytest.mark.parametrize(
    ("written", "text", "entities"),
    [
        ("in [Rome](city)", "in Rome", [entity(3, 7, "city", "Rome")]),
        ("[two](people:2) of us", "two of us", [entity(0, 3, "people", "2")]),
        ("at [5](time:5:30)", "at 5", [entity(3, 4, "time", "5:30")]),
        (
            'to [LA]{"entity": "city", "role": "to", "value": "Los Angeles"}!',
            "to LA!",
            [entity(3, 5, "city", "Los Angeles", role="to")],
        ),
        ('[2]{"entity": "n", "value": 2}', "2", [entity(0, 1, "n", 2)]),
        (
            '[5pm][{"entity": "time"}, {"entity": "end", "group": "1"}]',
            "5pm",
            [entity(0, 3, "time", "5pm"), entity(0, 3, "end", "5pm", group="1")],
        ),
        (
            "[a](x) [b](y)",
            "a b",
            [entity(0, 1, "x", "a"), entity(2, 3, "y", "b")],
        ),
        ("see [1] and [a][b] (c)", "see [1] and [a][b] (c)", []),
        ("[a](x", "[a](x", []),
        ("no annotation (here)", "no annotation (here)", []),
    ],
)
def test_annotations_are_taken_out_and_counted_in_the_plain_text(
    written: str, text: str, entities: list[Entity]
):
    read = read_annotations(written)
    assert (read.text, list(read.entities)) == (text, entities)


@pytest.mark.parametrize(
    "written",
    [
        "[LA]{'entity': 'city'}",
        '[LA]{"role": "to"}',
        '[LA]{"entity": 5}',
        '[LA]{"entity": ""}',
        '[LA]{"entity": "c", "role": 1}',
        '[LA]{"entity": "c", "value": ["x"]}',
        '[LA]{"entity": "c", "value": true}',
        '[LA][{"entity": "c"}, {}]',
        "[LA]()",
    ],
)
def test_an_annotation_that_says_nothing_usable_is_refused(written: str):
    with pytest.raises(DataError) as caught:
        read_annotations(written)
    assert caught.value.code == "T333"
    assert written in caught.value.message


@pytest.mark.parametrize(
    ("text", "entities", "written"),
    [
        ("in Rome", [entity(3, 7, "city", "Rome")], "in [Rome](city)"),
        ("two", [entity(0, 3, "people", "2")], "[two](people:2)"),
        ("LA", [entity(0, 2, "c", "L)A")], '[LA]{"entity": "c", "value": "L)A"}'),
        ("LA", [entity(0, 2, "c", ")}")], '[LA]{"entity": "c", "value": ")\\u007d"}'),
        ("2", [entity(0, 1, "n", 2)], '[2]{"entity": "n", "value": 2}'),
        (
            "5",
            [entity(0, 1, "a", "5"), entity(0, 1, "b", "5", group="1")],
            '[5][{"entity": "a"}, {"entity": "b", "group": "1"}]',
        ),
    ],
)
def test_entities_are_written_in_the_shortest_form(text: str, entities: list[Entity], written: str):
    assert annotate(text, entities) == written


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("abc", [entity(0, 2, "x", "ab"), entity(1, 3, "y", "bc")]),
        ("abc", [entity(1, 1, "x", "")]),
        ("a]c", [entity(0, 3, "x", "a]c")]),
        ("abc", [entity(2, 9, "x", "c")]),
        ("see [this](link)", []),
    ],
)
def test_what_annotations_cannot_express_is_refused(text: str, entities: list[Entity]):
    with pytest.raises(DataError) as caught:
        annotate(text, entities)
    assert caught.value.code == "T358"
