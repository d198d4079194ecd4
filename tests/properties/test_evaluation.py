"""Figures of tests: what holds whatever was predicted."""

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.domain.model import Generation
from tertulia.evaluation.entities import NONE, FoundEntity, aligned, same_entities
from tertulia.evaluation.metrics import confusions, measure

LABELS = st.sampled_from(["a", "b", "c", "None"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=30)
ENTITIES = st.lists(
    st.builds(
        FoundEntity,
        text=st.just("from rome to oslo"),
        start=st.integers(0, 8),
        end=st.integers(9, 17),
        entity=st.sampled_from(["city", "town"]),
        value=st.sampled_from(['"rome"', "1", "null"]),
    ),
    max_size=6,
)


@given(pairs=PAIRS)
def test_accuracy_is_the_weighted_recall(pairs: list[tuple[str, str]]) -> None:
    found = measure([target for target, _ in pairs], [guess for _, guess in pairs])
    assert abs(found.accuracy - found.weighted.recall) < 1e-9
    assert found.accuracy == found.micro.recall
    assert found.weighted.support == len(pairs)


@given(pairs=PAIRS)
def test_every_score_is_a_share_and_f1_lies_between_its_parts(
    pairs: list[tuple[str, str]],
) -> None:
    found = measure([target for target, _ in pairs], [guess for _, guess in pairs])
    for one in found.labels.values():
        assert 0 <= min(one.precision, one.recall) <= one.f1 + 1e-9
        assert one.f1 <= max(one.precision, one.recall) + 1e-9 <= 1 + 1e-9


@given(pairs=PAIRS)
def test_a_matrix_counts_every_prediction_once(pairs: list[tuple[str, str]]) -> None:
    found = confusions([target for target, _ in pairs], [guess for _, guess in pairs])
    diagonal = sum(row[place] for place, row in enumerate(found["matrix"]))
    assert sum(map(sum, found["matrix"])) == len(pairs)
    assert diagonal == sum(target == guess for target, guess in pairs)


@given(expected=ENTITIES, predicted=ENTITIES)
def test_entities_stand_side_by_side_whoever_comes_first(
    expected: list[FoundEntity], predicted: list[FoundEntity]
) -> None:
    pairs = aligned(expected, predicted)
    assert [(guess, target) for target, guess in pairs] == aligned(predicted, expected)
    assert sorted(target for target, _ in pairs if target != NONE) == sorted(
        one.annotated for one in expected
    )
    assert sorted(guess for _, guess in pairs if guess != NONE) == sorted(
        one.annotated for one in predicted
    )


@given(expected=ENTITIES, predicted=ENTITIES)
def test_what_is_the_same_in_the_legacy_generation_is_the_same_later(
    expected: list[FoundEntity], predicted: list[FoundEntity]
) -> None:
    assert same_entities(expected, list(reversed(expected)), Generation.LEGACY)
    if same_entities(expected, predicted, Generation.LEGACY):
        assert same_entities(expected, predicted, Generation.MODERN)
