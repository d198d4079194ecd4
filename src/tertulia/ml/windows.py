"""Windows over sequences of numbers: which are equal, and what follows them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np

from tertulia.ml.sparse import IntArray

_LINE_BITS = 32
_AT_ONCE = 4096


class Examples(NamedTuple):
    """Labelled places of sequences. All: (examples,), in the order of the places.

    begins, places: the first and the last place of each example's window. windows: equal where
    the numbers in the windows are. labels: 0-based.
    """

    begins: IntArray
    places: IntArray
    windows: IntArray
    labels: IntArray


class Sequences:
    """Sequences of numbers, one after the other.

    numbers: (n,) integers, 0-based. labels: (n,) 0-based, -1 for none. ends: (sequences,) where
    each sequence ends, ascending. All may be arrays of the standard library.
    """

    def __init__(self, numbers: Sequence[int], labels: Sequence[int], ends: Sequence[int]) -> None:
        self._numbers: IntArray = np.asarray(numbers, dtype=np.int64)
        self._labels: IntArray = np.asarray(labels, dtype=np.int64)
        stops: IntArray = np.asarray(ends, dtype=np.int64)
        self._lengths = np.diff(stops, prepend=0)
        starts = np.repeat(stops - self._lengths, self._lengths)
        self._depths = np.arange(len(self._numbers), dtype=np.int64) - starts
        self._longest = int(self._lengths.max(initial=0))
        self._base = int(self._numbers.max(initial=0)) + 1

    def examples(self, n: int | None, chosen: Sequence[bool]) -> Examples:
        """Return every label with the last n numbers (None: all) up to it.

        chosen: (sequences,) which of them count.
        """
        counts = np.repeat(np.asarray(chosen, dtype=np.bool_), self._lengths)
        places = np.flatnonzero((self._labels >= 0) & counts)
        depths = self._depths[places]
        begins = places - (depths if n is None else np.minimum(depths, n - 1))
        return Examples(begins, places, self.windows(n)[places], self._labels[places])

    def windows(self, n: int | None) -> IntArray:
        """Return (n,) for each place a number that is equal where the last n numbers are.

        n: None looks back to the beginning of the sequence. Cost: n sorts, at None one in all.
        """
        if n is None or n >= self._longest:
            return self._beginnings()
        found = self._numbers
        for _ in range(1, n):
            before = np.append(np.zeros(1, dtype=np.int64), found[:-1] + 1)
            before[self._depths == 0] = 0
            found = _numbered(before * self._base + self._numbers)
        return found

    def _beginnings(self) -> IntArray:
        found = np.zeros(len(self._numbers), dtype=np.int64)
        by_depth = np.argsort(self._depths, kind="stable")
        bounds: list[int] = np.cumsum(np.bincount(self._depths)).tolist()
        begin = known = 0
        for end in bounds:
            places = by_depth[begin:end]
            before = found[places - 1] + 1 if begin else np.int64(0)
            numbered = _numbered(before * self._base + self._numbers[places])
            found[places] = numbered + known
            known += int(numbered.max()) + 1
            begin = end
        return found


class Followed(NamedTuple):
    """What follows each window for certain.

    first: (windows,) the first examples, ascending. times: (windows,) distinct origins.
    """

    first: IntArray
    times: IntArray


def followed(examples: Examples, origins: IntArray) -> Followed:
    """Return the windows that are always followed by the same label.

    origins: (examples,) numbers of where they come from.
    """
    labels = examples.labels
    _, first, group = np.unique(examples.windows, return_index=True, return_inverse=True)
    certain = np.ones(len(first), dtype=np.bool_)
    certain[group[labels != labels[first][group]]] = False
    known = _numbered(origins)
    base = int(known.max(initial=0)) + 1
    times = np.bincount(np.unique(group * base + known) // base, minlength=len(first))
    order = np.argsort(first, kind="stable")
    order = order[certain[order]]
    return Followed(first[order], cast(IntArray, times[order]))


def origins_of(
    sources: Sequence[int], lines: Sequence[int], table: Sequence[int], places: IntArray
) -> IntArray:
    """Return (places,) a number for each place that is equal where source and line are.

    sources: (n,) entries of the table, which gives equal sources one number. lines: (n,).
    """
    found = np.asarray(table, dtype=np.int64)[np.asarray(sources, dtype=np.int64)[places]]
    return (found << _LINE_BITS) + np.asarray(lines, dtype=np.int64)[places]


def undecided(examples: Examples) -> IntArray:
    """Return which examples have a window that is followed by several labels, ascending."""
    labels = examples.labels
    _, first, group = np.unique(examples.windows, return_index=True, return_inverse=True)
    other = np.zeros(len(first), dtype=np.bool_)
    other[group[labels != labels[first][group]]] = True
    return np.flatnonzero(other[group])


def distinct(examples: Examples) -> IntArray:
    """Return which examples are the first of their window with their label, ascending."""
    base = int(examples.labels.max(initial=0)) + 1
    _, first = np.unique(examples.windows * base + examples.labels, return_index=True)
    first.sort()
    return first


def each_of(numbers: IntArray) -> Iterator[int]:
    """Yield the numbers of an array without making a list of them all."""
    for begin in range(0, len(numbers), _AT_ONCE):
        yield from numbers[begin : begin + _AT_ONCE].tolist()


def _numbered(keys: IntArray) -> IntArray:
    return cast(IntArray, np.unique(keys, return_inverse=True)[1])
