"""Places of readers of the feed: each a head of its own, and on a list of all."""

import asyncio
import random
from collections.abc import Mapping

from tertulia.adapters.shared.writes import Writes
from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.service import Change, Service, committed
from tertulia.core import stored

_LIST = "cursors"
_TRIES = 50


class DocumentCursors:
    """See `FeedCursors`. writes: those of the store."""

    def __init__(self, service: Service, writes: Writes) -> None:
        self._service = service
        self._writes = writes

    async def read(self) -> Mapping[str, int]:
        """Return every place by its name."""
        self._writes.check_open()
        rows = await self._service.scan(_LIST, after="n", last="o", limit=10_000)
        found: dict[str, int] = {}
        for row, _ in rows:
            head = await self._service.head(_part(row[1:]))
            if head is not None:
                found[row[1:]] = int(head[1])
        return found

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor, if it stands where it is expected."""
        return bool(await self._writes.whole(self._move(stored.check_text(name), expected, to)))

    async def _move(self, name: str, expected: int | None, to: int | None) -> bool:
        for _ in range(_TRIES):
            found = await self._service.head(_part(name))
            if (None if found is None else int(found[1])) != expected:
                return False
            if expected is None and to is None:
                return True
            change = Change(
                part=_part(name),
                seen=None if found is None else found[0],
                rev=values.token(),
                head=None if to is None else str(to).encode(),
                puts=[(_LIST, f"n{name}", b"1")] if expected is None else [],
                drops=[(_LIST, f"n{name}")] if to is None else [],
            )
            if await committed(self._service, change):
                return True
            await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - no secret
        raise stored.unreachable(self._service.where, "others move this cursor all the time")


def _part(name: str) -> str:
    return f"c{name}"
