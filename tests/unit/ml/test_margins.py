import numpy as np
import pytest

from tertulia.ml.margins import Margins, Practice
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import Csr, Entries, Row

# Classes overlap in a feature that says nothing.
ROWS: list[Row] = [
    ([0, 3], [1.0, 1.0]),
    ([1, 3], [1.0, 1.0]),
    ([2, 3], [1.0, 1.0]),
    ([1, 2], [1.0, 0.2]),
] * 8
LABELS = [0, 1, 2, 1] * 8
PRACTICE = Practice(epochs=60, batch=8, dropout=0.1)


def trained(practice: Practice = PRACTICE) -> Margins:
    return Margins.train(Csr.of(ROWS, columns=4), LABELS, classes=3, practice=practice)


def test_the_right_class_is_above_one_side_and_others_below_the_other():
    for row, label in zip(ROWS[:4], LABELS[:4], strict=True):
        margins = trained().logits(Entries.of(*row))
        assert margins[label] > 0.5
        assert np.delete(margins, label).max() < -0.5


def test_a_row_without_features_is_of_no_class():
    assert trained().logits(Entries.of([], [])).max() < 0


def test_the_same_seed_gives_the_same_bytes():
    first, second = trained().parts().arrays, trained().parts().arrays
    assert [one.tobytes() for one in first.values()] == [one.tobytes() for one in second.values()]


def test_its_parts_make_the_same_margins():
    again = Margins.from_parts(trained().parts())
    row = Entries.of(*ROWS[0])
    assert np.array_equal(again.logits(row), trained().logits(row))


def test_parts_that_do_not_fit_are_refused():
    arrays = {**trained().parts().arrays, "bias": np.zeros(5, dtype=np.float32)}
    with pytest.raises(ValueError, match="do not fit"):
        Margins.from_parts(Parts(arrays=arrays))


def test_a_step_goes_down_the_gradient_of_the_squared_hinge():
    def loss(epochs: int) -> float:
        practice = Practice(epochs=epochs, batch=4, dropout=0.0, rate=1e-3)
        matrix = Csr.of(ROWS[:4], columns=4)
        found = Margins.train(matrix, LABELS[:4], classes=3, practice=practice)
        short = 0.0
        for row, label in zip(ROWS[:4], LABELS[:4], strict=True):
            signs = np.where(np.arange(3) == label, 1.0, -1.0)
            margins = found.logits(Entries.of(*row))
            short += float((np.maximum(0, 1 - signs * margins) ** 2).sum())
        return short

    assert loss(1) < loss(0)
