"""What a service has to do that keeps items by key, and changes several of them at once.

An item has a part, a name within it, and a value. Names of a part are in the order of their code
points. A head is the one item of its part that carries a revision, which a commit compares.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from tertulia.core.events import Event

Key = tuple[str, str]
"""Part and name."""

Entry = tuple[str, str, bytes]
"""Part, name and value."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one commit does, all or nothing.

    part: of the head. seen: the revision that it must have, None when it must not be there. rev:
    its new revision, like no other. head: its new value, None when it goes. At most `MOST_ITEMS`
    items with the head, each value at most `LARGEST_INLINE` bytes.
    """

    part: str
    seen: str | None
    rev: str
    head: bytes | None
    puts: Sequence[Entry] = ()
    drops: Sequence[Key] = ()


MOST_ITEMS = 100
"""DynamoDB's bound on a transaction."""

LARGEST_INLINE = 48 * 1024
"""So that a transaction of `MOST_ITEMS` does not exceed 4 MB, its other bound there, nearly."""

LARGEST_ITEM = 300 * 1024
"""Within the 400 KB of an item of DynamoDB, with its names."""


class Service(Protocol):
    """One place with items. Every call may raise StoreUnavailable."""

    @property
    def where(self) -> str:
        """Return in words what it leads to."""
        ...

    async def prepare(self) -> None:
        """Look whether it can do what is needed, and make what is missing."""
        ...

    async def head(self, part: str) -> tuple[str, bytes] | None:
        """Return the revision and the value of a head."""
        ...

    async def get(self, part: str, name: str) -> bytes | None:
        """Return a value as it was last committed."""
        ...

    async def scan(
        self, part: str, *, after: str, last: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """Return up to `limit` items of a part in order, `after` excluded and `last` included."""
        ...

    async def commit(self, change: Change) -> bool:
        """Make a change; False when the head has another revision, or others were quicker."""
        ...

    async def put(self, entries: Sequence[Entry]) -> None:
        """Write items that nobody knows of yet, in no order; values up to `LARGEST_ITEM`."""
        ...

    async def remove(self, part: str, names: Sequence[str]) -> None:
        """Remove items that nothing names any more, in no order."""
        ...

    async def find_old(self, sender_id: str) -> list[Event] | None:
        """Return the events of a conversation that the originals keep there."""
        ...

    async def drop_old(self, sender_id: str) -> None:
        """Remove a conversation that the originals keep there."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


async def committed(service: Service, change: Change) -> bool:
    """Make a change; True as well when it had been made, and its answer was lost on the way."""
    if await service.commit(change):
        return True
    there = await service.head(change.part)
    return change.head is None if there is None else there[0] == change.rev
