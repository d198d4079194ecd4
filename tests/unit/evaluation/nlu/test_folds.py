"""Cross-validation: what is in which fold, and what comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evaluation.nlu.data import examples, train

from tertulia.base.errors import DataError
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import NluData
from tertulia.evaluation.nlu.folds import cross_validate, split_evenly
from tertulia.nlu.pipeline import Pipeline

_LEARNS = """\
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: LogisticRegressionClassifier
"""


def learn(data: NluData) -> Pipeline:
    return train(data, _LEARNS)


@given(st.integers(2, 6), st.integers(0, 3), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_folds_part_the_examples_and_share_each_label_evenly(
    count: int, seed: int, sizes: list[int]
) -> None:
    found = [
        one
        for number, size in enumerate(sizes)
        for one in examples(size, f"label{number}").examples
    ]
    parts = split_evenly(found, count, seed)
    assert sorted(one.text for part in parts for one in part) == sorted(one.text for one in found)
    for number in range(len(sizes)):
        shares = [sum(one.label == f"label{number}" for one in part) for part in parts]
        assert max(shares) - min(shares) <= 1
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_same_seed_makes_the_same_folds_and_another_seed_others() -> None:
    data = examples(20, "a", "b")
    assert split_evenly(data.examples, 5, 1) == split_evenly(data.examples, 5, 1)
    assert split_evenly(data.examples, 5, 1) != split_evenly(data.examples, 5, 2)


def test_every_example_is_tested_by_a_pipeline_that_did_not_learn_it() -> None:
    seen: list[set[str]] = []

    def note(data: NluData) -> Pipeline:
        seen.append({one.text for one in data.examples})
        return learn(data)

    data = examples(4, "a", "b")
    found = cross_validate(data, note, generation=Generation.MODERN, folds=4)
    assert sorted(one.text for one in found.test.intents) == sorted(
        one.text for one in data.examples
    )
    assert [len(texts) for texts in seen] == [6, 6, 6, 6]


def test_means_and_deviations_are_given_for_train_and_test() -> None:
    found = cross_validate(examples(6, "a", "b"), learn, generation=Generation.MODERN, folds=3)
    assert set(found.on_test["intent"]) == {"Accuracy", "F1-score", "Precision"}
    assert found.on_test["intent"]["Accuracy"].mean == 1.0
    assert str(found.on_train["intent"]["F1-score"]) == "1.000 (0.000)"


def test_intents_with_fewer_examples_than_folds_are_left_out_and_named() -> None:
    data = examples(5, "often").merge(examples(2, "rare"))
    found = cross_validate(data, learn, generation=Generation.MODERN, folds=3)
    assert found.left_out == ["rare"]
    assert {one.expected for one in found.test.intents} == {"often"}


def test_0x_leaves_out_intents_with_fewer_than_five_examples() -> None:
    data = examples(5, "often").merge(examples(4, "rare"))
    found = cross_validate(data, learn, generation=Generation.LEGACY, folds=2)
    assert found.left_out == ["rare"]


def test_too_few_examples_altogether_is_an_error() -> None:
    with pytest.raises(DataError, match="3 examples, which 3 folds need; the most is 2"):
        cross_validate(examples(2, "a"), learn, generation=Generation.MODERN, folds=3)
