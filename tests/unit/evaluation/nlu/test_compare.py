"""Configurations side by side."""

import pytest
from tests.unit.evaluation.nlu.data import KEYWORDS, examples, train

from tertulia.data.nlu import NluData
from tertulia.evaluation.nlu.compare import compare_nlu, split
from tertulia.nlu.pipeline import Pipeline

_LEARNS = """\
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: LogisticRegressionClassifier
"""


def learn(data: NluData) -> Pipeline:
    return train(data, _LEARNS)


def match(data: NluData) -> Pipeline:
    return train(data, KEYWORDS)


def test_each_configuration_has_a_figure_for_each_run_and_percentage() -> None:
    data = examples(30, "a", "b")
    found = compare_nlu({"one": learn, "two": match}, data, runs=2, percentages=(0, 50))
    assert found.results() == {"one": [[1.0, 1.0], [1.0, 1.0]], "two": [[0.0, 0.0], [0.0, 0.0]]}


def test_the_curve_goes_from_few_examples_to_many() -> None:
    found = compare_nlu(
        {"one": learn}, examples(30, "apples", "trains"), runs=1, percentages=(0, 75)
    )
    drawn = found.chart()
    assert drawn.places == [12, 48]
    assert drawn.curves[0].means == [1.0, 1.0]


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
def test_a_split_keeps_the_share_of_each_label(fraction: float) -> None:
    data = examples(10, "a").merge(examples(20, "b"))
    first, second = split(data.examples, fraction, seed=3)
    assert sum(one.label == "a" for one in first) == round(10 * fraction)
    assert sum(one.label == "b" for one in first) == round(20 * fraction)
    assert len(first) + len(second) == 30


def test_a_label_with_two_examples_is_on_both_sides() -> None:
    first, second = split(examples(2, "a").examples, 0.9, seed=1)
    assert (len(first), len(second)) == (1, 1)


def test_less_data_is_part_of_more_data() -> None:
    data = examples(20, "a", "b").examples
    half, _ = split(data, 0.5, seed=7)
    more, _ = split(data, 0.75, seed=7)
    assert {one.text for one in half} < {one.text for one in more}
