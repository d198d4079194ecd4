"""The feed: one row for each write, numbered in the order of the transactions.

SQLite has one writer at a time, so the order of positions is that in which they become readable.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tertulia.core.feed import KEPT_ERASURES, Kind, forgotten_id

_ALL = (
    "SELECT position, kind, sender_id, seq, count FROM feed"
    " WHERE position > :after ORDER BY position LIMIT :limit"
)
_MINE = (
    "SELECT position, kind, sender_id, seq, count FROM feed"
    " WHERE (sender_id = :id AND kind <> 'erased' OR sender_id = :gone AND kind = 'erased')"
    " AND position > :after ORDER BY position LIMIT :limit"
)


class RawEntry(NamedTuple):
    """One entry, its event not yet decoded. body: None without an event."""

    position: int
    kind: Kind
    sender_id: str
    seq: int = 0
    body: bytes | None = None


class _Row(NamedTuple):
    position: int
    kind: Kind
    sender_id: str
    seq: int
    size: int


def note_events(
    connection: sqlite3.Connection, sender_id: str, *, version: int, count: int
) -> None:
    """Add the events up to `version`, of which `count` are new."""
    if count:
        _note(connection, "event", sender_id, seq=version, count=count)


def note_replaced(
    connection: sqlite3.Connection, sender_id: str, *, version: int, count: int
) -> None:
    """Let the conversation begin anew with `count` events up to `version`."""
    _drop(connection, sender_id)
    _note(connection, "replaced", sender_id)
    note_events(connection, sender_id, version=version, count=count)


def note_erased(connection: sqlite3.Connection, sender_id: str) -> None:
    """Take the conversation out; what stays is that something was erased."""
    _drop(connection, sender_id)
    _note(connection, "erased", forgotten_id(sender_id))
    connection.execute(
        "DELETE FROM feed WHERE kind = 'erased' AND position <= (SELECT position FROM feed"
        " WHERE kind = 'erased' ORDER BY position DESC LIMIT 1 OFFSET ?)"
        " AND NOT EXISTS (SELECT 1 FROM feed_cursors WHERE feed_cursors.position < feed.position)",
        (KEPT_ERASURES,),
    )


def end(connection: sqlite3.Connection) -> int:
    """Return the newest position that was given out."""
    return connection.execute("SELECT position FROM feed_end").fetchone()[0]


def read(
    connection: sqlite3.Connection, *, after: int, limit: int, sender_id: str | None
) -> list[RawEntry]:
    """Return up to `limit` entries after position `after`."""
    values: dict[str, object] = {"after": after, "limit": limit}
    query = _ALL
    if sender_id is not None:
        query = _MINE
        values |= {"id": sender_id, "gone": forgotten_id(sender_id)}
    rows = connection.execute(query, values).fetchall()
    found: list[RawEntry] = []
    for row in map(_Row._make, rows):
        found += _entries(connection, row, after, limit - len(found))
        if len(found) == limit:
            break
    return found


def _entries(
    connection: sqlite3.Connection, row: _Row, after: int, limit: int
) -> Iterator[RawEntry]:
    """Yield what a row stands for, beginning after a position in the middle of it."""
    if not row.size:
        yield RawEntry(row.position, row.kind, row.sender_id)
        return
    offset = row.position - row.seq
    bodies: Sequence[tuple[int, bytes]] = connection.execute(
        "SELECT seq, body FROM events WHERE sender_id = ? AND seq > ? AND seq <= ?"
        " ORDER BY seq LIMIT ?",
        (row.sender_id, max(row.seq - row.size, after - offset), row.seq, limit),
    ).fetchall()
    for seq, body in bodies:
        yield RawEntry(seq + offset, row.kind, row.sender_id, seq, body)


def _drop(connection: sqlite3.Connection, sender_id: str) -> None:
    connection.execute("DELETE FROM feed WHERE sender_id = ? AND kind <> 'erased'", (sender_id,))


def _note(
    connection: sqlite3.Connection, kind: Kind, sender_id: str, *, seq: int = 0, count: int = 0
) -> None:
    position = end(connection) + max(1, count)
    connection.execute("UPDATE feed_end SET position = ?", (position,))
    connection.execute(
        "INSERT INTO feed (position, kind, sender_id, seq, count) VALUES (?, ?, ?, ?, ?)",
        (position, kind, sender_id, seq, count),
    )
