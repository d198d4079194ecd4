"""How much each piece of a text counts in a mean: the rarer among the examples, the more.

Source: inverse document frequency, Sparck Jones 1972.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from tertulia.ml.parts import Parts
from tertulia.ml.sparse import FloatArray, IntArray

_LEAST = 0.1


class Rarity:
    """weights: (pieces,), positive, float32; by the number of a piece."""

    def __init__(self, weights: FloatArray) -> None:
        self._weights = weights

    @classmethod
    def of(cls, texts: Iterable[Sequence[int]], pieces: int) -> "Rarity":
        """Return what counts among texts. pieces: how many are known; all numbers are below it."""
        counts = np.zeros(pieces, dtype=np.int64)
        number = 0
        for ids in texts:
            number += 1
            counts[list(set(ids))] += 1
        weights = np.log(max(1, number) / (counts + 1))
        return cls(np.maximum(weights, _LEAST).astype(np.float32))

    def mean(self, states: FloatArray, ids: IntArray) -> FloatArray:
        """Return (texts, size), the weighted mean of (texts, pieces, size) states.

        ids: (texts, pieces) numbers.
        """
        weights = self._weights[ids]
        weights /= weights.sum(axis=1, keepdims=True)
        found: FloatArray = np.einsum("tp,tps->ts", weights, states)
        return found

    def parts(self) -> Parts:
        """Return the weights."""
        return Parts(arrays={"rarity": self._weights})

    @classmethod
    def from_parts(cls, parts: Parts, pieces: int) -> "Rarity | None":
        """Return what `parts` came from; None of an older release.

        Raises:
            ValueError: the weights are those of another vocabulary.
        """
        if "rarity" not in parts.arrays:
            return None
        weights = np.asarray(parts.array("rarity"), dtype=np.float32)
        if weights.shape != (pieces,) or not (weights >= _LEAST).all():
            raise ValueError("the weights of pieces do not fit the vocabulary")
        return cls(weights)
