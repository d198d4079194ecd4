"""Logs of conversations: what is done to `events` and heads inside a transaction.

Rule: a write checks before it changes. Rows that another program has added to a conversation's
`events` count too: a head that knows `last_id` is at `version` plus the number of rows after it.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from tertulia.adapters.stores.sql.tables import Tables
from tertulia.core import stored
from tertulia.core.ports import Snapshot
from tertulia.core.stored import StoredEvent


class Head(msgspec.Struct):
    """What is known of one conversation. known: it has a row of its own.

    base: version before the log's first event. last_id: of its newest row in `events`.
    """

    known: bool
    version: int
    base: int
    last_id: int


class Read(msgspec.Struct, frozen=True):
    """What was read of a log, not yet decoded. first: sequence number of the first body."""

    version: int
    first: int
    bodies: Sequence[str]
    snapshot: Snapshot | None = None


def head_of(connection: sa.Connection, tables: Tables, key: str, *, lock: bool = False) -> Head:
    """Return a conversation's head. lock: nobody else may write to it until the end."""
    heads, events = tables.conversations.c, tables.events.c
    query = sa.select(heads.version, heads.base, heads.last_id).where(heads.sender_id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    head = Head(False, 0, 0, 0) if row is None else Head(True, row[0], row[1], row[2])
    rows = sa.select(sa.func.count(), sa.func.max(events.id)).where(
        events.sender_id == key, events.id > head.last_id
    )
    more, last_id = connection.execute(rows).one()
    if more:
        head.version, head.last_id = head.version + more, last_id
    return head


def expect(connection: sa.Connection, tables: Tables, sender_id: str, expected: int) -> Head:
    """Return the locked head of a conversation at this version.

    Raises:
        StoreConflict: it is at another.
    """
    head = head_of(connection, tables, sender_id, lock=True)
    if head.version != expected:
        raise stored.conflict(sender_id, found=head.version, expected=expected)
    return head


def grow(
    connection: sa.Connection,
    tables: Tables,
    key: str,
    head: Head,
    *,
    rows: Sequence[StoredEvent],
    now: float,
) -> None:
    """Add rows to `events` and write the head, whose version counts them already."""
    if rows:
        connection.execute(tables.events.insert(), [_row(key, row) for row in rows])
        head.last_id = last_ids(connection, tables, key, 0) or 0
    values = {"version": head.version, "base": head.base, "last_id": head.last_id, "updated": now}
    heads = tables.conversations
    if head.known:
        connection.execute(heads.update().where(heads.c.sender_id == key), values)
    else:
        connection.execute(heads.insert(), {"sender_id": key, "created": now, **values})
        head.known = True


def last_ids(connection: sa.Connection, tables: Tables, key: str, back: int) -> int | None:
    """Return the id of the row that has `back` rows after it in its conversation."""
    events = tables.events.c
    query = sa.select(events.id).where(events.sender_id == key).order_by(events.id.desc())
    return connection.scalar(query.offset(back).limit(1))


def bodies(
    connection: sa.Connection,
    tables: Tables,
    key: str,
    *,
    after_id: int = 0,
    skip: int = 0,
    limit: int | None = None,
) -> list[str]:
    """Return stored JSON, oldest first."""
    events = tables.events.c
    query = sa.select(events.data).where(events.sender_id == key, events.id > after_id)
    query = query.order_by(events.id)
    if limit is not None:
        query = query.limit(limit).offset(skip)
    return list(connection.scalars(query))


def last_bodies(
    connection: sa.Connection, tables: Tables, key: str, *, back: int, limit: int
) -> list[str]:
    """Return stored JSON, oldest first, which `back` rows follow. Cost: these and those rows."""
    events = tables.events.c
    query = sa.select(events.data).where(events.sender_id == key).order_by(events.id.desc())
    return list(connection.scalars(query.limit(limit).offset(back)))[::-1]


def read_whole(connection: sa.Connection, tables: Tables, key: str) -> Read:
    """Return the whole log."""
    head = head_of(connection, tables, key)
    return Read(head.version, head.base + 1, bodies(connection, tables, key))


def read_tail(
    connection: sa.Connection, tables: Tables, key: str, *, fingerprint: str, window: int
) -> Read:
    """Return the newest fitting snapshot and what follows it, or the whole log."""
    head, taken = head_of(connection, tables, key), tables.snapshots.c
    query = sa.select(taken.version, taken.body, taken.last_id).where(
        taken.sender_id == key,
        taken.fingerprint == fingerprint,
        taken.version <= head.version - window,
    )
    row = connection.execute(query.order_by(taken.version.desc()).limit(1)).one_or_none()
    if row is None:
        return Read(head.version, head.base + 1, bodies(connection, tables, key))
    snapshot = Snapshot(version=row[0], fingerprint=fingerprint, body=bytes(row[1]))
    found = bodies(connection, tables, key, after_id=row[2])
    return Read(head.version, row[0] + 1, found, snapshot)


def read_page(
    connection: sa.Connection, tables: Tables, key: str, *, after: int, limit: int
) -> Read:
    """Return the next events after a sequence number."""
    head = head_of(connection, tables, key)
    skip, rest = max(after - head.base, 0), max(head.version - max(after, head.base), 0)
    if skip < rest:
        found = bodies(connection, tables, key, skip=skip, limit=limit)
    else:
        found = last_bodies(
            connection, tables, key, back=max(rest - limit, 0), limit=min(rest, limit)
        )
    return Read(head.version, head.base + skip + 1 if found else head.version + 1, found)


def read_ids(connection: sa.Connection, tables: Tables, after: str | None, limit: int) -> list[str]:
    """Return ids in ascending order, also of conversations that only have rows in `events`."""
    found: set[str] = set()
    for column in (tables.conversations.c.sender_id, tables.events.c.sender_id):
        query = sa.select(column).distinct().order_by(column).limit(limit)
        if after is not None:
            query = query.where(column > after)
        found.update(connection.scalars(query))
    return sorted(found)[:limit]


def drop(connection: sa.Connection, key: str, *tables: sa.Table) -> int:
    """Delete a conversation's rows; return how many were in the last of the tables."""
    gone = 0
    for table in tables:
        gone = connection.execute(table.delete().where(table.c.sender_id == key)).rowcount
    return gone


def _row(key: str, event: StoredEvent) -> dict[str, object]:
    return {
        "sender_id": key,
        "type_name": event.type_name[:255],
        "timestamp": event.timestamp,
        "intent_name": _label(event.intent_name),
        "action_name": _label(event.action_name),
        "data": event.data,
    }


def _label(text: str | None) -> str | None:
    return None if text is None else text[:255]
