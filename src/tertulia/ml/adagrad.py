"""AdaGrad on a matrix of weights of which each step touches a few rows."""

import numpy as np

from tertulia.ml.sparse import FloatArray, IntArray

_EPSILON = np.float32(1e-8)


class Adagrad:
    """Weights under training, with the sum of squared gradients of each.

    weights: (rows, columns) float32, read it freely between steps.
    """

    def __init__(self, rows: int, columns: int, *, l2: float = 0.0) -> None:
        self.weights: FloatArray = np.zeros((rows, columns), dtype=np.float32)
        self._squares: FloatArray = np.zeros((rows, columns), dtype=np.float32)
        self._l2 = np.float32(l2)

    def take(self, rows: IntArray) -> FloatArray:
        """Return a copy of some rows."""
        return self.weights[rows]

    def step(self, rows: IntArray, gradient: FloatArray, *, rate: float) -> None:
        """Move some rows, each at most once, against (len(rows), columns) `gradient`.

        `gradient` is used as work space.
        """
        own: FloatArray = self.weights[rows]
        if self._l2:
            gradient += self._l2 * own
        squares: FloatArray = self._squares[rows]
        squares += gradient * gradient
        self._squares[rows] = squares
        np.sqrt(squares, out=squares)
        squares += _EPSILON
        gradient /= squares
        gradient *= np.float32(rate)
        own -= gradient
        self.weights[rows] = own
