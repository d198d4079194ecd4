import numpy as np
import pytest

from tertulia.ml.softmax import Recipe, SparseSoftmax, softmax
from tertulia.ml.sparse import Csr, Row

ROWS: list[Row] = [([0, 1], [1.0, 1.0]), ([0, 2], [1.0, 1.0]), ([3], [1.0]), ([3, 4], [1.0, 0.5])]
LABELS = [0, 0, 1, 1]


def trained(
    *, batch: int = 64, seed: int = 0, class_weights: list[float] | None = None
) -> SparseSoftmax:
    recipe = Recipe(epochs=50, batch=batch, seed=seed)
    return SparseSoftmax.train(
        ROWS, LABELS, classes=2, features=5, recipe=recipe, class_weights=class_weights
    )


def test_training_examples_are_told_apart():
    model = trained()
    found = [int(model.probabilities(*row).argmax()) for row in ROWS]
    assert found == LABELS


def test_probabilities_sum_to_one_even_for_an_empty_row():
    model = trained()
    assert float(model.probabilities([], []).sum()) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_weights():
    first, second = trained(batch=2, seed=3), trained(batch=2, seed=3)
    assert np.array_equal(first.parts().array("weights"), second.parts().array("weights"))


def test_a_heavier_class_gets_more_probability():
    plain = trained().probabilities([], [])
    heavy = trained(class_weights=[1.0, 10.0]).probabilities([], [])
    assert heavy[1] > plain[1]


def test_an_example_of_weight_zero_teaches_nothing():
    rows: list[Row] = [([0], [1.0]), ([1], [1.0]), ([1], [1.0])]
    model = SparseSoftmax.train(
        rows, [0, 1, 0], classes=2, features=2, example_weights=[1.0, 1.0, 0.0]
    )
    assert int(model.probabilities([1], [1.0]).argmax()) == 1


def test_explanation_names_the_feature_that_decided():
    model = trained()
    strongest = model.explain(([3, 1], [1.0, 0.0]), 1, top=1)
    assert strongest[0].feature == 3
    assert strongest[0].amount > 0


def test_parts_restore_the_same_answers():
    model = trained()
    restored = SparseSoftmax.from_parts(model.parts())
    assert np.array_equal(model.probabilities([0], [1.0]), restored.probabilities([0], [1.0]))


def test_a_label_outside_the_classes_is_refused():
    with pytest.raises(ValueError, match="label"):
        SparseSoftmax.train(ROWS, [0, 0, 1, 2], classes=2, features=5)


def test_a_feature_outside_the_columns_is_refused():
    with pytest.raises(ValueError, match="feature"):
        Csr.of([([7], [1.0])], columns=5)


def test_a_repeated_index_adds_up_in_a_block():
    block = Csr.of([([2, 2], [1.0, 2.0]), ([], [])], columns=4).block(np.array([1, 0]))
    assert block.columns.tolist() == [2]
    assert block.dense().tolist() == [[0.0], [3.0]]


def test_softmax_survives_large_logits():
    assert softmax(np.array([1000.0, 0.0], dtype=np.float32)).tolist() == [1.0, 0.0]
