import numpy as np
import pytest

from tertulia.ml.evidence import Evidence
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import Row

ROWS: list[Row] = [([0, 1], [1.0, 1.0]), ([0, 2], [1.0, 1.0]), ([0, 2], [1.0, 1.0])]
LABELS = [1, 1, 0]


@pytest.fixture
def evidence() -> Evidence:
    return Evidence.of(ROWS, [[0, 1], [0, 2], [0, 2]], LABELS, features=4)


def test_a_row_with_one_label_is_certain(evidence: Evidence) -> None:
    assert evidence.of_row(([0, 1], [1.0, 1.0])) == 1.0


def test_the_order_of_a_rows_entries_does_not_matter(evidence: Evidence) -> None:
    assert evidence.of_row(([1, 0], [1.0, 1.0])) == 1.0


def test_a_row_with_two_labels_is_a_coin_flip(evidence: Evidence) -> None:
    assert evidence.of_row(([0, 2], [1.0, 1.0])) == 0.0


def test_another_row_has_no_evidence(evidence: Evidence) -> None:
    assert evidence.of_row(([0], [1.0])) is None
    assert evidence.of_row(([0, 1], [1.0, 0.5])) is None


def test_a_feature_leads_to_its_most_frequent_label_as_far_as_the_second_is_behind(
    evidence: Evidence,
) -> None:
    assert evidence.of_features([0], 1) == pytest.approx(1 - 0.5**2)
    assert evidence.of_features([0], 0) == 0.0


def test_the_clearest_feature_counts(evidence: Evidence) -> None:
    assert evidence.of_features([0, 1], 1) == 1.0


def test_a_feature_that_decides_nowhere_leads_nowhere(evidence: Evidence) -> None:
    assert evidence.of_features([3], 0) == 0.0
    assert evidence.of_features([], 1) == 0.0


def test_no_examples_are_no_evidence() -> None:
    nothing = Evidence.of([], [], [], features=2)
    assert nothing.of_row(([0], [1.0])) is None
    assert nothing.of_features([0, 1], 0) == 0.0


def test_evidence_comes_back_from_its_parts(evidence: Evidence) -> None:
    again = Evidence.from_parts(evidence.parts())
    assert again.of_row(([0, 2], [1.0, 1.0])) == 0.0
    assert again.of_features([0], 1) == evidence.of_features([0], 1)


def test_arrays_that_do_not_fit_together_are_refused(evidence: Evidence) -> None:
    arrays = {**evidence.parts().arrays, "leads": np.zeros(1, dtype=np.float32)}
    with pytest.raises(ValueError, match="evidence"):
        Evidence.from_parts(Parts(arrays=arrays))
