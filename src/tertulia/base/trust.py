"""Whether what is being read comes from the person whose machine this is.

Data that came over the network must not reach further than itself: it names no Python class, no
file and no variable of this machine.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_foreign: ContextVar[bool] = ContextVar("foreign", default=False)


def is_foreign() -> bool:
    """Tell whether the input being read came over the network."""
    return _foreign.get()


@contextmanager
def foreign() -> Generator[None]:
    """Read input that came over the network, until the block ends."""
    before = _foreign.set(True)
    try:
        yield
    finally:
        _foreign.reset(before)
