"""What an append brings along: snapshots, reminders, receipts. Inside its transaction."""

from collections.abc import Sequence

import sqlalchemy as sa

from tertulia.adapters.stores.sql.log import Head, last_ids
from tertulia.adapters.stores.sql.tables import Tables
from tertulia.core import stored
from tertulia.core.ports import KEPT_RECEIPTS, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled


def keep_snapshot(
    connection: sa.Connection, tables: Tables, key: str, head: Head, snapshot: Snapshot
) -> None:
    """Keep a snapshot, in place of one of the same version, and the newest of the others."""
    table = tables.snapshots
    mine = table.c.sender_id == key
    connection.execute(table.delete().where(mine, table.c.version == snapshot.version))
    last_id = last_ids(connection, tables, key, head.version - snapshot.version) or 0
    values = {
        "sender_id": key,
        "version": snapshot.version,
        "last_id": last_id,
        "fingerprint": snapshot.fingerprint,
        "body": snapshot.body,
    }
    connection.execute(table.insert(), values)
    _prune(connection, table, mine, stored.KEPT_SNAPSHOTS)


def keep_receipt(connection: sa.Connection, tables: Tables, key: str, receipt: Receipt) -> None:
    """Keep a receipt, in place of one with the same key, and the newest of the others."""
    table = tables.receipts
    mine = table.c.sender_id == key
    connection.execute(table.delete().where(mine, table.c.key == receipt.key))
    body = stored.encode_receipt(receipt)
    values = {"sender_id": key, "key": receipt.key, "version": receipt.version, "body": body}
    connection.execute(table.insert(), values)
    _prune(connection, table, mine, KEPT_RECEIPTS)


def find_receipt(
    connection: sa.Connection, tables: Tables, key: str, receipt_key: str
) -> Receipt | None:
    """Return the receipt with this key."""
    receipts = tables.receipts.c
    query = sa.select(receipts.body).where(receipts.sender_id == key, receipts.key == receipt_key)
    body = connection.scalar(query)
    return None if body is None else stored.decode_receipt(bytes(body))


def reschedule(connection: sa.Connection, tables: Tables, key: str, change: ScheduleChange) -> None:
    """Make a change of the schedule.

    Raises:
        StoreConflict: the reminder that fired is not there as it was.
    """
    table = tables.reminders
    mine = table.c.sender_id == key
    rows = connection.scalars(sa.select(table.c.body).where(mine))
    before = {each.name: each for each in (stored.decode_reminder(bytes(row)) for row in rows)}
    after = rescheduled(before, change)
    if after is None:
        raise stored.not_scheduled()
    changed = [each for name, each in after.items() if before.get(name) != each]
    gone = [name for name in before if name not in after or after[name] in changed]
    if gone:
        connection.execute(table.delete().where(mine, table.c.name.in_(gone)))
    if changed:
        connection.execute(table.insert(), [_row(key, each) for each in changed])


def read_reminders(
    connection: sa.Connection, tables: Tables, after: Reminder | None, limit: int
) -> Sequence[bytes]:
    """Return stored reminders, the earliest first."""
    columns = tables.reminders.c
    order = (columns.due, columns.sender_id, columns.name)
    query = sa.select(columns.body).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(*order) > sa.tuple_(after.due, after.sender_id, after.name))
    return [bytes(body) for body in connection.scalars(query)]


def _row(key: str, reminder: Reminder) -> dict[str, object]:
    body = stored.encode_reminder(reminder)
    return {"sender_id": key, "name": reminder.name, "due": reminder.due, "body": body}


def _prune(
    connection: sa.Connection, table: sa.Table, mine: sa.ColumnElement[bool], kept: int
) -> None:
    """Delete a conversation's rows but those of the newest versions."""
    version = table.c.version
    query = sa.select(version).where(mine).order_by(version.desc()).offset(kept).limit(1)
    oldest = connection.scalar(query)
    if oldest is not None:
        connection.execute(table.delete().where(mine, version <= oldest))
