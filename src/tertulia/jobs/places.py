"""How many jobs may be under way at once, whoever counts them."""

from typing import Protocol


class Places(Protocol):
    """A number of places for jobs; each job has one while it lasts."""

    async def take(self) -> bool:
        """Take a place; False when there is none."""
        ...

    def leave(self) -> None:
        """Give a place back."""
        ...

    async def taken(self) -> int:
        """Return how many are taken, by all processes that serve together."""
        ...


class OwnPlaces:
    """The places of a server that is one process. most: how many there are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    async def take(self) -> bool:
        """Take a place; False when there is none."""
        if self._taken >= self._most:
            return False
        self._taken += 1
        return True

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1

    async def taken(self) -> int:
        """Return how many are taken."""
        return self._taken
