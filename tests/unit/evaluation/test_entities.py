"""Expected and predicted entities side by side."""

from tertulia.core.domain.model import Generation
from tertulia.evaluation.entities import aligned, found_entities, same_entities

TEXT = "from rome to oslo"
ROME = {"entity": "city", "start": 5, "end": 9, "value": "rome"}
OSLO = {"entity": "city", "start": 13, "end": 17, "value": "Oslo", "extractor": "x"}


def test_order_number_and_extractors_do_not_matter() -> None:
    first = found_entities(TEXT, [ROME, OSLO])
    second = found_entities(TEXT, [OSLO, {**ROME, "extractor": "y"}, ROME])
    assert same_entities(first, second, Generation.MODERN)


def test_the_number_matters_in_the_legacy_generation() -> None:
    once, twice = found_entities(TEXT, [ROME]), found_entities(TEXT, [ROME, ROME])
    assert same_entities(once, once, Generation.LEGACY)
    assert not same_entities(once, twice, Generation.LEGACY)


def test_another_value_type_or_place_is_another_entity() -> None:
    for change in ({"value": "Roma"}, {"entity": "town"}, {"start": 4}):
        changed = found_entities(TEXT, [{**ROME, **change}])
        assert not same_entities(found_entities(TEXT, [ROME]), changed, Generation.MODERN)


def test_entities_of_one_place_are_a_pair_and_others_stand_alone() -> None:
    expected = found_entities(TEXT, [ROME, OSLO])
    predicted = found_entities(TEXT, [{**OSLO, "entity": "town"}])
    assert aligned(expected, predicted) == [
        ("[rome](city)", "None"),
        (
            '[oslo]{"entity": "city", "value": "Oslo"}',
            '[oslo]{"entity": "town", "value": "Oslo"}',
        ),
    ]


def test_what_nobody_expected_stands_against_none() -> None:
    assert aligned((), found_entities(TEXT, [ROME])) == [("None", "[rome](city)")]


def test_values_may_be_anything() -> None:
    listed = found_entities(TEXT, [{**ROME, "value": ["a", {"b": None}]}])
    assert same_entities(listed, listed, Generation.MODERN)
    assert aligned(listed, ()) == [
        ('[rome]{"entity": "city", "value": ["a", {"b": null}]}', "None")
    ]
