"""From logits to a short list of labels with confidences, as plain Python values."""

from typing import cast

import numpy as np

from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import FloatArray


def ranked(logits: FloatArray, temperature: float, limit: int) -> list[tuple[int, float]]:
    """Return (label, probability) pairs, best first, at most `limit` of them (0: all).

    logits: (labels,). Probabilities are of all labels, so a shortened list sums to less than one.
    """
    probabilities = softmax(logits / np.float32(temperature))
    order = cast(list[int], np.argsort(-probabilities, kind="stable").tolist())
    values = cast(list[float], probabilities.astype(np.float64).tolist())
    return [(at, values[at]) for at in (order[:limit] if limit else order)]
