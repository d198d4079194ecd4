"""The adapter around `save`, `retrieve` and `keys`: what these allow, and no more.

Limits: reading and writing cost the conversation's length. Conflicts are found within one process
only. Snapshots are not kept; reminders and receipts end with the process, as reminders did with
the originals.
"""

import asyncio
from collections.abc import Sequence
from heapq import nsmallest
from typing import Any
from weakref import WeakValueDictionary

from tertulia.adapters.stores.custom.border import Border
from tertulia.adapters.stores.custom.tracker import OriginalTracker, events_of
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.ports import KEPT_RECEIPTS, Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled


class OriginalStore:
    """A tracker store in front of an object with the interface of the originals."""

    def __init__(self, inner: Any, border: Border) -> None:
        self._inner = inner
        self._border = border
        self._retrieve = getattr(inner, "retrieve_full_tracker", None) or inner.retrieve
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._bases: dict[str, int] = {}
        self._schedule: dict[str, dict[str, Reminder]] = {}
        self._receipts: dict[str, dict[str, Receipt]] = {}
        self._closed = False

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        self._check_open()
        events = events_of(await self._border.call(self._retrieve, stored.check_text(sender_id)))
        return Loaded(version=self._bases.get(sender_id, 0) + len(events), events=tuple(events))

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return the whole log: there are no snapshots."""
        return await self.load(sender_id)

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        *,
        expected: int,
        snapshot: Snapshot | None = None,
        schedule: ScheduleChange | None = None,
        receipt: Receipt | None = None,
    ) -> int:
        """Add events after version `expected`; the store is handed the whole conversation."""
        version = expected + len(events)
        stored.check_beside(version, snapshot, schedule, receipt)
        stored.encode_events(events)
        async with self._lock(sender_id):
            known = await self._expect(sender_id, expected)
            after = self._planned(sender_id, schedule)
            if events:
                tracker = OriginalTracker(sender_id, [*known.events, *events])
                await self._border.call(self._inner.save, tracker)
            if after is not None:
                self._schedule[sender_id] = after
            if receipt is not None:
                self._keep(sender_id, receipt)
        return version

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Hand the store a conversation of these events only, and check that it took it so.

        Raises:
            StoreUnavailable: it keeps the old events too, as some do (T647).
        """
        async with self._lock(sender_id):
            await self._expect(sender_id, expected)
            await self._border.call(self._inner.save, OriginalTracker(sender_id, events))
            found = events_of(await self._border.call(self._retrieve, sender_id))
            if len(found) != len(events):
                raise stored.refusal(
                    "T647",
                    "this tracker store cannot replace a conversation, it only adds to it",
                    hint="Let its save write what it is handed and nothing else.",
                    retry=False,
                )
            version = expected + max(1, len(events))
            self._bases[sender_id] = version - len(events)
            return version

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number. Cost: the conversation's length."""
        loaded = await self.load(sender_id)
        base = self._bases.get(sender_id, 0)
        start = max(after - base, 0)
        events = tuple(loaded.events[start : start + max(0, limit)])
        first = base + start + 1 if events else loaded.version + 1
        return Page(version=loaded.version, first=first, events=events)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key, kept since the process began."""
        self._check_open()
        return self._receipts.get(sender_id, {}).get(key)

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number. Cost: the conversation's length."""
        return (await self.load(sender_id)).version

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in ascending order. Cost: all ids."""
        self._check_open()
        found = await self._border.call(self._inner.keys)
        ids = {key.decode() if isinstance(key, bytes) else str(key) for key in found or ()}
        return nsmallest(max(0, limit), (each for each in ids if after is None or each > after))

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders of this process, the earliest first."""
        self._check_open()
        every = (each for known in self._schedule.values() for each in known.values())
        later = (each for each in every if after is None or _order(each) > _order(after))
        return nsmallest(max(0, limit), later, key=_order)

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation, if the store has a `delete` for it.

        Raises:
            StoreUnavailable: it has none (T647).
        """
        self._check_open()
        delete = getattr(self._inner, "delete", None)
        async with self._lock(sender_id):
            count = len((await self.load(sender_id)).events)
            if delete is None and count:
                raise stored.refusal(
                    "T647",
                    "this tracker store cannot forget a conversation",
                    hint="Give its class a method `delete(sender_id)`.",
                    retry=False,
                )
            if count:
                await self._border.call(delete, sender_id)  # pyright: ignore[reportArgumentType]
            for kept in (self._bases, self._schedule, self._receipts):
                kept.pop(sender_id, None)
            return count

    async def close(self) -> None:
        """Refuse what comes later, and close the store if it can be closed."""
        if self._closed:
            return
        self._closed = True
        close = getattr(self._inner, "close", None)
        if close is not None:
            await self._border.call(close)
        self._border.close()

    async def _expect(self, sender_id: str, expected: int) -> Loaded:
        known = await self.load(sender_id)
        if known.version != expected:
            raise stored.conflict(sender_id, found=known.version, expected=expected)
        return known

    def _planned(
        self, sender_id: str, schedule: ScheduleChange | None
    ) -> dict[str, Reminder] | None:
        if schedule is None:
            return None
        after = rescheduled(self._schedule.get(sender_id, {}), schedule)
        if after is None:
            raise stored.not_scheduled()
        return after

    def _keep(self, sender_id: str, receipt: Receipt) -> None:
        kept = self._receipts.setdefault(sender_id, {})
        kept[receipt.key] = receipt
        if len(kept) > KEPT_RECEIPTS:
            del kept[min(kept, key=lambda key: kept[key].version)]

    def _lock(self, sender_id: str) -> asyncio.Lock:
        lock = self._locks.get(sender_id)
        if lock is None:
            lock = self._locks[sender_id] = asyncio.Lock()
        return lock

    def _check_open(self) -> None:
        if self._closed:
            raise stored.closed()


def _order(reminder: Reminder) -> tuple[float, str, str]:
    return reminder.due, reminder.sender_id, reminder.name
