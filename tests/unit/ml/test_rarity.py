import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.ml.parts import Parts
from tertulia.ml.rarity import Rarity

PIECES = 6
texts = st.lists(st.lists(st.integers(0, PIECES - 1), min_size=1, max_size=5), max_size=12)


@given(known=texts, ids=st.lists(st.integers(0, PIECES - 1), min_size=1, max_size=5))
def test_a_weighted_mean_lies_between_its_pieces(known: list[list[int]], ids: list[int]):
    states = np.random.default_rng(0).standard_normal((1, len(ids), 3)).astype(np.float32)
    found = Rarity.of(known, PIECES).mean(states, np.asarray([ids]))
    assert (found >= states.min(axis=1) - 1e-5).all()
    assert (found <= states.max(axis=1) + 1e-5).all()


@given(known=texts)
def test_a_piece_in_more_texts_counts_no_more_than_one_in_fewer(known: list[list[int]]):
    weights = Rarity.of(known, PIECES).parts().array("rarity")
    counts = [sum(piece in ids for ids in known) for piece in range(PIECES)]
    order = np.argsort(counts, kind="stable")
    assert (np.diff(weights[order]) <= 0).all()


def test_what_was_stored_weighs_the_same():
    rarity = Rarity.of([[1, 2], [2]], PIECES)
    again = Rarity.from_parts(rarity.parts(), PIECES)
    assert again is not None
    states = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    ids = np.asarray([[1, 2]])
    assert np.array_equal(again.mean(states, ids), rarity.mean(states, ids))


def test_an_older_release_knew_of_no_rarity():
    assert Rarity.from_parts(Parts(), PIECES) is None


@pytest.mark.parametrize(
    "weights",
    [np.ones(PIECES - 1), np.zeros(PIECES), np.full(PIECES, np.nan), np.ones((PIECES, 1))],
)
def test_weights_of_something_else_are_refused(weights: "np.typing.NDArray[np.float64]"):
    with pytest.raises(ValueError, match="do not fit"):
        Rarity.from_parts(Parts(arrays={"rarity": weights}), PIECES)
