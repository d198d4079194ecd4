"""Entities as labels of words."""

from tertulia.evaluation.nlu.results import EntityResult
from tertulia.evaluation.nlu.tokens import words_of


def result(expected: list[dict[str, object]], predicted: list[dict[str, object]]) -> EntityResult:
    return EntityResult(
        text="from new york", tokens=((0, 4), (5, 8), (9, 13)), expected=expected,
        predicted=predicted,
    )  # fmt: skip


def entity(start: int, end: int, **more: object) -> dict[str, object]:
    return {"start": start, "end": end, "entity": "city", "extractor": "X", **more}


def labels(found: EntityResult) -> list[tuple[str, str]]:
    return [(word.expected, word.predicted) for word in words_of(found, "X")]


def test_each_word_of_an_entity_has_its_label() -> None:
    assert labels(result([entity(5, 13)], [entity(9, 13)])) == [
        ("no_entity", "no_entity"),
        ("city", "no_entity"),
        ("city", "city"),
    ]


def test_role_and_group_are_part_of_the_label() -> None:
    assert labels(result([entity(5, 8, role="to", group="1")], []))[1][0] == "city.1.to"


def test_only_the_extractor_itself_is_judged() -> None:
    other = entity(5, 13) | {"extractor": "Y"}
    assert labels(result([], [other])) == [("no_entity", "no_entity")] * 3


def test_a_word_belongs_to_the_entity_that_covers_most_of_it() -> None:
    found = result([], [entity(4, 6), entity(6, 8) | {"entity": "state"}])
    assert labels(found)[1][1] == "state"


def test_the_confidence_is_that_of_the_predicted_entity() -> None:
    found = result([], [entity(5, 8, confidence_entity=0.25)])
    assert [word.confidence for word in words_of(found, "X")] == [None, 0.25, None]
