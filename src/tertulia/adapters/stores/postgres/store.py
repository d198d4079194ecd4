"""The tracker store itself: events to rows and back, reads to the pool, writes to the committer."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tertulia.adapters.shared.coding import decoded, encoded
from tertulia.adapters.shared.postgres_client import DRIVER_ERRORS
from tertulia.adapters.stores.postgres import faults
from tertulia.adapters.stores.postgres.agreed import PostgresAgreed
from tertulia.adapters.stores.postgres.batch import Append, columns, insert, lock
from tertulia.adapters.stores.postgres.committer import Committer
from tertulia.adapters.stores.postgres.connect import open_pool, prefix_of
from tertulia.adapters.stores.postgres.cursors import PostgresCursors
from tertulia.adapters.stores.postgres.leases import PostgresLeases
from tertulia.adapters.stores.postgres.place import Place, place_of
from tertulia.adapters.stores.postgres.statements import Statements, statements
from tertulia.adapters.stores.postgres.text import escape, restore
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.feed import KEPT_ERASURES, FeedEntry, forgotten_id
from tertulia.core.ports import Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.core.stored import StoredEvent
from tertulia.schema.stores import SqlStore

_LONGEST_ID = 255
_LAST_NUMBER = 2**62


class PostgresStore:
    """Keeps conversations in one database, made by `open`; any number of servers may share it.

    An append is acknowledged after its transaction is committed; those that arrive meanwhile
    share the next one. Rows that the originals add to `events` are part of the log. The newest 4
    snapshots of a conversation are kept.
    """

    def __init__(self, pool: Any, place: Place, now: Callable[[], float]) -> None:
        self._pool = pool
        self._place = place
        self._now = now
        self._sql: Statements = statements(prefix_of(place))
        self._committer = Committer(pool, self._sql, place)
        self.leases = PostgresLeases(self._rows, prefix_of(place))
        self.agreed = PostgresAgreed(self._rows, prefix_of(place))
        self._closed = False
        self.cursors = PostgresCursors(self._committer, self._rows, self._sql)

    @classmethod
    async def open(
        cls,
        config: SqlStore,
        *,
        env: Mapping[str, str] = os.environ,
        patience: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> "PostgresStore":
        """Return the store in this database, which gets its tables if they are missing.

        patience: seconds to wait for a server that does not answer yet. now: Unix seconds, for
        the columns `created` and `updated`.

        Raises:
            ConfigError: the address cannot be read.
            StoreUnavailable: the server does not answer, or refuses.
        """
        place = place_of(config, env)
        return cls(await open_pool(place, patience), place, now)

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        version, bodies = await self._row(self._sql.whole, _key(sender_id))
        return await _loaded(version, bodies)

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        version, bodies, taken, body = await self._row(
            self._sql.tail, _key(sender_id), escape(fingerprint), _number(window)
        )
        if taken is None:
            return await _loaded(version, bodies)
        snapshot = Snapshot(version=taken, fingerprint=fingerprint, body=body)
        return await _loaded(version, bodies, snapshot)

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
        return await self._committer.submit(
            Append(sender_id, key, rows, expected, snapshot, schedule, receipt, self._now())
        )

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        key, rows = _key(sender_id), await encoded(events)
        work = partial(self._replace, sender_id=sender_id, key=key, rows=rows, expected=expected)
        return await self._committer.submit(work)

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number. Cost: those, and passing over others.

        What lies nearer to the end is found from there.
        """
        version, base, bodies = await self._row(
            self._sql.page, _key(sender_id), _number(after), _number(limit)
        )
        events = await decoded(bodies)
        first = max(after, base) + 1 if events else version + 1
        return Page(version=version, first=first, events=events)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        rows = await self._rows(self._sql.receipt, _key(sender_id), escape(stored.check_text(key)))
        return stored.decode_receipt(rows[0][0]) if rows else None

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries."""
        key, gone = None, None
        if sender_id is not None:
            key, gone = _key(sender_id), forgotten_id(sender_id)
        rows = await self._rows(self._sql.feed, _number(after), _number(limit), key, gone)
        return await asyncio.to_thread(entries, rows)

    async def feed_end(self) -> int:
        """Return the newest position."""
        return (await self._row(self._sql.feed_end))[0]

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        return (await self._row(self._sql.version, _key(sender_id)))[0]

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        start, most = escape(after or ""), _number(limit)
        heads = await self._rows(self._sql.heads_after, start, most)
        senders = await self._rows(self._sql.senders_after, start, most)
        ids = sorted({row[0] for row in (*heads, *senders)})
        if after is None and limit > 0 and await self.version(""):
            ids.insert(0, "")
        return [restore(each) for each in ids[:most]]

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: those reminders."""
        start = (float("-inf"), "", "")
        if after is not None:
            start = (after.due, escape(after.sender_id), escape(after.name))
        rows = await self._rows(self._sql.reminders_after, *start, _number(limit))
        return [stored.decode_reminder(row[0]) for row in rows]

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation with its snapshots and reminders."""
        return await self._committer.submit(
            partial(self._erase, sender_id=sender_id, key=_key(sender_id))
        )

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        self._closed = True
        await self._committer.close()
        await self._pool.close()

    async def _replace(
        self,
        connection: Any,
        *,
        sender_id: str,
        key: str,
        rows: Sequence[StoredEvent],
        expected: int,
    ) -> int:
        head = (await lock(connection, self._sql, {key}))[key]
        if head.version != expected:
            raise stored.conflict(sender_id, found=head.version, expected=expected)
        await connection.execute(self._sql.drop_events, key)
        await connection.execute(self._sql.drop_snapshots, key)
        await connection.execute(self._sql.unfeed, key)
        # An empty log takes a number too: otherwise a writer who saw the old one is not refused.
        head.version = expected + max(1, len(rows))
        head.base = head.version - len(rows)
        await insert(connection, self._sql, [(key, row) for row in rows], {key: head}, self._now())
        told = [("replaced", key, 0, 0), ("event", key, head.version, len(rows))]
        await connection.execute(self._sql.note, *columns(told[: 2 if rows else 1]))
        return head.version

    async def _erase(self, connection: Any, *, sender_id: str, key: str) -> int:
        head = (await lock(connection, self._sql, {key}))[key]
        gone: str = await connection.execute(self._sql.drop_events, key)
        sql = self._sql
        for drop in (
            sql.drop_snapshots, sql.drop_reminders, sql.drop_receipts, sql.drop_head, sql.unfeed
        ):  # fmt: skip
            await connection.execute(drop, key)
        if head.version:
            told = [("erased", forgotten_id(sender_id), 0, 0)]
            await connection.execute(sql.note, *columns(told))
            await connection.execute(sql.prune_erasures, KEPT_ERASURES)
        return int(gone.rpartition(" ")[2])

    async def _row(self, statement: str, *values: Any) -> Any:
        return (await self._rows(statement, *values))[0]

    async def _rows(self, statement: str, *values: Any) -> Sequence[Any]:
        if self._closed:
            raise stored.closed()
        try:
            return await self._pool.fetch(statement, *values)
        except DRIVER_ERRORS as error:
            raise faults.driver_failed(error, self._place) from error


async def _loaded(version: int, bodies: Sequence[str], snapshot: Snapshot | None = None) -> Loaded:
    return Loaded(version=version, events=await decoded(bodies), snapshot=snapshot)


def entries(rows: Sequence[Any]) -> list[FeedEntry]:
    """Return entries of the feed from rows; those without an event have no `back`."""
    found: list[FeedEntry] = []
    for position, kind, key, seq, _, back, data in rows:
        events = () if data is None else stored.decode_events((data,))
        found.append(
            FeedEntry(
                position=position - (back or 0),
                kind=kind,
                sender_id=restore(key),
                seq=seq - (back or 0),
                event=events[0] if events else None,
            )
        )
    return found


def _number(number: int) -> int:
    """Return a number that PostgreSQL takes and that compares like the given one."""
    return min(max(0, number), _LAST_NUMBER)


def _key(sender_id: str) -> str:
    return stored.check_text(escape(sender_id), longest=_LONGEST_ID)
