"""The chain of tags against the sum and the best of all paths."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.ml.sparse import FloatArray
from tertulia.ml.tag_chain import FORBIDDEN, TagChain


def chain(seed: int, wide: float, tags: int = 3) -> TagChain:
    """Return a chain whose last tag never starts and never follows the first."""
    rng = np.random.default_rng(seed)
    pairs, start, end = (
        (rng.standard_normal(shape, np.float32) * wide).astype(np.float32)
        for shape in ((tags, tags), tags, tags)
    )
    start[-1] = pairs[0, -1] = FORBIDDEN
    return TagChain(pairs, start, end)


def said(seed: int, tokens: int, wide: float, tags: int = 3) -> FloatArray:
    rng = np.random.default_rng(seed + 1)
    return (rng.standard_normal((tokens, tags), np.float32) * wide).astype(np.float32)


def score(one: TagChain, scores: FloatArray, path: tuple[int, ...]) -> float:
    own = [
        one.start[path[0]],
        one.end[path[-1]],
        *(one.transitions[pair] for pair in pairwise(path)),
    ]
    return float(sum(own) + scores[np.arange(len(path)), path].sum())


@settings(deadline=None)
@given(
    st.integers(0, 2**16),
    st.integers(1, 9),
    st.sampled_from([0.1, 1.0, 5.0]),
    st.integers(0, 4),
)
def test_probabilities_are_sums_over_all_paths(seed: int, tokens: int, wide: float, lead: int):
    one, scores = chain(seed, wide), said(seed, tokens, wide)
    scores[:, 0] += lead
    paths = list(product(range(3), repeat=tokens))
    weights = np.exp([score(one, scores, path) for path in paths])
    expected = np.zeros((tokens, 3))
    for path, weight in zip(paths, weights / weights.sum(), strict=True):
        expected[np.arange(tokens), path] += weight
    assert np.asarray(one.decode(scores).marginals) == pytest.approx(expected, abs=1e-4)


@settings(deadline=None)
@given(
    st.integers(0, 2**16),
    st.integers(1, 9),
    st.sampled_from([0.1, 1.0, 5.0]),
    st.booleans(),
)
def test_no_path_is_better_than_the_one_found(seed: int, tokens: int, wide: float, plain: bool):
    one, scores = chain(seed, wide), said(seed, tokens, wide)
    found = tuple(one.decode(scores, unless_plain=plain).tags)
    best = max(score(one, scores, path) for path in product(range(3), repeat=tokens))
    assert score(one, scores, found) == pytest.approx(best, abs=1e-3)


def test_a_path_among_many_that_are_alike_is_the_best_all_the_same():
    """No tag and no path is likely here, so that all tags have to be searched."""
    tags, tokens = 1200, 4
    rng = np.random.default_rng(2)
    pairs = np.zeros((tags, tags), dtype=np.float32)
    scores = (rng.random((tokens, tags)) / 100).astype(np.float32)
    nothing = np.zeros(tags, dtype=np.float32)
    found = TagChain(pairs, nothing, nothing).decode(scores)
    assert found.tags == scores.argmax(axis=1).tolist()


def test_a_long_text_of_unlikely_words_is_tagged():
    one, scores = chain(1, 1.0), said(1, 400, 30.0)
    found = one.decode(scores)
    assert len(found.tags) == 400
    assert np.asarray(found.marginals).sum(axis=1) == pytest.approx(np.ones(400))


def test_tokens_with_nothing_to_find_have_no_probabilities():
    one, scores = chain(3, 0.1), np.zeros((3, 3), dtype=np.float32)
    scores[:, 0] = [9.0, 0.0, 9.0]
    scores[1, 1] = 9.0
    found = one.decode(scores, unless_plain=True)
    assert found.tags == [0, 1, 0]
    assert [len(own) for own in found.marginals] == [0, 3, 0]
