"""The tracker store itself: events to rows and back, every call a function in a transaction."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from tertulia.adapters.shared.coding import decoded, encoded
from tertulia.adapters.shared.patience import patiently
from tertulia.adapters.shared.writes import Writes
from tertulia.adapters.stores.sql import beside, faults, feed, log
from tertulia.adapters.stores.sql.agreed import SqlAgreed
from tertulia.adapters.stores.sql.cursors import SqlCursors
from tertulia.adapters.stores.sql.leases import SqlLeases
from tertulia.adapters.stores.sql.place import address_of
from tertulia.adapters.stores.sql.runners import FileRunner, Runner, ServerRunner, Work
from tertulia.adapters.stores.sql.tables import Tables, prepare
from tertulia.base.errors import MissingExtra, StoreUnavailable
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.feed import FeedEntry
from tertulia.core.ports import Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.schema.stores import SqlStore

T = TypeVar("T")
_LONGEST_ID = 255
_LAST_NUMBER = 2**62
_TRIES = 4
_log = logging.getLogger("tertulia.store")


class SqlTrackerStore:
    """Keeps conversations in one database, made by `open`; several servers may share it.

    Each append is a transaction of its own. Rows that the originals add to `events` are part of
    the log. The newest 4 snapshots of a conversation are kept.
    """

    def __init__(
        self, runner: Runner, tables: Tables, where: str, now: Callable[[], float]
    ) -> None:
        self._runner = runner
        self._tables = tables
        self._where = where
        self._now = now
        self._writes = Writes()
        self.leases = SqlLeases(self._write)
        self.cursors = SqlCursors(self._read, self._write)
        self.agreed = SqlAgreed(self._read, self._write)

    @classmethod
    async def open(
        cls,
        config: SqlStore,
        *,
        env: Mapping[str, str] = os.environ,
        patience: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> "SqlTrackerStore":
        """Return the store in this database, which gets its tables if they are missing.

        env: for SQL_POOL_SIZE. patience: seconds to wait for a server that does not answer yet.
        now: Unix seconds, for the columns `created` and `updated`.

        Raises:
            ConfigError: the address cannot be read.
            MissingExtra: the driver is not installed.
            StoreUnavailable: the database cannot be opened, or is not ours.
        """
        url = address_of(config)
        where = url.render_as_string(hide_password=True)

        async def attempt() -> SqlTrackerStore:
            runner = _runner(config, url, env)
            try:
                return cls(runner, await _prepared(runner, where), where, now)
            except StoreUnavailable:
                await runner.close()
                raise

        return await patiently(attempt, patience, _log)

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        return await _loaded(await self._read(partial(log.read_whole, key=_key(sender_id))))

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        work = partial(
            log.read_tail,
            key=_key(sender_id),
            fingerprint=stored.check_text(fingerprint),
            window=_number(window),
        )
        return await _loaded(await self._read(work))

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
        key, rows = _key(sender_id), await encoded(events)

        def work(connection: sa.Connection, tables: Tables) -> int:
            head = log.expect(connection, tables, key, expected)
            if schedule is not None:
                beside.reschedule(connection, tables, key, schedule)
            if rows:
                head.version += len(rows)
                log.grow(connection, tables, key, head, rows=rows, now=self._now())
            if snapshot is not None:
                beside.keep_snapshot(connection, tables, key, head, snapshot)
            if receipt is not None:
                beside.keep_receipt(connection, tables, key, receipt)
            if rows:
                _note_events(connection, tables, key, head, len(rows))
            return head.version

        return await self._write(work)

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        key, rows = _key(sender_id), await encoded(events)

        def work(connection: sa.Connection, tables: Tables) -> int:
            head = log.expect(connection, tables, key, expected)
            log.drop(connection, key, tables.events, tables.snapshots)
            feed.drop(connection, tables, key)
            # An empty log takes a number too: otherwise a writer who saw the old one is not
            # refused.
            head.version = expected + max(1, len(rows))
            head.base = head.version - len(rows)
            log.grow(connection, tables, key, head, rows=rows, now=self._now())
            feed.note(connection, tables, "replaced", key)
            _note_events(connection, tables, key, head, len(rows))
            return head.version

        return await self._write(work)

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number. Cost: those, and passing over others.

        What lies nearer to the end is found from there.
        """
        work = partial(
            log.read_page, key=_key(sender_id), after=_number(after), limit=_number(limit)
        )
        found = await self._read(work)
        events = stored.decode_events(found.bodies)
        return Page(version=found.version, first=found.first, events=events)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        work = partial(beside.find_receipt, key=_key(sender_id), receipt_key=stored.check_text(key))
        return await self._read(work)

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries."""
        key = None if sender_id is None else _key(sender_id)
        work = partial(feed.read, after=_number(after), limit=_number(limit), sender_id=key)
        return await self._read(work)

    async def feed_end(self) -> int:
        """Return the newest position."""
        return await self._read(feed.end)

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        return (await self._read(partial(log.head_of, key=_key(sender_id)))).version

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        return await self._read(partial(log.read_ids, after=after, limit=_number(limit)))

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: those reminders."""
        work = partial(beside.read_reminders, after=after, limit=_number(limit))
        return [stored.decode_reminder(body) for body in await self._read(work)]

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation with its snapshots, reminders and receipts."""
        key = _key(sender_id)

        def work(connection: sa.Connection, tables: Tables) -> int:
            known = feed.was_known(connection, tables, key)
            beside_it = (tables.snapshots, tables.reminders, tables.receipts, tables.conversations)
            gone = log.drop(connection, key, *beside_it, tables.events)
            feed.drop(connection, tables, key)
            if known:
                feed.note_erased(connection, tables, key)
            return gone

        return await self._write(work)

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        await self._writes.close()
        await self._runner.close()

    async def _read(self, work: Callable[[sa.Connection, Tables], T]) -> T:
        self._writes.check_open()
        try:
            return await self._runner.read(_bound(work, self._tables))
        except faults.LIBRARY_ERRORS as error:
            raise faults.failed(error, self._where) from error

    async def _write(self, work: Callable[[sa.Connection, Tables], int]) -> int:
        """Perform one write to its end, also when the caller is gone meanwhile."""
        return await self._writes.whole(self._commit(_bound(work, self._tables)))

    async def _commit(self, work: Work[int]) -> int:
        for left in range(_TRIES - 1, -1, -1):
            try:
                return await self._runner.write(work)
            except exc.SQLAlchemyError as error:
                if left and faults.is_repeatable(error):
                    continue
                raise faults.failed(error, self._where) from error
            except faults.LIBRARY_ERRORS as error:
                raise faults.failed(error, self._where) from error
        raise AssertionError("the last try returns or raises")


def _bound(work: Callable[[sa.Connection, Tables], T], tables: Tables) -> Work[T]:
    return partial(work, tables=tables)  # pyright: ignore[reportReturnType, reportCallIssue]


async def _prepared(runner: Runner, where: str) -> Tables:
    try:
        return await runner.write(partial(prepare, where=where))
    except faults.LIBRARY_ERRORS as error:
        raise faults.failed(error, where) from error


def _runner(config: SqlStore, url: sa.URL, env: Mapping[str, str]) -> Runner:
    if url.get_backend_name() == "sqlite":
        return FileRunner(url)
    pool_size = stored.connections(config.pool_size, env)
    try:
        return ServerRunner(url, pool_size=pool_size, timeout=config.timeout)
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"the tracker store '{url.get_backend_name()}' needs the package '{error.name}'",
            hint='Install it: pip install "tertulia[mysql]".',
        ) from error


def _note_events(
    connection: sa.Connection, tables: Tables, key: str, head: log.Head, count: int
) -> None:
    if count:
        feed.note(
            connection, tables, "event", key, seq=head.version, count=count, last_id=head.last_id
        )


async def _loaded(found: log.Read) -> Loaded:
    events = await decoded(found.bodies)
    return Loaded(version=found.version, events=events, snapshot=found.snapshot)


def _number(number: int) -> int:
    """Return a number that databases take and that compares like the given one."""
    return min(max(0, number), _LAST_NUMBER)


def _key(sender_id: str) -> str:
    return stored.check_text(sender_id, longest=_LONGEST_ID)
