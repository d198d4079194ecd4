"""Random choices that are the same in every run with the same seed."""

import random
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Sampler:
    """A source of choices. seed: the same seed and the same questions give the same answers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chooses training data, keeps no secret

    def some(self, items: list[T], most: int) -> list[T]:
        """Return at most `most` of the items, in their order."""
        if len(items) <= most:
            return items
        return [items[i] for i in sorted(self._random.sample(range(len(items)), most))]

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, `limit`."""
        return self._random.randrange(limit)


class Reservoir(Generic[T]):
    """A random part of a stream of unknown length: every item has the same chance to be in it."""

    def __init__(self, size: int, sampler: Sampler) -> None:
        self._size = size
        self._sampler = sampler
        self._kept: list[tuple[int, T]] = []
        self._count = 0

    def add(self, item: T) -> None:
        """Take note of the next item of the stream."""
        place = self._count
        self._count += 1
        if place < self._size:
            self._kept.append((place, item))
        elif self._size and (chosen := self._sampler.below(self._count)) < self._size:
            self._kept[chosen] = (place, item)

    def items(self) -> Sequence[T]:
        """Return what is kept, in the order of the stream."""
        return [item for _, item in sorted(self._kept, key=lambda kept: kept[0])]
