"""Reading: a head, and what it names."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tertulia.adapters.shared.coding import decoded
from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.draft import Found, Head, Taken
from tertulia.adapters.stores.documents.service import Service
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.ports import Loaded, Page, Snapshot
from tertulia.core.reminders import Reminder

MOST = 2**31
_TRIES = 30
_T = TypeVar("_T")
Find = Callable[[str], Awaitable[Found]]


class Reader:
    """Reads conversations of a service. find: returns the head of one."""

    def __init__(self, service: Service, find: Find) -> None:
        self._service = service
        self._find = find

    async def settled(self, sender_id: str, read: Callable[[Found], Awaitable[_T | None]]) -> _T:
        """Return what is read of a head; again while that goes away meanwhile."""
        for _ in range(_TRIES):
            found = await self._find(sender_id)
            answer = await read(found)
            if answer is not None:
                return answer
            if (await self._find(sender_id)).rev == found.rev:
                raise stored.damaged(f"events of the conversation {sender_id[:80]!r} are missing")
        raise stored.unreachable(self._service.where, "others write to it all the time")

    async def whole(self, found: Found) -> Loaded | None:
        """Return the whole log; None when it is not there any more."""
        events = await self.events(found.head, found.head.base + 1)
        return None if events is None else Loaded(version=found.head.version, events=events)

    async def tail(self, found: Found, fingerprint: str, window: int) -> Loaded | None:
        """Return what follows a fitting snapshot; None when it is not there any more."""
        head = found.head
        fitting = [
            each
            for each in head.taken
            if each.fingerprint == fingerprint and each.version <= head.version - window
        ]
        if not fitting:
            return await self.whole(found)
        newest = max(fitting, key=lambda each: each.version)
        snapshot = await self._snapshot(head, newest)
        events = await self.events(head, newest.version + 1)
        if snapshot is None or events is None:
            return None
        return Loaded(version=head.version, events=events, snapshot=snapshot)

    async def page(self, found: Found, after: int, limit: int) -> Page | None:
        """Return a part of a log; None when it is not there any more."""
        head = found.head
        start = min(max(after, head.base), head.version)
        events = await self.events(head, start + 1, limit=max(0, limit))
        if events is None:
            return None
        first = start + 1 if events else head.version + 1
        return Page(version=head.version, first=first, events=events)

    async def reminders(self, after: Reminder | None, limit: int) -> list[Reminder]:
        """Return up to `limit` reminders of all conversations, the earliest first."""
        found: list[Reminder] = []
        start = "" if after is None else values.due_name(after.due)
        while limit > 0:
            rows = await self.scan(values.DUE, start, f"g{values.END}", limit + 1)
            found += [each for _, data in rows if (each := await self._reminder(data))]
            if len(rows) <= limit or _are_enough(found, after, limit):
                break
            start = rows[-1][0]
        wanted = [each for each in found if after is None or _order(each) > _order(after)]
        return sorted(wanted, key=_order)[: max(0, limit)]

    async def events(self, head: Head, first: int, *, limit: int = MOST) -> Sequence[Event] | None:
        """Return events from a sequence number on; None when they are not there."""
        wanted = min(head.version - first + 1, limit)
        if wanted <= 0:
            return ()
        rows = await self.scan(
            values.data_part(head.log),
            values.block_name(first - 1),
            values.block_name(head.version),
            wanted,
        )
        bodies: list[bytes] = []
        for _, data in rows:
            lines = await values.unpacked(self._service, data)
            if lines is None:
                return None
            bodies += lines.split(b"\n")
        if not rows:
            return None
        last = int(rows[-1][0][1:])
        start = first - (last - len(bodies) + 1)
        if start < 0 or len(bodies) - start < wanted:
            return None
        return await decoded(bodies[start : start + wanted])

    async def _snapshot(self, head: Head, taken: Taken) -> Snapshot | None:
        data = await self._service.get(values.data_part(head.log), f"s{taken.known}")
        body = None if data is None else await values.unpacked(self._service, data)
        if body is None:
            return None
        return Snapshot(version=taken.version, fingerprint=taken.fingerprint, body=body)

    async def _reminder(self, data: bytes) -> Reminder | None:
        body = await values.unpacked(self._service, data)
        return None if body is None else stored.decode_reminder(body)

    async def scan(self, part: str, after: str, last: str, limit: int) -> list[tuple[str, bytes]]:
        """Return items as the service does, any number of them."""
        if limit <= 0:
            return []
        return await self._service.scan(part, after=after, last=last, limit=min(limit, MOST))


def _order(reminder: Reminder) -> tuple[float, str, str]:
    return reminder.due, reminder.sender_id, reminder.name


def _are_enough(found: Sequence[Reminder], after: Reminder | None, limit: int) -> bool:
    """Tell whether `limit` reminders are there that are due before the last one.

    Those of one time come in no order, so none of the last time can be counted on yet.
    """
    ripe = [each for each in found if each.due < found[-1].due]
    return sum(after is None or _order(each) > _order(after) for each in ripe) >= limit
