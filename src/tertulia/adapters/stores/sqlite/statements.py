"""What is done to the tables inside a transaction that somebody else opens and closes.

Rule: a write that raises StoreConflict has changed nothing; it checks before it inserts.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from tertulia.adapters.stores.sqlite import faults, feed, receipts
from tertulia.adapters.stores.sqlite.schedule import plan
from tertulia.core.ports import Receipt, Snapshot
from tertulia.core.reminders import ScheduleChange

KEPT_SNAPSHOTS = 4
"""How many snapshots of a conversation are kept, the newest ones."""


class EventRow(NamedTuple):
    """One event as it lies in the table, without its key. body: JSON."""

    timestamp: float
    type: str
    body: bytes


class Beside(NamedTuple):
    """What an append writes beside the events."""

    snapshot: Snapshot | None
    schedule: ScheduleChange | None
    receipt: Receipt | None


class Stored(NamedTuple):
    """What was read of a conversation, not yet decoded."""

    version: int
    bodies: Sequence[bytes]
    snapshot: Snapshot | None = None


class Part(NamedTuple):
    """A page of a log, not yet decoded. first: sequence number of the first body."""

    version: int
    first: int
    bodies: Sequence[bytes]


def version_of(connection: sqlite3.Connection, sender_id: str) -> int:
    """Return the newest sequence number, 0 for an unknown conversation."""
    row = connection.execute(
        "SELECT version FROM conversations WHERE sender_id = ?", (sender_id,)
    ).fetchone()
    return 0 if row is None else row[0]


def read_all(connection: sqlite3.Connection, sender_id: str) -> Stored:
    """Return the whole log."""
    return Stored(version_of(connection, sender_id), _bodies_after(connection, sender_id, 0))


def read_tail(
    connection: sqlite3.Connection, sender_id: str, *, fingerprint: str, window: int
) -> Stored:
    """Return the newest fitting snapshot and what follows it, or the whole log."""
    version = version_of(connection, sender_id)
    row = connection.execute(
        "SELECT version, body FROM snapshots"
        " WHERE sender_id = ? AND fingerprint = ? AND version <= ?"
        " ORDER BY version DESC LIMIT 1",
        (sender_id, fingerprint, max(0, version - window)),
    ).fetchone()
    if row is None:
        return Stored(version, _bodies_after(connection, sender_id, 0))
    snapshot = Snapshot(version=row[0], fingerprint=fingerprint, body=row[1])
    return Stored(version, _bodies_after(connection, sender_id, snapshot.version), snapshot)


def read_ids(connection: sqlite3.Connection, after: str | None, limit: int) -> list[str]:
    """Return ids in ascending order (of code points, which is that of their UTF-8 bytes)."""
    start, values = ("", ()) if after is None else (" WHERE sender_id > ?", (after,))
    rows = connection.execute(
        f"SELECT sender_id FROM conversations{start} ORDER BY sender_id LIMIT ?",  # noqa: S608 (no outside text in it)
        (*values, limit),
    )
    return [row[0] for row in rows]


def append(
    connection: sqlite3.Connection,
    sender_id: str,
    rows: Sequence[EventRow],
    *,
    expected: int,
    beside: Beside,
    now: float,
) -> int:
    """Add what an append brings; return the new version. now: Unix seconds.

    Raises:
        StoreConflict: the version is not `expected`, or what fired is not on the schedule.
    """
    _check(connection, sender_id, expected)
    planned = None if beside.schedule is None else plan(connection, sender_id, beside.schedule)
    version = expected + len(rows)
    if rows:
        _insert(connection, sender_id, rows, first=expected + 1)
        _note(connection, sender_id, version, now)
        feed.note_events(connection, sender_id, version=version, count=len(rows))
    if beside.snapshot is not None:
        _keep(connection, sender_id, beside.snapshot)
    if planned is not None:
        planned.carry_out(connection, sender_id)
    if beside.receipt is not None:
        receipts.keep(connection, sender_id, beside.receipt)
    return version


def replace(
    connection: sqlite3.Connection,
    sender_id: str,
    rows: Sequence[EventRow],
    *,
    expected: int,
    now: float,
) -> int:
    """Make these events the whole log; return the new version. Raises as `append`."""
    _check(connection, sender_id, expected)
    for table in ("events", "snapshots"):
        connection.execute(f"DELETE FROM {table} WHERE sender_id = ?", (sender_id,))  # noqa: S608 (two constants)
    _insert(connection, sender_id, rows, first=expected + 1)
    # An empty log takes a number too: otherwise a writer who saw the old one is not refused.
    version = expected + max(1, len(rows))
    _note(connection, sender_id, version, now)
    feed.note_replaced(connection, sender_id, version=version, count=len(rows))
    return version


def erase(connection: sqlite3.Connection, sender_id: str) -> int:
    """Forget a conversation; return how many events it had."""
    gone = connection.execute("DELETE FROM events WHERE sender_id = ?", (sender_id,)).rowcount
    for table in ("snapshots", "reminders", "receipts"):
        connection.execute(f"DELETE FROM {table} WHERE sender_id = ?", (sender_id,))  # noqa: S608 (three constants)
    known = connection.execute("DELETE FROM conversations WHERE sender_id = ?", (sender_id,))
    if known.rowcount:
        feed.note_erased(connection, sender_id)
    return gone


def read_page(connection: sqlite3.Connection, sender_id: str, *, after: int, limit: int) -> Part:
    """Return the next events after a sequence number."""
    version = version_of(connection, sender_id)
    rows = connection.execute(
        "SELECT seq, body FROM events WHERE sender_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        (sender_id, after, limit),
    ).fetchall()
    first = rows[0][0] if rows else version + 1
    return Part(version, first, [row[1] for row in rows])


def _bodies_after(connection: sqlite3.Connection, sender_id: str, seq: int) -> list[bytes]:
    rows = connection.execute(
        "SELECT body FROM events WHERE sender_id = ? AND seq > ? ORDER BY seq", (sender_id, seq)
    )
    return [row[0] for row in rows]


def _check(connection: sqlite3.Connection, sender_id: str, expected: int) -> None:
    found = version_of(connection, sender_id)
    if found != expected:
        raise faults.conflict(sender_id, found=found, expected=expected)


def _insert(
    connection: sqlite3.Connection, sender_id: str, rows: Sequence[EventRow], *, first: int
) -> None:
    connection.executemany(
        "INSERT INTO events (sender_id, seq, timestamp, type, body) VALUES (?, ?, ?, ?, ?)",
        ((sender_id, seq, *row) for seq, row in enumerate(rows, first)),
    )


def _note(connection: sqlite3.Connection, sender_id: str, version: int, now: float) -> None:
    connection.execute(
        "INSERT INTO conversations (sender_id, version, created, updated) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (sender_id) DO UPDATE SET"
        " version = excluded.version, updated = excluded.updated",
        (sender_id, version, now, now),
    )


def _keep(connection: sqlite3.Connection, sender_id: str, snapshot: Snapshot) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO snapshots (sender_id, version, fingerprint, body)"
        " VALUES (?, ?, ?, ?)",
        (sender_id, snapshot.version, snapshot.fingerprint, snapshot.body),
    )
    connection.execute(
        "DELETE FROM snapshots WHERE sender_id = :id AND version NOT IN"
        " (SELECT version FROM snapshots WHERE sender_id = :id"
        " ORDER BY version DESC LIMIT :kept)",
        {"id": sender_id, "kept": KEPT_SNAPSHOTS},
    )
