"""The tracker store itself: events to rows and back, reads to readers, writes to the one writer.

Rule: no call into SQLite happens on the event loop's thread.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from tertulia.adapters.shared.coding import handled
from tertulia.adapters.stores.sqlite import faults, feed, receipts, statements
from tertulia.adapters.stores.sqlite.connect import open_writer
from tertulia.adapters.stores.sqlite.cursors import SqliteCursors
from tertulia.adapters.stores.sqlite.decode import Decoder
from tertulia.adapters.stores.sqlite.readers import Readers
from tertulia.adapters.stores.sqlite.schedule import encodable, read_page
from tertulia.adapters.stores.sqlite.statements import Beside, EventRow
from tertulia.adapters.stores.sqlite.writer import CommitThread
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import Event, UnknownEvent
from tertulia.core.events.codec import encode
from tertulia.core.feed import FeedEntry
from tertulia.core.ports import Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange

T = TypeVar("T")

_READERS = 3
_MOST_ROWS = 2**31 - 1
_LAST_NUMBER = 2**63 - 1

_encode_json = msgspec.json.Encoder().encode


class SqliteStore:
    """Keeps conversations in one file, made by `open`; several processes may share it.

    An append is acknowledged after its transaction is synchronised to the disk; writes that
    arrive meanwhile share the next transaction. Write-ahead log: a reader sees one consistent
    state and holds nobody up. The newest 4 snapshots of a conversation are kept.
    """

    def __init__(
        self, path: Path, writer: CommitThread, readers: Readers, now: Callable[[], float]
    ) -> None:
        self._decoder = Decoder(path)
        self._writer = writer
        self._readers = readers
        self._now = now
        self.cursors = SqliteCursors(writer, readers)

    @classmethod
    async def open(
        cls, path: Path, *, busy_timeout: float = 5.0, now: Callable[[], float] = time.time
    ) -> "SqliteStore":
        """Return the store in this file, which is made (mode 0600, folder 0700) if missing.

        busy_timeout: seconds to wait for another process's lock. now: Unix seconds, for the
        columns `created` and `updated`.

        Raises:
            StoreUnavailable: the file cannot be made, opened, locked or understood.
        """
        return await asyncio.to_thread(cls._open, path, busy_timeout, now)

    @classmethod
    def _open(cls, path: Path, busy_timeout: float, now: Callable[[], float]) -> "SqliteStore":
        path = path.absolute()
        connection = open_writer(path, busy_timeout)
        try:
            readers = Readers(path, busy_timeout, _READERS)
        except StoreUnavailable:
            connection.close()
            raise
        return cls(path, CommitThread(connection, path), readers, now)

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        query = partial(statements.read_all, sender_id=_text(sender_id))
        return await self._readers.read(query, self._decoder.loaded)

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        query = partial(
            statements.read_tail,
            sender_id=_text(sender_id),
            fingerprint=_text(fingerprint),
            window=window,
        )
        return await self._readers.read(query, self._decoder.loaded)

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
        version = expected + len(events)
        if snapshot is not None:
            if not 0 < snapshot.version <= version:
                raise ValueError(
                    f"a snapshot of version {snapshot.version}, the log ends at {version}"
                )
            _text(snapshot.fingerprint)
        if receipt is not None:
            _text(receipt.key + receipt.digest)
        work = partial(
            statements.append,
            sender_id=_text(sender_id),
            rows=await handled(_encode, events),
            expected=expected,
            beside=Beside(snapshot, None if schedule is None else encodable(schedule), receipt),
            now=self._now(),
        )
        return await self._writer.submit(work)

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        work = partial(
            statements.replace,
            sender_id=_text(sender_id),
            rows=await handled(_encode, events),
            expected=expected,
            now=self._now(),
        )
        return await self._writer.submit(work)

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number."""
        query = partial(
            statements.read_page,
            sender_id=_text(sender_id),
            after=_row_number(after),
            limit=_rows(limit),
        )
        return await self._readers.read(query, self._decoder.page)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        query = partial(receipts.find, sender_id=_text(sender_id), key=_text(key))
        return await self._readers.read(query, _as_it_is)

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries."""
        query = partial(
            feed.read,
            after=_row_number(after),
            limit=_rows(limit),
            sender_id=None if sender_id is None else _text(sender_id),
        )
        return await self._readers.read(query, self._decoder.entries)

    async def feed_end(self) -> int:
        """Return the newest position."""
        return await self._readers.read(feed.end, int)

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        query = partial(statements.version_of, sender_id=_text(sender_id))
        return await self._readers.read(query, int)

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        query = partial(
            statements.read_ids,
            after=None if after is None else _text(after),
            limit=_rows(limit),
        )
        return await self._readers.read(query, list[str])

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: those reminders."""
        query = partial(read_page, after=after, limit=_rows(limit))
        return await self._readers.read(query, list[Reminder])

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation and what belongs to it; its bytes are overwritten in the file."""
        work = partial(statements.erase, sender_id=_text(sender_id))
        return await self._writer.submit(work, scrub=True)

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the file."""
        self._readers.refuse()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # The writer last: the last connection to go folds the write-ahead log into the file.
        self._readers.close()
        self._writer.close()


def _rows(limit: int) -> int:
    return min(max(0, limit), _MOST_ROWS)


def _row_number(number: int) -> int:
    """Return a number that SQLite takes and that compares like the given one."""
    return min(max(0, number), _LAST_NUMBER)


def _as_it_is(found: T) -> T:
    return found


def _encode(events: Sequence[Event]) -> list[EventRow]:
    try:
        return [
            EventRow(float(event.timestamp), _text(_kind(event)), _body(event)) for event in events
        ]
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise faults.unfit(f"an event is not plain JSON: {error}") from error


def _body(event: Event) -> bytes:
    return _encode_json(encode(event, trace=True))


def _kind(event: Event) -> str:
    return event.name if isinstance(event, UnknownEvent) else event.type_name


def _text(value: str) -> str:
    """Return the text, if it is one that UTF-8 can carry."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise faults.unfit(f"text with half a character in it: {error.reason}") from error
    return value
