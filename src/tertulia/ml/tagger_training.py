"""How a ChainTagger learns: AdaGrad on batches of sentences, by the likelihood of their tags.

Rule: sums over paths run in probability space, scaled at each token, so that a step over a whole
batch is one matrix product.

Source: Lafferty et al. 2001 (conditional random fields), Collobert et al. 2011 (with a network),
Srivastava et al. 2014 (dropout), Duchi et al. 2011 (AdaGrad).
"""

from collections.abc import Sequence
from typing import cast

import numpy as np

from tertulia.ml.adagrad import Adagrad
from tertulia.ml.network import Schedule, drawn, kept
from tertulia.ml.sparse import FloatArray, IntArray
from tertulia.ml.tag_chain import FORBIDDEN
from tertulia.ml.tagged import PLACES, Batch, Corpus
from tertulia.ml.tagger import Allowed, ChainTagger
from tertulia.ml.told import Told, unheard

_TINY = np.float32(1e-30)
_LAST_RATE = 0.05
# Steps of what is known of tags alone are longer than those of the network, by so much.
_CHAIN_RATE = 4.0
# A vector is of length one, and a token has some sixteen features.
_MEANING = 2.0
_L2 = 1e-4


def train_tagger(
    corpus: Corpus, *, count: int, allowed: Allowed, schedule: Schedule, told: Told = unheard
) -> ChainTagger:
    """Return the tagger that learned the corpus; the same arguments give the same model.

    Args:
        corpus: sentences with their tags.
        count: number of tags.
        allowed: which tags may start, follow one another, and end.
        schedule: of the network on each token; batch in sentences. smoothing and by_row are not
            used.
        told: how far it is, after each epoch.
    """
    fit = _Fit(count, corpus, allowed, schedule)
    # Sentences of like length share a batch, so that little is computed on padding.
    order = sorted(
        cast(list[int], fit.rng.permutation(len(corpus.lengths)).tolist()),
        key=cast(list[int], corpus.lengths.tolist()).__getitem__,
    )
    cuts = range(0, len(order), schedule.batch)
    batches = [corpus.batch(np.asarray(order[cut : cut + schedule.batch])) for cut in cuts]
    for epoch in range(schedule.epochs):
        share = 1.0 - (1.0 - _LAST_RATE) * epoch / schedule.epochs
        for number in cast(list[int], fit.rng.permutation(len(batches)).tolist()):
            fit.step(batches[number], schedule.rate * share)
        told((epoch + 1) / schedule.epochs)
    return fit.model()


class _Fit:
    """A network, transitions and borders under training."""

    def __init__(self, tags: int, corpus: Corpus, allowed: Allowed, schedule: Schedule) -> None:
        self.rng = np.random.default_rng(schedule.seed)
        self._corpus, self._schedule, self._tags = corpus, schedule, tags
        hidden = schedule.hidden
        self._first = self._drawn(corpus.matrix.columns, hidden)
        self._meanings = self._drawn(PLACES * corpus.meanings.shape[1], hidden)
        self._meanings.weights *= np.float32(_MEANING)
        self._bias = Adagrad(1, hidden)
        self._emissions = self._drawn(hidden, tags)
        self._pairs = Adagrad(tags, tags, l2=_L2)
        self._borders = Adagrad(2, tags, l2=_L2)
        self._no_pairs: FloatArray = _penalty(allowed.pairs)
        self._no_borders: FloatArray = _penalty([allowed.start, allowed.end])

    def _drawn(self, rows: int, columns: int) -> Adagrad:
        found = Adagrad(rows, columns)
        found.weights[:] = drawn(self.rng, rows, columns, self._schedule.spread)
        return found

    def step(self, batch: Batch, rate: float) -> None:
        """Take one step."""
        sample = self._corpus.matrix.sample(
            batch.rows.ravel(), self._schedule.input_dropout, self.rng
        )
        around = self._corpus.around(batch)
        sums = sample.times(self._first.take(sample.columns))
        sums += around @ self._meanings.weights
        sums += self._bias.weights
        mask = kept(self.rng, sums.shape, self._schedule.dropout)
        mask *= sums > 0
        hidden: FloatArray = sums * mask
        error = self._chain(hidden @ self._emissions.weights, batch, rate * _CHAIN_RATE)
        back: FloatArray = (error @ self._emissions.weights.T) * mask
        self._first.step(sample.columns, sample.back(back), rate=rate)
        self._meanings.step(_all_of(self._meanings), around.T @ back, rate=rate * _MEANING)
        self._bias.step(_all_of(self._bias), back.sum(axis=0, keepdims=True), rate=rate)
        self._emissions.step(_all_of(self._emissions), hidden.T @ error, rate=rate)

    def _chain(self, scores: FloatArray, batch: Batch, rate: float) -> FloatArray:
        """Move what is known of tags alone; return (tokens, tags) the gradient by the scores.

        It is the expected counts under the model minus the counts of the data.
        """
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
        self._pairs.step(_all_of(self._pairs), pairs * per, rate=rate)
        self._borders.step(_all_of(self._borders), borders * per, rate=rate)
        return joint.reshape(-1, self._tags) * per

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
        return ChainTagger(
            first=self._first.weights,
            meanings=self._meanings.weights,
            bias=self._bias.weights[0],
            emissions=self._emissions.weights,
            transitions=self._pairs.weights + self._no_pairs,
            start=borders[0],
            end=borders[1],
        )


def _all_of(weights: Adagrad) -> IntArray:
    return np.arange(len(weights.weights), dtype=np.int64)


def _penalty(allowed: Sequence[Sequence[bool]]) -> FloatArray:
    return np.where(np.asarray(allowed, dtype=np.bool_), np.float32(0), FORBIDDEN)


def _rows_scaled(rows: FloatArray) -> FloatArray:
    return cast(FloatArray, rows / np.maximum(rows.sum(axis=1, keepdims=True), _TINY))
