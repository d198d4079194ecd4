"""Multinomial logistic regression on sparse rows, trained and asked with numpy alone."""

from collections.abc import Sequence
from functools import cached_property
from typing import cast

import msgspec
import numpy as np

from tertulia.ml.adagrad import Adagrad
from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import Block, Csr, FloatArray, IntArray, Row

# Dense blocks are remembered between epochs while they stay below this many cells in all.
_KEPT_CELLS = 16_000_000


class Influence(msgspec.Struct, frozen=True):
    """How much one feature speaks for a class: its value times its weight."""

    feature: int
    amount: float


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a linear model is trained.

    epochs: passes over the data; the step size falls linearly to a tenth over them.
    seed: of the order of the examples. rate: first step size of AdaGrad. batch: examples a step.
    l2: pull of the weights to zero, per step on the features seen in it.
    margin: taken from the right class's logit while training, which asks for distance.
    """

    epochs: int = 30
    seed: int = 0
    l2: float = 1e-5
    rate: float = 0.5
    batch: int = 64
    margin: float = 0.0


_DEFAULT = Recipe()


class SparseSoftmax:
    """A linear model: logits = x @ weights + bias, probabilities by softmax.

    weights: (features, classes) float32. bias: (classes,) float32. Immutable after training,
    so safe to share between threads.
    """

    def __init__(self, weights: FloatArray, bias: FloatArray) -> None:
        self._weights = weights
        self._bias = bias

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self._bias)

    @property
    def features(self) -> int:
        """Number of features known."""
        return len(self._weights)

    @classmethod
    def train(
        cls,
        rows: Sequence[Row],
        labels: Sequence[int],
        *,
        classes: int,
        features: int,
        recipe: Recipe = _DEFAULT,
        class_weights: Sequence[float] | None = None,
        example_weights: Sequence[float] | None = None,
    ) -> "SparseSoftmax":
        """Fit by AdaGrad on mini-batches; the same arguments give the same model.

        Args:
            rows: per example a pair (feature indices, values), plain lists are fine.
            labels: per example its class, 0-based.
            classes: number of classes.
            features: number of features; every index is below it.
            recipe: how long and how carefully.
            class_weights: factor per class.
            example_weights: factor per example.

        Raises:
            ValueError: a label or feature index is outside its range, or lengths differ.
        """
        if len(rows) != len(labels):
            raise ValueError(f"{len(rows)} rows but {len(labels)} labels")
        targets = np.asarray(labels, dtype=np.int64)
        if len(targets) and (int(targets.min()) < 0 or int(targets.max()) >= classes):
            raise ValueError(f"a label is outside 0..{classes - 1}")
        weight = np.ones(len(targets), dtype=np.float32)
        if class_weights is not None:
            weight *= np.asarray(class_weights, dtype=np.float32)[targets]
        if example_weights is not None:
            weight *= np.asarray(example_weights, dtype=np.float32)
        rng = np.random.default_rng(recipe.seed)
        matrix = Csr.of(rows, columns=features)
        order = rng.permutation(len(rows))
        members: list[IntArray] = [
            order[cut : cut + recipe.batch] for cut in range(0, len(order), recipe.batch)
        ]
        blocks = [matrix.block(part) for part in members]
        keep = sum(block.size for block in blocks) <= _KEPT_CELLS
        fit = _Fit(features, classes, recipe)
        for epoch in range(recipe.epochs):
            step = recipe.rate * (1.0 - 0.9 * epoch / recipe.epochs)
            for number in cast(list[int], rng.permutation(len(blocks)).tolist()):
                part = members[number]
                fit.step(blocks[number], targets[part], weight[part], rate=step, keep=keep)
        return fit.model()

    def logits(self, indices: Sequence[int], values: Sequence[float]) -> FloatArray:
        """Return (classes,) logits of one row; O(entries of the row x classes)."""
        if not len(indices):
            return self._bias
        chosen = self._weights[np.asarray(indices, dtype=np.int64)]
        return np.asarray(values, dtype=np.float32) @ chosen + self._bias

    def probabilities(self, indices: Sequence[int], values: Sequence[float]) -> FloatArray:
        """Return (classes,) probabilities of one row, summing to one."""
        return softmax(self.logits(indices, values))

    def all_logits(self, rows: Sequence[Row]) -> FloatArray:
        """Return (rows, classes) logits."""
        out = np.empty((len(rows), self.classes), dtype=np.float32)
        for number, (indices, values) in enumerate(rows):
            out[number] = self.logits(indices, values)
        return out

    def explain(self, row: Row, label: int, top: int = 10) -> list[Influence]:
        """Return the row's features that speak most for class `label`, strongest first.

        The weights are compared with their mean over the classes, since only differences count.
        """
        indices, values = row
        if not len(indices):
            return []
        at = np.asarray(indices, dtype=np.int64)
        edge = np.asarray(values, dtype=np.float32) * (self._weights[at, label] - self._means[at])
        amounts = cast(list[float], edge.tolist())
        strength = [-abs(amount) for amount in amounts]
        strongest = sorted(range(len(amounts)), key=strength.__getitem__)[:top]
        return [Influence(indices[place], amounts[place]) for place in strongest]

    @cached_property
    def _means(self) -> FloatArray:
        return self._weights.mean(axis=1)

    def parts(self) -> Parts:
        """Return the model as arrays `weights` and `bias`."""
        arrays: dict[str, Array] = {"weights": self._weights, "bias": self._bias}
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "SparseSoftmax":
        """Return the model that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        weights = np.asarray(parts.array("weights"), dtype=np.float32)
        bias = np.asarray(parts.array("bias"), dtype=np.float32)
        if weights.ndim != 2 or bias.shape != weights.shape[1:]:
            raise ValueError("weights and bias of a linear model do not fit together")
        return cls(weights, bias)


class _Fit:
    """Weights and bias under training."""

    def __init__(self, features: int, classes: int, recipe: Recipe) -> None:
        self._weights = Adagrad(features, classes, l2=recipe.l2)
        self._bias = Adagrad(1, classes)
        self._margin = np.float32(recipe.margin)
        self._first: IntArray = np.zeros(1, dtype=np.int64)

    def step(
        self, block: Block, targets: IntArray, weight: FloatArray, *, rate: float, keep: bool
    ) -> None:
        """Take one step on a block; touches only the block's columns."""
        x: FloatArray = block.dense(keep=keep)
        logits: FloatArray = x @ self._weights.take(block.columns) + self._bias.weights
        at = np.arange(len(targets))
        if self._margin:
            logits[at, targets] -= self._margin
        error: FloatArray = softmax(logits)
        error[at, targets] -= 1.0
        error *= (weight / np.float32(len(targets))).reshape(-1, 1)
        gradient: FloatArray = x.T @ error
        self._weights.step(block.columns, gradient, rate=rate)
        self._bias.step(self._first, error.sum(axis=0, keepdims=True), rate=rate)

    def model(self) -> SparseSoftmax:
        """Return what was learned."""
        return SparseSoftmax(self._weights.weights, self._bias.weights[0])


def softmax(logits: FloatArray) -> FloatArray:
    """Return probabilities over the last axis; safe for large logits."""
    shifted = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    shifted /= np.add.reduce(shifted, axis=-1, keepdims=True)
    return cast(FloatArray, shifted)
