import numpy as np
import pytest

from tertulia.ml.committee import Committee, Lessons
from tertulia.ml.neighbours import Neighbours
from tertulia.ml.network import Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import Entries, FloatArray, Row

RNG = np.random.default_rng(3)
VECTORS: FloatArray = RNG.standard_normal((6, 4), dtype=np.float32)
LABELS = [2, 0, 2, 0, 2, 0]
# A term before the vector, which neighbours do not see.
ROWS: list[Row] = [([0, 1, 2, 3, 4], [9.0, *vector.tolist()]) for vector in VECTORS]


def neighbours() -> Neighbours:
    return Neighbours.of(ROWS, LABELS, classes=3, features=5, begin=1)


def test_a_label_is_as_near_as_its_examples_are_in_the_mean():
    asked = RNG.standard_normal(4).astype(np.float32)
    lengths = np.linalg.norm(VECTORS, axis=1) * np.linalg.norm(asked)
    near = np.exp(40 * (VECTORS @ asked / lengths - 1))
    found = neighbours().logits(Entries.of([1, 2, 3, 4], asked.tolist()))
    for label in (0, 2):
        own = [one for one, its in zip(near, LABELS, strict=True) if its == label]
        assert found[label] == pytest.approx(np.log(np.mean(own)), abs=0.05)


def test_a_label_without_examples_is_farthest():
    assert neighbours().logits(Entries.of(*ROWS[0])).argmin() == 1


def test_each_example_is_nearest_to_its_own_label():
    assert neighbours().all_logits(ROWS).argmax(axis=1).tolist() == LABELS


def test_a_row_without_vector_is_like_none_more_than_another():
    found = neighbours().logits(Entries.of([0], [1.0]))
    assert found[0] == pytest.approx(found[2])


def test_its_parts_make_the_same_neighbours():
    again = Neighbours.from_parts(neighbours().parts(), begin=1)
    assert np.array_equal(again.all_logits(ROWS), neighbours().all_logits(ROWS))


@pytest.mark.parametrize(
    "arrays",
    [
        {"counts": np.asarray([1, 1, 1])},
        {"counts": np.asarray([7, -1, 0])},
        {"counts": np.zeros((0,), dtype=np.int64), "examples": np.zeros((0, 4), dtype=np.float16)},
        {"examples": np.zeros(6, dtype=np.float16)},
    ],
)
def test_parts_that_do_not_fit_are_refused(arrays: dict[str, np.ndarray]):
    with pytest.raises(ValueError, match="do not fit"):
        Neighbours.from_parts(Parts(arrays={**neighbours().parts().arrays, **arrays}), begin=1)


def committee() -> Committee:
    lessons = Lessons(schedule=Schedule(epochs=2, batch=2), begin=1, vectors=4)
    return Committee.train(ROWS, LABELS, classes=3, features=5, lessons=lessons)


def test_a_committee_that_hears_neighbours_comes_back_from_its_parts():
    found = committee().hearing(neighbours(), 0.25)
    again = Committee.from_parts(found.parts(), begin=1)
    assert np.array_equal(again.all_logits(ROWS), found.all_logits(ROWS))


def test_what_neighbours_say_is_added_by_their_weight():
    alone, near = committee().all_logits(ROWS), neighbours().all_logits(ROWS)
    found = committee().hearing(neighbours(), 0.25).all_logits(ROWS)
    assert found == pytest.approx(alone + 0.25 * near, abs=1e-5)


def test_neighbours_without_weight_leave_no_trace():
    assert (
        committee().hearing(neighbours(), 0.0).parts().arrays.keys()
        == committee().parts().arrays.keys()
    )
