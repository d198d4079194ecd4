"""From logits to a short list of labels with confidences, as plain Python values.

Beside the labels there is a place for what is none of them: a text that is as little like one label
as like another has low logits everywhere, and a softmax over the labels alone would not show it.
"""

from math import exp, inf
from typing import cast

import numpy as np

from tertulia.ml.sparse import FloatArray, IntArray

_SHARE = 0.33
"""Of what the best label of a known example has above the mean of all labels, in the middle."""


def outside_of(logits: FloatArray) -> float | None:
    """Return how far above the mean of all labels the place for none of them lies.

    logits: (examples, labels) of known examples. None with fewer than two labels: then all is one.
    """
    if logits.shape[1] < 2 or not len(logits):
        return None
    above = logits.max(axis=1) - logits.mean(axis=1)
    return _SHARE * float(np.median(above))


def with_outside(logits: FloatArray, outside: float | None) -> FloatArray:
    """Return (..., labels + 1) logits, the last for none of the labels; as they are for None.

    logits: (..., labels), of one example or several. outside: from `outside_of`.
    """
    if outside is None:
        return logits
    return np.concatenate([logits, _none_of(logits, outside)], axis=-1)


def _none_of(logits: FloatArray, outside: float) -> FloatArray:
    """Return (..., 1) the logit for none of the labels."""
    none: FloatArray = np.add.reduce(logits, axis=-1, keepdims=True)
    none /= logits.shape[-1]
    none += np.float32(outside)
    return none


def ranked(
    logits: FloatArray, temperature: float, limit: int, outside: float | None = None
) -> list[tuple[int, float]]:
    """Return (label, probability) pairs, best first, at most `limit` of them (0: all).

    logits: (labels,). Probabilities are of all labels and of none of them, so they sum to less
    than one the less, the less the text is like any.
    """
    scaled: FloatArray = logits / np.float32(temperature)
    order: IntArray = (-scaled).argsort(kind="stable")[: limit or None]
    peak, none = float(scaled[order[0]]), -inf
    if outside is not None:
        none = float(_none_of(scaled, outside / temperature)[0])
        peak = max(peak, none)
    likely = np.exp(scaled - np.float32(peak))
    total = float(np.add.reduce(likely)) + exp(none - peak)
    values = cast(list[float], (likely[order] / total).tolist())
    return list(zip(cast(list[int], order.tolist()), values, strict=True))
