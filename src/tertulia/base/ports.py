"""The three sources of non-determinism, as ports: with them fixed, a conversation replays."""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        ...


@runtime_checkable
class Random(Protocol):
    """Chooses."""

    def choice(self, seq: Sequence[T], /) -> T:
        """Return one element of a non-empty sequence."""
        ...


@runtime_checkable
class IdSource(Protocol):
    """Makes names that nobody else makes."""

    def new(self) -> str:
        """Return 32 hexadecimal digits."""
        ...
