"""Functions of words that keep their answers: most words of a text have come before."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar, TypeVarTuple

Others = TypeVarTuple("Others")
T = TypeVar("T")

REMEMBERED = 4096
"""Answers kept, those that were wanted last."""

LONGEST = 64
"""Signs of a word that is kept; a text without spaces may be of any length."""


class Remembered(Generic[*Others, T]):
    """A pure function of a word, and what else it takes, with answers that are kept.

    most: how many. Safe to share between threads.
    """

    __slots__ = ("_function", "_kept")

    def __init__(self, function: Callable[[str, *Others], T], most: int = REMEMBERED) -> None:
        self._function = function
        self._kept = lru_cache(most)(function)

    def __call__(self, word: str, *others: *Others) -> T:
        """Return the answer."""
        return (self._kept if len(word) <= LONGEST else self._function)(word, *others)

    def each(self, words: Sequence[str], *others: Iterable[Any]) -> list[T]:
        """Return the answer for each word, which is quicker together. others: one a word."""
        return [*map(self._kept if are_kept(words) else self, words, *others)]


def are_kept(words: Sequence[str]) -> bool:
    """Whether answers for all these words are kept."""
    return max(map(len, words), default=0) <= LONGEST
