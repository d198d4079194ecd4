"""How like the known examples a vector is, label by label.

A network draws lines between labels; where labels lie close together and each holds together well,
the examples nearest to a text know more of it than the lines.

Source: Parzen 1962 (kernel density estimates), with a von Mises-Fisher kernel.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np

from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import Entries, FloatArray, IntArray, Row

# An example at a cosine of .9 counts a fiftieth of the text itself.
_SHARPNESS = np.float32(40.0)
_TINY = np.float32(1e-30)
_SHORTEST = np.float32(1e-12)
_NAMES = ("examples", "counts")


class Neighbours:
    """logits: logarithm of the mean, over a label's examples, of exp(40 (cosine - 1)).

    examples: (examples, width) float16, of length one, those of a label together. counts:
    (classes,) examples of each label, in the order of the labels. begin: the first feature of the
    vector in a row. Immutable, so threads may share it.
    """

    def __init__(self, examples: Array, counts: IntArray, begin: int) -> None:
        self._stored = examples
        self._examples: FloatArray = examples.astype(np.float32)
        self._counts = counts
        self._begin = begin
        self._present: IntArray = np.flatnonzero(counts)
        self._starts: IntArray = (np.cumsum(counts) - counts)[self._present]

    @property
    def width(self) -> int:
        """Size of the vectors."""
        return self._examples.shape[1]

    @classmethod
    def of(
        cls, rows: Sequence[Row], labels: Sequence[int], *, classes: int, features: int, begin: int
    ) -> "Neighbours":
        """Return the neighbours that examples are.

        Args:
            rows: per example a pair (feature indices, values).
            labels: per example its label, 0-based and below `classes`.
            classes: number of labels.
            features: number of features.
            begin: the first feature of the vector, which are all from there on.
        """
        order = sorted(range(len(rows)), key=labels.__getitem__)
        own: FloatArray = np.zeros((len(rows), features - begin), dtype=np.float32)
        for place, at in enumerate(order):
            own[place] = _direction(_vector(Entries.of(*rows[at]), begin, features - begin))
        counts = np.bincount(np.asarray(labels, dtype=np.int64), minlength=classes)
        return cls(own.astype(np.float16), counts, begin)

    def logits(self, row: Entries) -> FloatArray:
        """Return (classes,) logits of one row; O(examples x width)."""
        return self.logits_of(self.vector_of(row))

    def vector_of(self, row: Entries) -> FloatArray:
        """Return (width,) the vector in a row; zeros where it has none."""
        return _vector(row, self._begin, self.width)

    def logits_of(self, vector: FloatArray) -> FloatArray:
        """Return (classes,) logits. vector: (width,) of any length, zeros for none."""
        own = _direction(vector)
        near: FloatArray = np.exp(_SHARPNESS * (self._examples @ own - np.float32(1.0)))
        sums: FloatArray = np.zeros(len(self._counts), dtype=np.float32)
        sums[self._present] = np.add.reduceat(near, self._starts)
        sums[self._present] /= self._counts[self._present]
        return np.log(sums + _TINY)

    def all_logits(self, rows: Sequence[Row]) -> FloatArray:
        """Return (rows, classes) logits; there must be rows."""
        return np.stack([self.logits(Entries.of(*row)) for row in rows])

    def parts(self) -> Parts:
        """Return the examples and their counts."""
        arrays: dict[str, Array] = dict(zip(_NAMES, (self._stored, self._counts), strict=True))
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts, *, begin: int) -> "Neighbours":
        """Return the neighbours that `parts` came from. begin: the first feature of the vector.

        Raises:
            ValueError: the arrays do not fit together.
        """
        examples, counts = (parts.array(name) for name in _NAMES)
        fits = examples.ndim == 2 and counts.ndim == 1 and len(examples) > 0
        if not fits or counts.min(initial=0) < 0 or int(counts.sum()) != len(examples):
            raise ValueError("the arrays of neighbours do not fit together")
        return cls(examples, counts.astype(np.int64), begin)


def _vector(row: Entries, begin: int, width: int) -> FloatArray:
    """Return (width,) the vector at the end of a row; zeros where it has none."""
    seen = row.behind(begin)
    own: FloatArray = np.zeros(width, dtype=np.float32)
    own[seen.at] = seen.values
    return own


def _direction(vector: FloatArray) -> FloatArray:
    """Return the vector brought to length one; zeros stay zeros."""
    return cast(FloatArray, vector / max(_SHORTEST, np.float32(np.linalg.norm(vector))))
