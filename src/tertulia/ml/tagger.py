"""Linear-chain conditional random field on binary token features, with numpy alone.

Rule: sums over paths run in probability space, scaled at each token, so that a step over a whole
batch is one matrix product.
"""

from collections.abc import Sequence
from itertools import chain
from typing import cast

import msgspec
import numpy as np

from tertulia.ml.adagrad import Adagrad
from tertulia.ml.parts import Array, Parts
from tertulia.ml.softmax import Recipe
from tertulia.ml.sparse import FloatArray, IntArray
from tertulia.ml.tagged import PLACES, Batch, Corpus, Sentence
from tertulia.ml.told import Told, unheard

_TINY = np.float32(1e-30)
_FORBIDDEN = np.float32(-1e4)
# More than rounding can make of a sum.
_CLEARLY = np.float32(1e-2)
# Charged to other tags than the first one when they begin, and paid back by going back: their
# steps among each other then seldom look better than they are. The bound is true for any number
# from zero on.
_AHEAD = np.float32(2.0)


class Decoded(msgspec.Struct, frozen=True):
    """The best path through one sentence.

    tags: one per token. marginals: per token the probability of every tag.
    """

    tags: list[int]
    marginals: list[list[float]]


class ChainTagger:
    """Scores a path by the features of its tokens and by its pairs of neighbouring tags.

    emissions: (features, tags). meanings: (PLACES * width, tags) of the vectors of the word before,
    the word itself, the word after; width 0 for none. transitions: (tags, tags), from row to
    column. start, end: (tags,). All float32. Immutable after training.
    """

    def __init__(
        self,
        emissions: FloatArray,
        meanings: FloatArray,
        transitions: FloatArray,
        start: FloatArray,
        end: FloatArray,
    ) -> None:
        self._emissions = emissions
        self._meanings = meanings
        self._transitions = transitions
        self._start = start
        self._end = end
        # Row by row what leads into a tag: the search for the best runs along memory.
        self._into: FloatArray = np.ascontiguousarray(transitions.T)
        # What it costs to come back to the first tag is charged when it is left, so that the
        # greatest shares of a token's tags, taken alone, are seldom more than a path can have.
        charge = transitions[:, 0] - transitions[0, 0] + _AHEAD
        charge[0] = 0.0
        self._shares: FloatArray = (self._into - charge + charge[:, None]).max(axis=1)
        self._first_share: FloatArray = start + charge - self._shares
        self._last_share: FloatArray = end - charge
        self._pairs: FloatArray = np.exp(transitions)
        self._first: FloatArray = np.exp(start)
        self._last: FloatArray = np.exp(end)

    @property
    def tags(self) -> int:
        """Number of tags."""
        return len(self._start)

    @property
    def features(self) -> int:
        """Number of features of tokens."""
        return len(self._emissions)

    @property
    def width(self) -> int:
        """Size of the vectors of words; 0 where none were learned from."""
        return len(self._meanings) // PLACES

    @classmethod
    def train(
        cls,
        corpus: "Corpus",
        *,
        count: int,
        allowed: "Allowed",
        recipe: Recipe,
        told: Told = unheard,
    ) -> "ChainTagger":
        """Fit by AdaGrad on mini-batches of sentences; the same arguments give the same model.

        Args:
            corpus: sentences with their tags.
            count: number of tags.
            allowed: which tags may start, follow one another, and end.
            recipe: epochs, seed, rate, batch (in sentences) and l2; margin is not used.
            told: how far it is, after each epoch.
        """
        fit = _ChainFit(count, corpus, allowed, recipe)
        rng = np.random.default_rng(recipe.seed)
        # Sentences of like length share a batch, so that little is computed on padding.
        order = sorted(
            cast(list[int], rng.permutation(len(corpus.lengths)).tolist()),
            key=cast(list[int], corpus.lengths.tolist()).__getitem__,
        )
        cuts = range(0, len(order), recipe.batch)
        batches = [corpus.batch(np.asarray(order[cut : cut + recipe.batch])) for cut in cuts]
        for epoch in range(recipe.epochs):
            rate = recipe.rate * (1.0 - 0.9 * epoch / recipe.epochs)
            for number in cast(list[int], rng.permutation(len(batches)).tolist()):
                fit.step(corpus, batches[number], rate=rate)
            told((epoch + 1) / recipe.epochs)
        return fit.model()

    def decode(self, scores: FloatArray, *, unless_all: int | None = None) -> Decoded:
        """Return the best path; O(tokens x tags squared).

        scores: (tokens, tags), see `scores`. unless_all: when every tag is this one, marginals stay
        empty; most sentences of most bots have nothing to find, and then half of the work is saved.
        """
        tags = self._viterbi(scores)
        if unless_all is not None and all(tag == unless_all for tag in tags):
            return Decoded(tags, [])
        return Decoded(tags, cast(list[list[float]], self._marginals(scores).tolist()))

    def scores(self, sentence: Sentence) -> FloatArray:
        """Return (tokens, tags), for each token the sum of what its features say of each tag."""
        flat = np.array(list(chain.from_iterable(sentence)), dtype=np.int64)
        known = self._emissions.take(flat, axis=0)
        scores = np.zeros((len(sentence), self.tags), dtype=np.float32)
        begin = 0
        for own, token in zip(scores, sentence, strict=True):
            np.add.reduce(known[begin : begin + len(token)], axis=0, out=own)
            begin += len(token)
        return scores

    def said(self, numbers: Sequence[int], tokens: int) -> FloatArray:
        """Return (tokens, tags), like `scores` of tokens with as many features each.

        numbers: of the features, those of the first token first; -1 for an unknown one.
        """
        at: IntArray = np.array(numbers, dtype=np.int64)
        known: FloatArray = (at >= 0).astype(np.float32).reshape(tokens, 1, -1)
        # What is unknown is nought times the first feature.
        rows = self._emissions.take(at, axis=0, mode="clip").reshape(*known.shape[::2], -1)
        return cast(FloatArray, (known @ rows)[:, 0])

    def given(self, meaning: FloatArray) -> FloatArray:
        """Return (PLACES, tags) what a word gives to the token before it, to itself, and behind it.

        meaning: (width,) its vector.
        """
        by_place: FloatArray = self._meanings.reshape(PLACES, -1, self.tags)
        return meaning @ by_place[::-1]

    def _is_plain(self, scores: FloatArray) -> bool:
        """Whether the best path certainly has the first tag everywhere.

        Every path scores at most the sum of its shares, and that of the first tags exactly it.
        """
        shares = scores + self._shares
        shares[0] += self._first_share
        shares[-1] += self._last_share
        shares[:, 0] -= _CLEARLY
        return not shares.argmax(axis=1).any()

    def _viterbi(self, scores: FloatArray) -> list[int]:
        if self._is_plain(scores):
            return [0] * len(scores)
        best: FloatArray = scores[0] + self._start
        back: list[IntArray] = []
        everyone = np.arange(self.tags)
        paths = np.empty_like(self._into)
        for token in scores[1:]:
            np.add(self._into, best, out=paths)
            from_where = paths.argmax(axis=1)
            back.append(from_where)
            best = paths[everyone, from_where] + token
        tag = int((best + self._end).argmax())
        tags = [tag]
        for from_where in reversed(back):
            tag = int(from_where[tag])
            tags.append(tag)
        return tags[::-1]

    def _marginals(self, scores: FloatArray) -> FloatArray:
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        length = len(scores)
        forward, backward = np.empty_like(likely), np.empty_like(likely)
        forward[0] = _scaled(self._first * likely[0])
        for at in range(1, length):
            forward[at] = _scaled((forward[at - 1] @ self._pairs) * likely[at])
        backward[-1] = self._last
        for at in range(length - 2, -1, -1):
            backward[at] = _scaled(self._pairs @ (likely[at + 1] * backward[at + 1]))
        joint: FloatArray = forward * backward
        joint /= np.maximum(joint.sum(axis=1, keepdims=True), _TINY)
        return joint

    def parts(self) -> Parts:
        """Return the model as arrays."""
        arrays: dict[str, Array] = {
            "emissions": self._emissions,
            "meanings": self._meanings,
            "transitions": self._transitions,
            "start": self._start,
            "end": self._end,
        }
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "ChainTagger":
        """Return the model that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        names = ("emissions", "transitions", "start", "end")
        emissions, transitions, start, end = (
            np.asarray(parts.array(name), dtype=np.float32) for name in names
        )
        tags = len(start)
        meanings = np.asarray(parts.array("meanings"), dtype=np.float32)
        if not meanings.size:
            # Of an older release, or without vectors of words.
            meanings = np.empty((0, tags), dtype=np.float32)
        if meanings.shape != (len(meanings) // PLACES * PLACES, tags):
            raise ValueError("the vectors that a tagger has learned from do not fit its tags")
        fits = emissions.ndim == 2 and emissions.shape[1] == tags and end.shape == (tags,)
        if not fits or transitions.shape != (tags, tags):
            raise ValueError("the arrays of a tagger do not fit together")
        return cls(emissions, meanings, transitions, start, end)


class Allowed(msgspec.Struct, frozen=True):
    """Which paths are possible. start, end: per tag. pairs: per tag, which may follow it."""

    start: Sequence[bool]
    end: Sequence[bool]
    pairs: Sequence[Sequence[bool]]


def shared_out(words: Sequence[FloatArray]) -> FloatArray:
    """Return (tokens, tags) the sums of what words give to the tokens around them.

    words: each (places, tags): what a word gives to the tokens from places // 2 before it to as
    many behind it. The first and the last words, places // 2 each, are around the tokens only.
    """
    places = len(words[0])
    every: FloatArray = np.concatenate(words).reshape(len(words), places, -1)
    tokens = len(words) - places + 1
    sums: FloatArray = every[:tokens, places - 1].copy()
    for place in range(places - 1):
        begin = places - 1 - place
        sums += every[begin : begin + tokens, place]
    return sums


def _scaled(row: FloatArray) -> FloatArray:
    return cast(FloatArray, row / max(np.add.reduce(row), _TINY))


class _ChainFit:
    """Emissions, transitions and borders under training."""

    def __init__(self, tags: int, corpus: Corpus, allowed: Allowed, recipe: Recipe) -> None:
        self._tags = tags
        self._emissions = Adagrad(corpus.matrix.columns, tags, l2=recipe.l2)
        self._meanings = Adagrad(PLACES * corpus.meanings.shape[1], tags, l2=recipe.l2)
        self._pairs = Adagrad(tags, tags, l2=recipe.l2)
        self._borders = Adagrad(2, tags, l2=recipe.l2)
        self._no_pairs: FloatArray = _penalty(allowed.pairs)
        self._no_borders: FloatArray = _penalty([allowed.start, allowed.end])

    def step(self, corpus: Corpus, batch: Batch, *, rate: float) -> None:
        """Take one step: expected counts under the model minus the counts of the data."""
        sample, around = corpus.matrix.sample(batch.rows.ravel()), corpus.around(batch)
        scores = sample.times(self._emissions.take(sample.columns))
        scores += around @ self._meanings.weights
        joint, pairs = self._expected(scores.reshape(*batch.rows.shape, self._tags), batch)
        everyone = np.arange(len(batch.last))
        ends: FloatArray = joint[batch.last, everyone].copy()
        borders: FloatArray = np.stack([joint[0].sum(axis=0), ends.sum(axis=0)])
        np.add.at(borders[0], batch.tags[0], -1.0)
        np.add.at(borders[1], batch.tags[batch.last, everyone], -1.0)
        both = batch.mask[1:]
        np.add.at(pairs, (batch.tags[:-1][both], batch.tags[1:][both]), -1.0)
        when, who = np.nonzero(batch.mask)
        joint[when, who, batch.tags[when, who]] -= 1.0
        joint *= batch.mask[:, :, None]
        per = np.float32(1.0 / len(batch.last))
        error: FloatArray = joint.reshape(-1, self._tags) * per
        self._emissions.step(sample.columns, sample.back(error), rate=rate)
        self._meanings.step(np.arange(len(around[0])), around.T @ error, rate=rate)
        self._pairs.step(np.arange(self._tags), pairs * per, rate=rate)
        self._borders.step(np.arange(2), borders * per, rate=rate)

    def _expected(self, scores: FloatArray, batch: Batch) -> tuple[FloatArray, FloatArray]:
        """Return tag marginals (time, size, tags) and summed pair marginals (tags, tags)."""
        likely: FloatArray = np.exp(scores - scores.max(axis=2, keepdims=True))
        follow: FloatArray = np.exp(self._pairs.weights + self._no_pairs)
        start, end = np.exp(self._borders.weights + self._no_borders)
        forward, backward = np.zeros_like(likely), np.zeros_like(likely)
        forward[0] = _rows_scaled(start * likely[0])
        for at in range(1, len(scores)):
            forward[at] = _rows_scaled((forward[at - 1] @ follow) * likely[at])
        backward[batch.last, np.arange(len(batch.last))] = end
        for at in range(len(scores) - 2, -1, -1):
            inside = batch.last > at
            ahead: FloatArray = (likely[at + 1] * backward[at + 1]) @ follow.T
            backward[at] = np.where(inside[:, None], _rows_scaled(ahead), backward[at])
        joint: FloatArray = _rows_scaled((forward * backward).reshape(-1, self._tags))
        pairs: FloatArray = np.zeros_like(follow)
        for at in range(len(scores) - 1):
            inside = batch.mask[at + 1]
            left: FloatArray = forward[at][inside]
            right: FloatArray = (likely[at + 1] * backward[at + 1])[inside]
            mass = ((left @ follow) * right).sum(axis=1, keepdims=True)
            pairs += left.T @ (right / np.maximum(mass, _TINY))
        return joint.reshape(scores.shape), pairs * follow

    def model(self) -> ChainTagger:
        """Return what was learned."""
        borders: FloatArray = self._borders.weights + self._no_borders
        pairs: FloatArray = self._pairs.weights + self._no_pairs
        return ChainTagger(
            self._emissions.weights, self._meanings.weights, pairs, borders[0], borders[1]
        )


def _penalty(allowed: Sequence[Sequence[bool]]) -> FloatArray:
    return np.where(np.asarray(allowed, dtype=np.bool_), np.float32(0), _FORBIDDEN)


def _rows_scaled(rows: FloatArray) -> FloatArray:
    return cast(FloatArray, rows / np.maximum(rows.sum(axis=1, keepdims=True), _TINY))
