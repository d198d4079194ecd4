"""The tracker store itself: reads a conversation's head, and commits a new one with what it names.

Rule: only what a head mentions is there. What is written before a commit bears names that nobody
else has, and what a head mentions no longer is noted as garbage in the same commit.
"""

from collections.abc import Coroutine, Sequence
from typing import Any

from tertulia.adapters.shared.coding import bodies_of
from tertulia.adapters.stores.documents import beside, values
from tertulia.adapters.stores.documents.agreed import DocumentAgreed
from tertulia.adapters.stores.documents.draft import Draft, Found
from tertulia.adapters.stores.documents.feed import DocumentFeed
from tertulia.adapters.stores.documents.leases import DocumentLeases
from tertulia.adapters.stores.documents.reader import Reader
from tertulia.adapters.stores.documents.service import Service
from tertulia.adapters.stores.documents.writer import Writer
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.feed import FeedEntry
from tertulia.core.ports import Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange


class DocumentStore:
    """Keeps conversations as items of a service; several servers may share it.

    A turn costs one reading of the head and one commit, however long the conversation is. Its
    feed is numbered beside (see `notes`). A conversation that the originals left is taken over
    when it is first asked for.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.agreed = DocumentAgreed(service)
        self._writer = Writer(service)
        self._reader = Reader(service, self._find)
        self.leases = DocumentLeases(service)
        self._feed = DocumentFeed(service, self._reader, self._writer.writes)
        self.cursors = self._feed.cursors

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        return await self._reader.settled(sender_id, self._reader.whole)

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        stored.check_text(fingerprint)

        async def load(found: Found) -> Loaded | None:
            return await self._reader.tail(found, fingerprint, window)

        return await self._reader.settled(sender_id, load)

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
        """Add events after version `expected`."""
        stored.check_beside(expected + len(events), snapshot, schedule, receipt)
        bodies = await bodies_of(events)

        async def change(draft: Draft) -> None:
            await draft.add(bodies)
            if snapshot is not None:
                draft.keep(snapshot)
            if schedule is not None:
                await beside.schedule(draft, schedule)
            if receipt is not None:
                await beside.answer(draft, receipt)

        bare = not events and snapshot is None and schedule is None and receipt is None
        return await self._perform(
            self._writer.write(sender_id, expected, None if bare else change)
        )

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        bodies = await bodies_of(events)

        async def change(draft: Draft) -> None:
            draft.begin_anew()
            if bodies:
                await draft.add(bodies)
            else:
                draft.skip()

        return await self._perform(self._writer.write(sender_id, expected, change))

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number. Cost: those, and up to 200 more."""

        async def page(found: Found) -> Page | None:
            return await self._reader.page(found, after, limit)

        return await self._reader.settled(sender_id, page)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        name = values.receipt_name(stored.check_text(key))
        found = await self._find(sender_id)
        body = await Draft(self._service, found).own(name)
        return None if body is None else stored.decode_receipt(body)

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries."""
        if sender_id is not None:
            stored.check_text(sender_id)
        return await self._feed.read(after, limit, sender_id)

    async def feed_end(self) -> int:
        """Return the newest position."""
        return await self._feed.end()

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        return (await self._find(sender_id)).head.version

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        self._writer.writes.check_open()
        start = "" if after is None else f"i{stored.check_text(after)}"
        found = await self._reader.scan(values.IDS, start, f"j{values.END}", limit)
        return [name[1:] for name, _ in found]

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first.

        Cost: those reminders, and all of the times that the first and the last of them are due.
        """
        self._writer.writes.check_open()
        return await self._reader.reminders(after, limit)

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation, also where the originals kept it."""
        return await self._perform(self._writer.erase(sender_id))

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        await self._feed.close()
        await self._writer.close()

    async def _perform(self, write: Coroutine[Any, Any, int]) -> int:
        done = await self._writer.writes.whole(write)
        self._feed.poke()
        return done

    async def _find(self, sender_id: str) -> Found:
        self._writer.writes.check_open()
        return await self._writer.find(sender_id)
