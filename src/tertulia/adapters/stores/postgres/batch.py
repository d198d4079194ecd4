"""Appends of many conversations in one transaction, in as few round trips as possible.

Rule: the rows of conversations are locked in the order of their ids, so batches of several
servers wait for each other and never in a circle.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.adapters.stores.postgres.statements import Statements
from tertulia.adapters.stores.postgres.text import escape, label
from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core import stored
from tertulia.core.ports import KEPT_RECEIPTS, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled
from tertulia.core.stored import StoredEvent

Outcome = int | StoreConflict | StoreUnavailable


class Append(msgspec.Struct, frozen=True, eq=False):
    """One append. key: the conversation's id as it lies in the tables. now: Unix seconds."""

    sender_id: str
    key: str
    rows: Sequence[StoredEvent]
    expected: int
    snapshot: Snapshot | None
    schedule: ScheduleChange | None
    receipt: Receipt | None
    now: float


class Head(msgspec.Struct):
    """What the tables know of one conversation. known: it has a row of its own.

    base: version before the log's first event. last_id: of its newest row in `events`.
    """

    known: bool
    version: int
    base: int
    last_id: int


async def append_all(connection: Any, sql: Statements, jobs: Sequence[Append]) -> list[Outcome]:
    """Perform appends inside a transaction; a refused one has changed nothing."""
    heads = await lock(connection, sql, {job.key for job in jobs})
    scheduled = {job.key for job in jobs if job.schedule is not None}
    batch = _Batch(heads, await _reminders(connection, sql, scheduled))
    outcomes: list[Outcome] = [batch.take(job) for job in jobs]
    await batch.write(connection, sql)
    return outcomes


async def lock(connection: Any, sql: Statements, keys: set[str]) -> dict[str, Head]:
    """Return the heads of conversations, held until the transaction ends."""
    rows = await connection.fetch(sql.lock, sorted(keys))
    return {row[0]: Head(row[1], row[2], row[3], row[4]) for row in rows}


async def _reminders(
    connection: Any, sql: Statements, keys: set[str]
) -> dict[str, dict[str, Reminder]]:
    found: dict[str, dict[str, Reminder]] = {key: {} for key in keys}
    if keys:
        for key, body in await connection.fetch(sql.reminders_of, sorted(keys)):
            reminder = stored.decode_reminder(body)
            found[key][reminder.name] = reminder
    return found


class _Batch:
    """What the appends of one transaction come to."""

    def __init__(self, heads: dict[str, Head], reminders: dict[str, dict[str, Reminder]]) -> None:
        self._heads = heads
        self._before = reminders
        self._after = dict(reminders)
        self._rows: list[tuple[str, StoredEvent]] = []
        self._grown: dict[str, int] = {}
        self._now = 0.0
        self._receipts: dict[tuple[str, str], Receipt] = {}
        self._snapshots: dict[tuple[str, int], Snapshot] = {}

    def take(self, job: Append) -> Outcome:
        head = self._heads[job.key]
        if head.version != job.expected:
            return stored.conflict(job.sender_id, found=head.version, expected=job.expected)
        if job.schedule is not None:
            after = rescheduled(self._after[job.key], job.schedule)
            if after is None:
                return stored.not_scheduled()
            self._after[job.key] = after
        if job.rows:
            head.version += len(job.rows)
            self._rows.extend((job.key, row) for row in job.rows)
            self._grown[job.key] = self._grown.get(job.key, 0) + len(job.rows)
            self._now = max(self._now, job.now)
        if job.snapshot is not None:
            self._snapshots[job.key, job.snapshot.version] = job.snapshot
        if job.receipt is not None:
            self._receipts[job.key, job.receipt.key] = job.receipt
        return head.version

    async def write(self, connection: Any, sql: Statements) -> None:
        if self._grown:
            heads = {key: self._heads[key] for key in sorted(self._grown)}
            await insert(connection, sql, self._rows, heads, self._now)
        if self._snapshots:
            await self._keep(connection, sql)
        if self._after != self._before:
            await self._reschedule(connection, sql)
        if self._receipts:
            await self._keep_receipts(connection, sql)
        # Last: from here to the commit no other server can write.
        if self._grown:
            told = [
                ("event", key, self._heads[key].version, count)
                for key, count in self._grown.items()
            ]
            await connection.execute(sql.note, *columns(told))

    async def _keep(self, connection: Any, sql: Statements) -> None:
        taken = [
            (
                key,
                version,
                self._heads[key].version - version,
                escape(snapshot.fingerprint),
                snapshot.body,
            )
            for (key, version), snapshot in self._snapshots.items()
        ]
        await connection.execute(sql.keep, *columns(taken))
        keys = sorted({key for key, _ in self._snapshots})
        await connection.execute(sql.prune, keys, stored.KEPT_SNAPSHOTS)

    async def _keep_receipts(self, connection: Any, sql: Statements) -> None:
        kept = [
            (key, escape(receipt.key), receipt.version, stored.encode_receipt(receipt))
            for (key, _), receipt in self._receipts.items()
        ]
        await connection.execute(sql.put_receipts, *columns(kept))
        keys = sorted({key for key, _ in self._receipts})
        await connection.execute(sql.prune_receipts, keys, KEPT_RECEIPTS)

    async def _reschedule(self, connection: Any, sql: Statements) -> None:
        gone: list[tuple[str, str]] = []
        put: list[tuple[str, str, float, bytes]] = []
        for key, after in self._after.items():
            before = self._before[key]
            gone.extend((key, escape(name)) for name in before if name not in after)
            put.extend(
                (key, escape(name), each.due, stored.encode_reminder(each))
                for name, each in after.items()
                if before.get(name) != each
            )
        if gone:
            await connection.execute(sql.forget_reminders, *columns(gone))
        if put:
            await connection.execute(sql.put_reminders, *columns(put))


async def insert(
    connection: Any,
    sql: Statements,
    rows: Sequence[tuple[str, StoredEvent]],
    heads: dict[str, Head],
    now: float,
) -> None:
    """Add rows to `events` and write the heads that have grown by them."""
    events = [
        (
            key,
            label(row.type_name),
            row.timestamp,
            label(row.intent_name),
            label(row.action_name),
            row.data,
        )
        for key, row in rows
    ]
    grown = [
        (key, head.known, head.version, head.base, head.last_id) for key, head in heads.items()
    ]
    await connection.execute(sql.insert, *columns(events, 6), *columns(grown), now)


def columns(rows: Sequence[tuple[Any, ...]], width: int = 0) -> list[list[Any]]:
    """Return rows as columns; `width` of them, empty, when there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
