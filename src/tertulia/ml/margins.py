"""One-vs-rest linear classification of sparse rows by squared hinge, with numpy alone.

It is wrong on other examples than a network that was trained on the same rows, so that the two
together know more than either.

Source: Rifkin and Klautau 2004 (one-vs-rest), Duchi et al. 2011 (AdaGrad).
"""

from collections.abc import Sequence
from typing import cast

import msgspec
import numpy as np

from tertulia.ml.adagrad import Adagrad
from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import Csr, Entries, FloatArray, IntArray
from tertulia.ml.told import Told, unheard

_LAST_RATE = 0.05
_NAMES = ("weights", "bias")


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """How margins are learned.

    epochs: passes over the data; the step size falls linearly to a twentieth over them. batch:
    examples a step. seed: of order and dropout. rate: first step size of AdaGrad. dropout: share
    of columns left out of each batch.
    """

    epochs: int
    batch: int = 64
    seed: int = 0
    rate: float = 0.1
    dropout: float = 0.5


class Margins:
    """margins = x @ weights + bias: above one for the right class, below minus one for others.

    weights: (features, classes), bias: (classes,), float32. Immutable after training.
    """

    def __init__(self, weights: FloatArray, bias: FloatArray) -> None:
        self._weights = weights
        self._bias = bias

    @classmethod
    def train(
        cls,
        matrix: Csr,
        labels: Sequence[int],
        *,
        classes: int,
        practice: Practice,
        told: Told = unheard,
    ) -> "Margins":
        """Fit on mini-batches; the same arguments give the same margins.

        Args:
            matrix: a row for each example; an index occurs once in a row.
            labels: per example its class, 0-based and below `classes`.
            classes: number of classes.
            practice: how long and how carefully.
            told: how far it is, after each epoch.
        """
        rng = np.random.default_rng(practice.seed)
        targets: IntArray = np.asarray(labels, dtype=np.int64)
        weights, bias = Adagrad(matrix.columns, classes), Adagrad(1, classes)
        bias.weights -= np.float32(1.0)
        first: IntArray = np.zeros(1, dtype=np.int64)
        for epoch in range(practice.epochs):
            rate = practice.rate * (1.0 - (1.0 - _LAST_RATE) * epoch / practice.epochs)
            order = rng.permutation(len(matrix))
            for cut in range(0, len(order), practice.batch):
                part = order[cut : cut + practice.batch]
                sample = matrix.sample(part, practice.dropout, rng)
                margins = sample.times(weights.take(sample.columns)) + bias.weights
                error = _error(margins, targets[part])
                weights.step(sample.columns, sample.back(error), rate=rate)
                bias.step(first, error.sum(axis=0, keepdims=True), rate=rate)
            told((epoch + 1) / practice.epochs)
        return cls(weights.weights, bias.weights[0])

    @property
    def inputs(self) -> FloatArray:
        """(features, classes) what each feature gives to the sums."""
        return self._weights

    def logits(self, row: Entries) -> FloatArray:
        """Return (classes,) margins of one row; O(entries of the row x classes)."""
        return self.logits_of(row.times(self._weights))

    def logits_of(self, sums: FloatArray) -> FloatArray:
        """Return (classes,) margins. sums: (classes,) of what the features of a row give."""
        return sums + self._bias

    def parts(self) -> Parts:
        """Return the weights as two arrays."""
        arrays: dict[str, Array] = dict(zip(_NAMES, (self._weights, self._bias), strict=True))
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "Margins":
        """Return the margins that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        weights, bias = (np.asarray(parts.array(name), dtype=np.float32) for name in _NAMES)
        if weights.ndim != 2 or bias.shape != weights.shape[1:]:
            raise ValueError("the arrays of margins do not fit together")
        return cls(weights, bias)


def _error(margins: FloatArray, targets: IntArray) -> FloatArray:
    """Return the gradient of half the mean squared hinge by the margins."""
    signs: FloatArray = np.full(margins.shape, -1.0, dtype=np.float32)
    signs[np.arange(len(targets)), targets] = 1.0
    short: FloatArray = np.maximum(np.float32(1.0) - signs * margins, np.float32(0.0))
    return cast(FloatArray, signs * short * np.float32(-1.0 / len(targets)))
