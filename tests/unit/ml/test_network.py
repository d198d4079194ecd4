import numpy as np
import pytest

from tertulia.ml.committee import Committee, Lessons
from tertulia.ml.margins import Practice
from tertulia.ml.network import Network, Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import Csr, Entries, FloatArray, Row

# Two features together decide, neither alone: no linear model can learn it.
ROWS: list[Row] = [([0], [1.0]), ([1], [1.0]), ([0, 1], [1.0, 1.0]), ([2], [1.0])] * 8
LABELS = [0, 0, 1, 1] * 8
SCHEDULE = Schedule(epochs=60, batch=8, hidden=32, input_dropout=0.0, dropout=0.1, spread=0.05)


def trained(schedule: Schedule = SCHEDULE) -> Network:
    return Network.train(Csr.of(ROWS, columns=3), LABELS, classes=2, schedule=schedule)


def all_logits(network: Network, rows: list[Row]) -> FloatArray:
    return np.stack([network.logits(Entries.of(*row)) for row in rows])


def test_it_learns_what_no_linear_model_can():
    assert all_logits(trained(), ROWS).argmax(axis=1).tolist() == LABELS


def test_the_same_seed_gives_the_same_bytes():
    first, second = trained().parts().arrays, trained().parts().arrays
    assert [one.tobytes() for one in first.values()] == [one.tobytes() for one in second.values()]


def test_another_seed_gives_other_weights():
    other = trained(Schedule(epochs=60, batch=8, hidden=32, seed=1))
    assert not np.array_equal(other.parts().array("first"), trained().parts().array("first"))


def test_its_parts_make_the_same_network():
    again = Network.from_parts(trained().parts())
    assert np.array_equal(all_logits(again, ROWS), all_logits(trained(), ROWS))


def test_a_row_without_features_gets_the_bias_alone():
    network = trained()
    assert network.logits(Entries.of([], [])).shape == (2,)


def test_parts_that_do_not_fit_are_refused():
    arrays = {**trained().parts().arrays, "first_bias": np.zeros(5, dtype=np.float32)}
    with pytest.raises(ValueError, match="do not fit"):
        Network.from_parts(Parts(arrays=arrays))


@pytest.mark.parametrize("labels", [[2], [-1], [0, 1]])
def test_labels_outside_their_range_are_refused(labels: list[int]):
    with pytest.raises(ValueError, match=r"label"):
        Network.train(Csr.of([([0], [1.0])], columns=1), labels, classes=2, schedule=SCHEDULE)


def test_the_gradient_is_that_of_the_loss():
    """One step of plain size must lower the smoothed loss of the batch it was taken on."""
    rows, labels = ROWS[:4], LABELS[:4]
    matrix = Csr.of(rows, columns=3)
    one = Schedule(epochs=1, batch=4, hidden=8, input_dropout=0, dropout=0, rate=1e-3)
    none = Schedule(epochs=0, batch=4, hidden=8, input_dropout=0, dropout=0)

    def loss(schedule: Schedule) -> float:
        network = Network.train(matrix, labels, classes=2, schedule=schedule)
        logits = all_logits(network, rows).astype(np.float64)
        log = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        own = log[np.arange(4), labels]
        return float(-(0.9 * own + 0.05 * log.sum(axis=1)).mean())

    assert loss(one) < loss(none)


def with_vectors(rows: list[Row], width: int) -> list[Row]:
    return [
        ([*indices, *range(3, 3 + width)], [*values, *[float(at % 2)] * width])
        for at, (indices, values) in enumerate(rows)
    ]


def committee(rows: list[Row], labels: list[int], practice: Practice | None = None) -> Committee:
    lessons = Lessons(schedule=SCHEDULE, practice=practice, begin=3, vectors=2)
    return Committee.train(rows, labels, classes=2, features=5, lessons=lessons)


def test_a_committee_hears_the_vectors_of_a_row_without_known_terms():
    rows = with_vectors(ROWS, 2)
    labels = [at % 2 for at in range(len(rows))]
    found = committee(rows, labels)
    for wanted in (0, 1):
        assert int(found.logits([3, 4], [float(wanted)] * 2).argmax()) == wanted


@pytest.mark.parametrize("practice", [None, Practice(epochs=5, batch=8)])
def test_a_committee_comes_back_from_its_parts(practice: Practice | None):
    rows = with_vectors(ROWS, 2)
    found = committee(rows, LABELS, practice)
    parts = found.parts()
    again = Committee.from_parts(parts, begin=parts.meta["begin"])
    assert np.array_equal(again.all_logits(rows), found.all_logits(rows))


def test_every_member_of_a_committee_has_its_say():
    rows = with_vectors(ROWS, 2)
    two, three = committee(rows, LABELS), committee(rows, LABELS, Practice(epochs=5, batch=8))
    assert not np.allclose(two.logits(*rows[0]), three.logits(*rows[0]))


def test_training_of_a_committee_is_told_without_falling_back():
    heard: list[float] = []
    lessons = Lessons(schedule=SCHEDULE, practice=Practice(epochs=5), begin=1)
    Committee.train(ROWS, LABELS, classes=2, features=3, lessons=lessons, told=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_second_network_sees_the_last_features_alone():
    lessons = Lessons(schedule=SCHEDULE, begin=2)
    parts = Committee.train(ROWS, LABELS, classes=2, features=3, lessons=lessons).parts()
    assert len(parts.array("first")) == 3
    assert len(parts.array("vectors.first")) == 1


def test_without_vectors_a_committee_is_one_network():
    lessons = Lessons(schedule=SCHEDULE)
    alone = Committee.train(ROWS, LABELS, classes=2, features=3, lessons=lessons)
    assert np.array_equal(alone.all_logits(ROWS), all_logits(trained(), ROWS))


def test_with_one_step_size_a_feature_it_learns_as_well():
    by_row = Schedule(epochs=60, batch=8, hidden=32, input_dropout=0.0, dropout=0.1, by_row=True)
    assert all_logits(trained(by_row), ROWS).argmax(axis=1).tolist() == LABELS
