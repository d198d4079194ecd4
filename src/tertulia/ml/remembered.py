"""Functions of words that keep their answers: most words of a text have come before."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar, TypeVarTuple

Others = TypeVarTuple("Others")
T = TypeVar("T")

REMEMBERED = 4096
"""Answers kept, those that were wanted last."""

LONGEST = 64
"""Signs of a word that is kept; a text without spaces may be of any length."""


def remembered(
    function: Callable[[str, *Others], T], most: int = REMEMBERED
) -> Callable[[str, *Others], T]:
    """Return a pure function of a word, and what else it takes, with answers that are kept.

    most: how many. Safe to share between threads.
    """
    kept = lru_cache(most)(function)

    def answer(word: str, *others: *Others) -> T:
        return (kept if len(word) <= LONGEST else function)(word, *others)

    return answer


def are_kept(words: Sequence[str]) -> bool:
    """Whether answers for all these words are kept."""
    return max(map(len, words), default=0) <= LONGEST
