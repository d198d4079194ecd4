"""Feature vectors of slots, row by row of the table of types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.errors import DomainError
from tertulia.core.domain.model import Generation, Slot
from tertulia.core.slots import SLOT_TYPES, categories, dimension, features

LEGACY, MODERN = Generation.LEGACY, Generation.MODERN


def slot_of(kind: str, **keys: object) -> Slot:
    return Slot(name="s", type=kind, **keys)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("generation", Generation)
def test_text_counts_as_set_even_when_empty(generation: Generation) -> None:
    assert features(slot_of("text"), "", generation) == (1.0,)
    assert features(slot_of("text"), None, generation) == (0.0,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (0.0, 0.0)),
        (True, (1.0, 1.0)),
        (False, (1.0, 0.0)),
        (2, (1.0, 1.0)),
        ("0", (1.0, 0.0)),
        ("true", (0.0, 0.0)),
        ([], (0.0, 0.0)),
    ],
)
def test_legacy_bool_reads_numbers(value: object, expected: tuple[float, ...]) -> None:
    assert features(slot_of("bool"), value, LEGACY) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (0.0, 0.0)),
        (True, (1.0, 1.0)),
        (1.0, (1.0, 1.0)),
        (2, (1.0, 0.0)),
        ("1", (1.0, 1.0)),
        (" TRUE ", (1.0, 1.0)),
        ("False", (1.0, 0.0)),
        ("yes", (0.0, 0.0)),
        ("½", (0.0, 0.0)),
        ({}, (0.0, 0.0)),
    ],
)
def test_modern_bool_reads_words_too(value: object, expected: tuple[float, ...]) -> None:
    assert features(slot_of("bool"), value, MODERN) == expected


@pytest.mark.parametrize(
    ("value", "inside"), [(1, 0.0), (12, 1.0), (6.5, 0.5), ("6.5", 0.5), (99, 1.0), (-3, 0.0)]
)
def test_float_is_cut_to_its_range_and_scaled(value: object, inside: float) -> None:
    slot = slot_of("float", min_value=1.0, max_value=12.0)
    assert features(slot, value, LEGACY) == (inside,)
    assert features(slot, value, MODERN) == (1.0, inside)


@pytest.mark.parametrize("value", [None, "many", [1], 10**400])
def test_float_without_a_number_is_unset(value: object) -> None:
    assert features(slot_of("float"), value, LEGACY) == (0.0,)
    assert features(slot_of("float"), value, MODERN) == (0.0, 0.0)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize(
    ("value", "expected"), [([1], 1.0), ([], 0.0), (None, 0.0), ("ab", 1.0), (5, 0.0)]
)
def test_list_tells_whether_it_holds_something(
    value: object, expected: float, generation: Generation
) -> None:
    assert features(slot_of("list"), value, generation) == (expected,)


def test_categorical_compares_without_case_and_first_match_wins() -> None:
    slot = slot_of("categorical", values=("gold", "true", "gold"))
    assert features(slot, "GOLD", LEGACY) == (1.0, 0.0, 0.0)
    assert features(slot, True, LEGACY) == (0.0, 1.0, 0.0)


def test_a_value_that_is_not_listed_is_other_in_the_modern_generation_only() -> None:
    slot = slot_of("categorical", values=("gold", "silver"))
    assert features(slot, "bronze", LEGACY) == (0.0, 0.0)
    assert features(slot, "bronze", MODERN) == (0.0, 0.0, 1.0)
    assert features(slot, None, MODERN) == (0.0, 0.0, 0.0)


def test_other_is_not_added_when_it_is_listed() -> None:
    slot = slot_of("categorical", values=("__other__", "gold"))
    assert categories(slot, MODERN) == ("__other__", "gold")
    assert features(slot, "bronze", MODERN) == (1.0, 0.0)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("kind", SLOT_TYPES)
def test_a_slot_without_influence_has_no_features(kind: str, generation: Generation) -> None:
    slot = slot_of(kind, influence_conversation=False, values=("a",))
    assert features(slot, "a", generation) == ()
    assert dimension(slot, generation) == 0


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(DomainError, match="unknown type 'colour'"):
        features(slot_of("colour"), 1, MODERN)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(SLOT_TYPES),
    value=VALUES,
    values=st.lists(st.text(max_size=3), max_size=4),
    generation=st.sampled_from(Generation),
)
def test_every_value_gives_a_vector_of_the_slots_dimension_between_zero_and_one(
    kind: str, value: object, values: list[str], generation: Generation
) -> None:
    slot = slot_of(kind, values=tuple(values))
    vector = features(slot, value, generation)
    assert len(vector) == dimension(slot, generation)
    assert all(0.0 <= number <= 1.0 for number in vector)
