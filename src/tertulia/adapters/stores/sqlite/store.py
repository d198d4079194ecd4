"""The tracker store itself: events to rows and back, reads to readers, writes to the one writer.

Rule: no call into SQLite happens on the event loop's thread.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from tertulia.adapters.stores.sqlite import faults, statements
from tertulia.adapters.stores.sqlite.connect import open_writer
from tertulia.adapters.stores.sqlite.readers import Readers
from tertulia.adapters.stores.sqlite.schedule import encodable, read_page
from tertulia.adapters.stores.sqlite.statements import EventRow, Stored
from tertulia.adapters.stores.sqlite.writer import CommitThread
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import Event, UnknownEvent
from tertulia.core.events.codec import decode_stored, encode
from tertulia.core.ports import Loaded, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange

_READERS = 3
_ENCODED_AT_ONCE = 200
_MOST_ROWS = 2**31 - 1

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder(dict[str, object]).decode


class SqliteStore:
    """Keeps conversations in one file, made by `open`; several processes may share it.

    An append is acknowledged after its transaction is synchronised to the disk; writes that
    arrive meanwhile share the next transaction. Write-ahead log: a reader sees one consistent
    state and holds nobody up. The newest 4 snapshots of a conversation are kept.
    """

    def __init__(
        self, path: Path, writer: CommitThread, readers: Readers, now: Callable[[], float]
    ) -> None:
        self._path = path
        self._writer = writer
        self._readers = readers
        self._now = now

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
        return await self._readers.read(query, self._decode)

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        query = partial(
            statements.read_tail,
            sender_id=_text(sender_id),
            fingerprint=_text(fingerprint),
            window=window,
        )
        return await self._readers.read(query, self._decode)

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        *,
        expected: int,
        snapshot: Snapshot | None = None,
        schedule: ScheduleChange | None = None,
    ) -> int:
        """Add events after version `expected`."""
        version = expected + len(events)
        if snapshot is not None:
            if not 0 < snapshot.version <= version:
                raise ValueError(
                    f"a snapshot of version {snapshot.version}, the log ends at {version}"
                )
            _text(snapshot.fingerprint)
        work = partial(
            statements.append,
            sender_id=_text(sender_id),
            rows=await _encode_events(events),
            expected=expected,
            snapshot=snapshot,
            schedule=None if schedule is None else encodable(schedule),
            now=self._now(),
        )
        return await self._writer.submit(work)

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        work = partial(
            statements.replace,
            sender_id=_text(sender_id),
            rows=await _encode_events(events),
            expected=expected,
            now=self._now(),
        )
        return await self._writer.submit(work)

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        query = partial(statements.version_of, sender_id=_text(sender_id))
        return await self._readers.read(query, int)

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        query = partial(
            statements.read_ids,
            after=None if after is None else _text(after),
            limit=min(max(0, limit), _MOST_ROWS),
        )
        return await self._readers.read(query, list[str])

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: those reminders."""
        query = partial(read_page, after=after, limit=min(max(0, limit), _MOST_ROWS))
        return await self._readers.read(query, list[Reminder])

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation, snapshots and reminders; its bytes are overwritten in the file."""
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

    def _decode(self, stored: Stored) -> Loaded:
        try:
            events = tuple([decode_stored(_decode_json(body)) for body in stored.bodies])
        except msgspec.DecodeError as error:
            detail = f"a stored event is no JSON object: {error}"
            raise faults.damaged(self._path, detail) from error
        return Loaded(version=stored.version, events=events, snapshot=stored.snapshot)


async def _encode_events(events: Sequence[Event]) -> list[EventRow]:
    if len(events) <= _ENCODED_AT_ONCE:
        return _encode(events)
    return await asyncio.to_thread(_encode, tuple(events))


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
