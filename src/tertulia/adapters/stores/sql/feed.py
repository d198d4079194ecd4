"""The feed: one row for each write, numbered in the order of the commits.

The row of `tertulia_feed_end` stays locked until the commit, so positions become readable in order.
Rule: it is locked last, after rows of conversations, so no two writers wait for each other.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from tertulia.adapters.stores.sql.log import head_of
from tertulia.adapters.stores.sql.tables import Tables
from tertulia.core import stored
from tertulia.core.feed import KEPT_ERASURES, FeedEntry, Kind, forgotten_id


def note(
    connection: sa.Connection,
    tables: Tables,
    kind: Kind,
    sender_id: str,
    *,
    seq: int = 0,
    count: int = 0,
    last_id: int = 0,
) -> None:
    """Add what was written. count: its events, the last of them `seq`, in the row `last_id`."""
    ends = tables.feed_end
    size = max(1, count)
    connection.execute(ends.update().values(position=ends.c.position + size))
    values = {
        "position": end(connection, tables),
        "kind": kind,
        "sender_id": sender_id,
        "seq": seq,
        "count": count,
        "last_id": last_id,
    }
    connection.execute(tables.feed.insert(), values)


def drop(connection: sa.Connection, tables: Tables, sender_id: str) -> None:
    """Take the entries of a conversation out."""
    feed = tables.feed
    connection.execute(feed.delete().where(feed.c.sender_id == sender_id, feed.c.kind != "erased"))


def note_erased(connection: sa.Connection, tables: Tables, sender_id: str) -> None:
    """Let what stays of a conversation be that something was erased."""
    note(connection, tables, "erased", forgotten_id(sender_id))
    feed = tables.feed
    query = sa.select(feed.c.position).where(feed.c.kind == "erased")
    query = query.order_by(feed.c.position.desc()).offset(KEPT_ERASURES).limit(1)
    oldest = connection.scalar(query)
    if oldest is None:
        return
    unread = connection.scalar(sa.select(sa.func.min(tables.cursors.c.position)))
    if unread is not None:
        oldest = min(oldest, unread)
    connection.execute(feed.delete().where(feed.c.kind == "erased", feed.c.position <= oldest))


def end(connection: sa.Connection, tables: Tables) -> int:
    """Return the newest position that was given out."""
    return connection.scalar(sa.select(tables.feed_end.c.position)) or 0


def read(
    connection: sa.Connection,
    tables: Tables,
    *,
    after: int,
    limit: int,
    sender_id: str | None,
) -> list[FeedEntry]:
    """Return up to `limit` entries after a position."""
    feed = tables.feed.c
    query = sa.select(tables.feed).where(feed.position > after).order_by(feed.position).limit(limit)
    if sender_id is not None:
        is_erased = feed.kind == "erased"
        query = query.where(
            sa.or_(
                sa.and_(feed.sender_id == sender_id, ~is_erased),
                sa.and_(feed.sender_id == forgotten_id(sender_id), is_erased),
            )
        )
    found: list[FeedEntry] = []
    for row in connection.execute(query).all():
        found += _entries(connection, tables, row, after, limit - len(found))
        if len(found) == limit:
            break
    return found


def _entries(
    connection: sa.Connection, tables: Tables, row: Any, after: int, limit: int
) -> Iterator[FeedEntry]:
    """Yield what a row stands for, beginning after a position in the middle of it."""
    position, kind, sender_id, seq, count, last_id = row
    if not count:
        yield FeedEntry(position=position, kind=kind, sender_id=sender_id)
        return
    rest = min(count, position - after)
    taken = min(rest, limit)
    for back, event in zip(
        range(rest - 1, -1, -1),
        stored.decode_events(_bodies(connection, tables, sender_id, last_id, rest, taken)),
        strict=False,
    ):
        yield FeedEntry(
            position=position - back,
            kind=kind,
            sender_id=sender_id,
            seq=seq - back,
            event=event,
        )


def _bodies(
    connection: sa.Connection, tables: Tables, key: str, last_id: int, rest: int, taken: int
) -> list[str]:
    """Return the first `taken` of the last `rest` rows up to `last_id`."""
    events = tables.events.c
    query = (
        sa.select(events.data)
        .where(events.sender_id == key, events.id <= last_id)
        .order_by(events.id.desc())
        .offset(rest - taken)
        .limit(taken)
    )
    return list(reversed(connection.scalars(query).all()))


def was_known(connection: sa.Connection, tables: Tables, key: str) -> bool:
    """Tell whether there is anything to erase, and hold it."""
    return head_of(connection, tables, key, lock=True).version > 0
