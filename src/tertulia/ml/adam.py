"""Adam over many arrays at once: they are views of one buffer, so that a step is a few calls.

Source: Kingma and Ba 2015.
"""

from collections.abc import Mapping
from math import prod

import numpy as np

from tertulia.ml.sparse import FloatArray

Shapes = Mapping[str, tuple[int, ...]]

_FIRST, _SECOND = np.float32(0.9), np.float32(0.99)
_ONE, _EPSILON = np.float32(1.0), np.float32(1e-7)
_LONGEST = 1.0
"""Gradients longer than this are shortened to it."""


class Bundle:
    """Named float32 arrays in one buffer; writing to an array writes to the buffer.

    flat: (numbers,) all of them, in the order of the names.
    """

    def __init__(self, shapes: Shapes) -> None:
        sizes = [prod(shape) for shape in shapes.values()]
        self.flat: FloatArray = np.zeros(sum(sizes), dtype=np.float32)
        self.shapes = dict(shapes)
        cuts = np.split(self.flat, np.cumsum(sizes)[:-1])
        pairs = zip(shapes.items(), cuts, strict=True)
        self._arrays = {name: cut.reshape(shape) for (name, shape), cut in pairs}

    def __getitem__(self, name: str) -> FloatArray:
        """Return an array; a view."""
        return self._arrays[name]

    def put(self, name: str, values: FloatArray) -> None:
        """Overwrite an array."""
        self._arrays[name][...] = values

    def arrays(self) -> Mapping[str, FloatArray]:
        """Return all arrays by name; views."""
        return self._arrays

    def copy(self) -> "Bundle":
        """Return an independent bundle of the same content."""
        other = Bundle(self.shapes)
        other.flat[...] = self.flat
        return other


class Adam:
    """Moves a bundle against its gradients."""

    def __init__(self, weights: Bundle) -> None:
        self._weights = weights.flat
        self._mean: FloatArray = np.zeros_like(weights.flat)
        self._square: FloatArray = np.zeros_like(weights.flat)
        self._steps = 0

    def step(self, gradients: Bundle, rate: float) -> None:
        """Take one step of size `rate`; the gradients are used as work space."""
        self._steps += 1
        gradient = gradients.flat
        length = float(np.sqrt(gradient @ gradient))
        if length > _LONGEST:
            gradient *= np.float32(_LONGEST / length)
        self._mean += (_ONE - _FIRST) * (gradient - self._mean)
        gradient *= gradient
        self._square += (_ONE - _SECOND) * (gradient - self._square)
        # The means begin at zero; without this the first steps would be too short.
        fair = 1.0 - float(_SECOND) ** self._steps
        scale = np.sqrt(self._square * np.float32(1.0 / fair))
        scale += _EPSILON
        share = rate / (1.0 - float(_FIRST) ** self._steps)
        self._weights -= np.float32(share) * self._mean / scale
