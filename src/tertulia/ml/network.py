"""A network with one hidden layer on sparse rows, trained and asked with numpy alone.

Rule: dropout takes whole columns out of a batch, so that it saves work instead of making some.

Source: Srivastava et al. 2014 (dropout), Szegedy et al. 2016 (label smoothing), Duchi et al. 2011
(AdaGrad).
"""

from collections.abc import Sequence
from typing import cast

import msgspec
import numpy as np
from numpy.random import Generator

from tertulia.ml.parts import Array, Parts
from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import Csr, Entries, FloatArray, IntArray
from tertulia.ml.told import Told, unheard

_TINY = np.float32(1e-8)
_LAST_RATE = 0.05
_NAMES = ("first", "first_bias", "second", "second_bias")


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How a network is trained.

    epochs: passes over the data; the step size falls linearly to a twentieth over them. batch:
    examples a step. seed: of weights, order and dropout. hidden: units of the hidden layer.
    rate: first step size. input_dropout, dropout: share of columns and of hidden units left out.
    smoothing: share of the truth given to all classes alike. spread: of weights before training.
    by_row: one step size for all weights of a feature instead of one for each weight.
    """

    epochs: int
    batch: int = 64
    seed: int = 0
    hidden: int = 256
    rate: float = 0.02
    input_dropout: float = 0.5
    dropout: float = 0.5
    smoothing: float = 0.1
    spread: float = 0.02
    by_row: bool = False


class Network:
    """logits = relu(x @ first + first_bias) @ second + second_bias.

    first: (features, hidden), second: (hidden, classes), float32. Immutable after training, so
    safe to share between threads.
    """

    def __init__(
        self, first: FloatArray, first_bias: FloatArray, second: FloatArray, second_bias: FloatArray
    ) -> None:
        self._first = first
        self._first_bias = first_bias
        self._second = second
        self._second_bias = second_bias

    @classmethod
    def train(
        cls,
        matrix: Csr,
        labels: Sequence[int],
        *,
        classes: int,
        schedule: Schedule,
        told: Told = unheard,
    ) -> "Network":
        """Fit on mini-batches; the same arguments give the same network.

        Args:
            matrix: a row for each example; an index occurs once in a row.
            labels: per example its class, 0-based.
            classes: number of classes.
            schedule: how long and how carefully.
            told: how far it is, after each epoch.

        Raises:
            ValueError: a label is outside its range, or lengths differ.
        """
        if len(matrix) != len(labels):
            raise ValueError(f"{len(matrix)} rows but {len(labels)} labels")
        targets = np.asarray(labels, dtype=np.int64)
        if len(targets) and (int(targets.min()) < 0 or int(targets.max()) >= classes):
            raise ValueError(f"a label is outside 0..{classes - 1}")
        fit = _Fit(matrix, classes, schedule)
        for epoch in range(schedule.epochs):
            share = 1.0 - (1.0 - _LAST_RATE) * epoch / schedule.epochs
            order = fit.rng.permutation(len(matrix))
            for cut in range(0, len(order), schedule.batch):
                part = order[cut : cut + schedule.batch]
                fit.step(part, targets[part], np.float32(schedule.rate * share))
            told((epoch + 1) / schedule.epochs)
        return fit.network()

    @property
    def inputs(self) -> FloatArray:
        """(features, hidden) what each feature gives to the sums."""
        return self._first

    def logits(self, row: Entries) -> FloatArray:
        """Return (classes,) logits of one row; O(entries of the row x hidden)."""
        return self.logits_of(row.times(self._first))

    def logits_of(self, sums: FloatArray) -> FloatArray:
        """Return (classes,) logits. sums: (hidden,) of what the features of a row give."""
        hidden: FloatArray = sums + self._first_bias
        np.maximum(hidden, np.float32(0), out=hidden)
        return hidden @ self._second + self._second_bias

    def parts(self) -> Parts:
        """Return the network as four arrays."""
        own = (self._first, self._first_bias, self._second, self._second_bias)
        arrays: dict[str, Array] = dict(zip(_NAMES, own, strict=True))
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "Network":
        """Return the network that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        first, first_bias, second, second_bias = (
            np.asarray(parts.array(name), dtype=np.float32) for name in _NAMES
        )
        fits = first.ndim == second.ndim == 2 and first_bias.shape == first.shape[1:]
        if not fits or second.shape != (*first_bias.shape, *second_bias.shape):
            raise ValueError("the arrays of a network do not fit together")
        return cls(first, first_bias, second, second_bias)


