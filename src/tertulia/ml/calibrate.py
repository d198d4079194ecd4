"""Temperature scaling: makes confidences mean what they say, on examples the model has not seen."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import msgspec
import numpy as np

from tertulia.ml.sparse import FloatArray, Row

# Bounds keep a handful of examples from making the model either shy or boastful.
COLDEST, HOTTEST = 0.1, 3.0
WEIGHTS = (0.0, 0.125, 0.25, 0.5)
_STEPS = 40


def best_temperature(logits: Sequence[FloatArray], labels: Sequence[Sequence[int]]) -> float:
    """Return the T in [COLDEST, HOTTEST] under which softmax(logits / T) is most likely.

    logits: one or more (examples, classes), labels the right answers of each; all examples
    count the same. 1.0 for no examples.
    """
    return _fitted(logits, labels)[0]


def best_weight(logits: FloatArray, others: FloatArray, labels: Sequence[int]) -> float:
    """Return the w of `WEIGHTS` under which softmax((logits + w others) / T) is most likely.

    Each w is judged at its own best temperature T. logits, others: (examples, classes). labels:
    the right answers.
    """

    def loss(weight: float) -> float:
        together = cast(FloatArray, logits + others * np.float32(weight))
        return _fitted([together], [labels])[1]

    return min(WEIGHTS, key=loss)


def _fitted(logits: Sequence[FloatArray], labels: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Return the best temperature, and the loss under it in nats, of all examples together."""
    targets = np.asarray([label for group in labels for label in group], dtype=np.int64)
    if not len(targets):
        return 1.0, 0.0
    wide = np.concatenate(logits).astype(np.float64)
    own = wide[np.arange(len(targets)), targets]
    low, high = np.log(COLDEST), np.log(HOTTEST)

    def loss(log_t: float) -> float:
        scaled = wide / np.exp(log_t)
        peak = scaled.max(axis=1)
        total = peak + np.log(np.exp(scaled - peak[:, None]).sum(axis=1))
        return float((total - own / np.exp(log_t)).sum())

    # Golden section: the loss has one valley in log T.
    ratio = (5**0.5 - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    middle = float((low + high) / 2)
    return float(np.exp(middle)), loss(middle)


class Unseen(msgspec.Struct, frozen=True):
    """Answers of models to examples they did not see.

    examples: their numbers. logits: (examples, classes) float32.
    """

    examples: list[int]
    logits: FloatArray


class Scorer(Protocol):
    """A trained model, as far as it is needed here."""

    def all_logits(self, rows: Sequence[Row]) -> FloatArray:
        """Return (rows, classes) logits."""
        ...


def held_out_logits(
    rows: Sequence[Row],
    labels: Sequence[int],
    *,
    train: Callable[[Sequence[Row], Sequence[int]], Scorer],
    classes: int,
    folds: int,
    seed: int,
) -> Unseen:
    """Return logits of models that each saw all but one of `folds` equal parts of the data.

    A class is spread evenly over the parts.
    """
    examples: list[int] = []
    logits = [np.zeros((0, classes), dtype=np.float32)]
    fold_of = _folds(labels, folds, seed)
    for fold in range(folds):
        inside = [at for at, one in enumerate(fold_of) if one != fold]
        outside = [at for at, one in enumerate(fold_of) if one == fold]
        if not inside or not outside:
            continue
        model = train([rows[at] for at in inside], [labels[at] for at in inside])
        examples += outside
        logits.append(model.all_logits([rows[at] for at in outside]))
    return Unseen(examples, np.concatenate(logits))


def _folds(labels: Sequence[int], folds: int, seed: int) -> list[int]:
    order = cast(list[int], np.random.default_rng(seed).permutation(len(labels)).tolist())
    ranked = sorted(order, key=lambda at: labels[at])
    fold_of = [0] * len(labels)
    for turn, at in enumerate(ranked):
        fold_of[at] = turn % folds
    return fold_of
