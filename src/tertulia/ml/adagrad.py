"""AdaGrad on a matrix of weights of which each step touches a few rows."""

import numpy as np

from tertulia.ml.sparse import FloatArray, IntArray

_EPSILON = np.float32(1e-8)
# So many rows a time: what is computed of them stays in the cache that is nearest.
_AT_ONCE = 256


class Adagrad:
    """Weights under training, with the sum of squared gradients of each.

    weights: (rows, columns) float32, read it freely between steps.
    """

    def __init__(self, rows: int, columns: int, *, l2: float = 0.0) -> None:
        self.weights: FloatArray = np.zeros((rows, columns), dtype=np.float32)
        self._squares: FloatArray = np.zeros((rows, columns), dtype=np.float32)
        self._l2 = np.float32(l2)
        some = (min(rows, _AT_ONCE), columns)
        self._own, self._work = np.empty(some, np.float32), np.empty(some, np.float32)

    def take(self, rows: IntArray) -> FloatArray:
        """Return a copy of some rows."""
        return self.weights[rows]

    def step(self, rows: IntArray, gradient: FloatArray, *, rate: float) -> None:
        """Move some rows, each at most once, against (len(rows), columns) `gradient`.

        `gradient` is used as work space.
        """
        for begin in range(0, len(rows), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            self._move(rows[part], gradient[part], np.float32(rate))

    def _move(self, rows: IntArray, gradient: FloatArray, rate: np.float32) -> None:
        own, work = self._own[: len(rows)], self._work[: len(rows)]
        # Clipping spares the check of every row, and a copy with it; all are inside.
        np.take(self.weights, rows, axis=0, out=own, mode="clip")
        if self._l2:
            np.multiply(own, self._l2, out=work)
            gradient += work
        np.take(self._squares, rows, axis=0, out=work, mode="clip")
        work += gradient * gradient
        self._squares[rows] = work
        np.sqrt(work, out=work)
        work += _EPSILON
        gradient /= work
        gradient *= rate
        own -= gradient
        self.weights[rows] = own
