import numpy as np
import pytest

from tertulia.ml.labels import outside_of, ranked, with_outside

KNOWN = np.asarray([[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]], dtype=np.float32)


def test_without_a_place_outside_confidences_sum_to_one():
    best = ranked(np.asarray([1.0, 3.0, 2.0], dtype=np.float32), 1.0, 0)
    assert [at for at, _ in best] == [1, 2, 0]
    assert sum(sure for _, sure in best) == pytest.approx(1.0)
    assert len(ranked(np.zeros(5, dtype=np.float32), 1.0, 2)) == 2


def test_what_is_like_no_label_is_less_sure_than_what_is_like_two():
    outside = outside_of(KNOWN)
    flat = ranked(np.asarray([1.0, 0.0, 0.0], dtype=np.float32), 0.6, 0, outside)
    alike = ranked(np.asarray([6.0, 6.0 - 0.6, 0.0], dtype=np.float32), 0.6, 0, outside)
    # A softmax over the labels alone ranks them the other way round.
    assert flat[0][1] < 0.6 < alike[0][1]
    assert ranked(np.asarray([1.0, 0.0, 0.0], dtype=np.float32), 0.6, 0)[0][1] > 0.7


def test_known_examples_stay_sure_and_keep_their_order():
    outside = outside_of(KNOWN)
    for at, logits in enumerate(KNOWN):
        (best, sure), *_ = ranked(logits, 0.6, 0, outside)
        assert best == at
        assert sure > 0.98


def test_where_there_is_one_label_nothing_lies_outside():
    one = np.asarray([[3.0], [2.0]], dtype=np.float32)
    assert outside_of(one) is None
    assert outside_of(np.zeros((0, 3), dtype=np.float32)) is None
    assert with_outside(one, None) is one
    assert ranked(one[0], 0.6, 0, None) == [(0, 1.0)]
