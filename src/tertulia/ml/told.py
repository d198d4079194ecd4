"""Who is told how far some work is: a share in [0, 1], which never falls."""

from collections.abc import Callable

Told = Callable[[float], None]


def unheard(done: float) -> None:
    """Tell nobody."""


def part_of(told: Told, begin: float, end: float) -> Told:
    """Return whom to tell of a part of the work, which is the whole of it to who does that part."""
    return lambda done: told(begin + (end - begin) * done)
