from functools import partial

import numpy as np
import pytest

from tertulia.ml.calibrate import COLDEST, best_temperature, best_weight, held_out_logits
from tertulia.ml.softmax import Recipe, SparseSoftmax, softmax
from tertulia.ml.sparse import Row


def test_boastful_logits_are_cooled_to_their_success_rate():
    logits = np.array([[6.0, 0.0]] * 10, dtype=np.float32)
    labels = [0] * 8 + [1] * 2
    found = softmax(logits[:1] / np.float32(best_temperature([logits], [labels])))
    assert float(found[0, 0]) == pytest.approx(0.8, abs=0.1)


def test_logits_that_are_always_right_are_sharpened():
    logits = np.array([[0.5, 0.0], [0.0, 0.5]], dtype=np.float32)
    assert best_temperature([logits], [[0, 1]]) == pytest.approx(COLDEST, rel=1e-3)


def test_without_examples_nothing_is_scaled():
    assert best_temperature([np.zeros((0, 2), dtype=np.float32)], [[]]) == 1.0


def test_held_out_logits_do_not_know_their_own_example():
    rows: list[Row] = [([at], [1.0]) for at in range(4)]
    labels = [0, 0, 1, 1]
    train = partial(SparseSoftmax.train, classes=2, features=4, recipe=Recipe(epochs=20))
    unseen = held_out_logits(rows, labels, train=train, classes=2, folds=2, seed=0)
    assert sorted(unseen.examples) == [0, 1, 2, 3]
    assert np.all(np.abs(unseen.logits[:, 0] - unseen.logits[:, 1]) < 0.5)


def test_each_part_is_held_out_once():
    rows: list[Row] = [([0], [1.0])] * 10
    train = partial(SparseSoftmax.train, classes=2, features=1, recipe=Recipe(epochs=2))
    unseen = held_out_logits(rows, [0, 1] * 5, train=train, classes=2, folds=5, seed=0)
    assert sorted(unseen.examples) == list(range(10))
    assert unseen.logits.shape == (10, 2)


def test_a_second_opinion_counts_as_far_as_it_makes_answers_likelier():
    torn = np.zeros((20, 2), dtype=np.float32)
    right = np.tile(np.asarray([[1.0, -1.0]], dtype=np.float32), (20, 1))
    assert best_weight(torn, right, [0] * 20) > 0
    assert best_weight(right, -right, [0] * 20) == 0