class _Fit:
    """Weights under training, with the sum of squared gradients of each."""

    def __init__(self, matrix: Csr, classes: int, schedule: Schedule) -> None:
        self.rng = np.random.default_rng(schedule.seed)
        self._matrix = matrix
        self._schedule = schedule
        hidden = schedule.hidden
        self._first = drawn(self.rng, matrix.columns, hidden, schedule.spread)
        steps = (matrix.columns, 1 if schedule.by_row else hidden)
        self._squares: FloatArray = np.full(steps, _TINY, dtype=np.float32)
        self._second = drawn(self.rng, hidden, classes, schedule.spread)
        self._biases: list[FloatArray] = [
            np.zeros(hidden, dtype=np.float32),
            np.zeros(classes, dtype=np.float32),
        ]
        small = (self._second, *self._biases)
        self._small_squares = [np.full_like(one, _TINY) for one in small]

    def step(self, part: IntArray, targets: IntArray, rate: np.float32) -> None:
        """Take one step on the rows `part`."""
        sample = self._matrix.sample(part, self._schedule.input_dropout, self.rng)
        weights: FloatArray = self._first[sample.columns]
        sums = sample.times(weights)
        sums += self._biases[0]
        mask = kept(self.rng, sums.shape, self._schedule.dropout)
        mask *= sums > 0
        hidden: FloatArray = sums * mask
        error = self._error(hidden @ self._second + self._biases[1], targets)
        back: FloatArray = (error @ self._second.T) * mask
        self._move(sample.columns, weights, sample.back(back), rate)
        gradients = (hidden.T @ error, back.sum(axis=0), error.sum(axis=0))
        small = (self._second, *self._biases)
        for own, squared, change in zip(small, self._small_squares, gradients, strict=True):
            np.add(squared, change * change, out=squared)
            np.subtract(own, rate * change / np.sqrt(squared), out=own)

    def _move(
        self, columns: IntArray, weights: FloatArray, gradient: FloatArray, rate: np.float32
    ) -> None:
        """Move the rows `columns` of the first layer; both arrays are used as work space."""
        squares: FloatArray = self._squares[columns]
        if self._schedule.by_row:
            lengths: FloatArray = np.einsum("ij,ij->i", gradient, gradient)
            squares += (lengths / np.float32(gradient.shape[1]))[:, None]
            self._squares[columns] = squares
            gradient *= rate / np.sqrt(squares)
        else:
            squares += gradient * gradient
            self._squares[columns] = squares
            np.sqrt(squares, out=squares)
            gradient /= squares
            gradient *= rate
        weights -= gradient
        self._first[columns] = weights

    def _error(self, logits: FloatArray, targets: IntArray) -> FloatArray:
        """Return the gradient of the mean loss by the logits."""
        error = softmax(logits)
        smoothing = self._schedule.smoothing
        error -= np.float32(smoothing / error.shape[1])
        error[np.arange(len(targets)), targets] -= np.float32(1.0 - smoothing)
        error /= np.float32(len(targets))
        return error

    def network(self) -> Network:
        """Return what was learned."""
        return Network(self._first, self._biases[0], self._second, self._biases[1])


def drawn(rng: Generator, rows: int, columns: int, spread: float) -> FloatArray:
    """Return (rows, columns) weights before training. spread: their standard deviation."""
    normal = rng.standard_normal((rows, columns), dtype=np.float32)
    return cast(FloatArray, normal * np.float32(spread))


def kept(rng: Generator, shape: tuple[int, ...], drop: float) -> FloatArray:
    """Return how much hidden units count in one step: those left out nothing, others the more.

    drop: share of them left out.
    """
    stays = rng.random(shape, dtype=np.float32) >= drop
    return stays.astype(np.float32) / np.float32(1.0 - drop)
