"""Memory that was freed, given back to the system.

A model is many blocks of memory; the allocator keeps those between blocks that live on, and a
process that exchanges models looks as if it grew.

Source: malloc_trim(3) of the GNU C library.
"""

import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give back what is free, where the C library can; it takes milliseconds, without the GIL."""
    trim = _trimmer()
    if trim is not None:
        trim(0)


@cache
def _trimmer() -> Callable[[int], object] | None:
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
