"""What a trained component leaves behind: plain JSON and arrays, nothing that runs."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """A trained component as data.

    meta: JSON values. arrays: numeric arrays of any shape (no objects). blobs: opaque bytes
    of a library's own safe format.
    """

    meta: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    blobs: dict[str, bytes] = {}

    def array(self, name: str) -> Array:
        """Return an array by name, empty when absent."""
        return self.arrays.get(name, np.empty(0, dtype=np.float32))
