"""Reminders as rows: read in the order they are due, changed inside a transaction of somebody else.

Rule: what a change comes to is decided by `rescheduled` alone, as in every store.
"""

import sqlite3
from collections.abc import Mapping

import msgspec

from tertulia.adapters.stores.sqlite import faults
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reminder).decode


class Plan:
    """A change that is checked, and not yet made."""

    def __init__(self, before: Mapping[str, Reminder], after: Mapping[str, Reminder]) -> None:
        self._before = before
        self._after = after

    def carry_out(self, connection: sqlite3.Connection, sender_id: str) -> None:
        """Write the difference."""
        gone = [(sender_id, name) for name in self._before if name not in self._after]
        connection.executemany("DELETE FROM reminders WHERE sender_id = ? AND name = ?", gone)
        connection.executemany(
            "INSERT OR REPLACE INTO reminders (sender_id, name, due, body) VALUES (?, ?, ?, ?)",
            [
                (sender_id, name, reminder.due, _encode(reminder))
                for name, reminder in self._after.items()
                if self._before.get(name) != reminder
            ],
        )


def plan(connection: sqlite3.Connection, sender_id: str, change: ScheduleChange) -> Plan:
    """Return what a change means for the rows there are.

    Raises:
        StoreConflict: the reminder that fired is not there as it was.
    """
    rows = connection.execute("SELECT body FROM reminders WHERE sender_id = ?", (sender_id,))
    before = {each.name: each for each in (_read(row[0]) for row in rows)}
    after = rescheduled(before, change)
    if after is None:
        raise faults.not_scheduled()
    return Plan(before, after)


def read_page(connection: sqlite3.Connection, after: Reminder | None, limit: int) -> list[Reminder]:
    """Return reminders, the earliest first."""
    start, values = "", ()
    if after is not None:
        start = " WHERE (due, sender_id, name) > (?, ?, ?)"
        values = (after.due, after.sender_id, after.name)
    rows = connection.execute(
        f"SELECT body FROM reminders{start} ORDER BY due, sender_id, name LIMIT ?",  # noqa: S608 (no outside text in it)
        (*values, limit),
    )
    return [_read(row[0]) for row in rows]


def encodable(change: ScheduleChange) -> ScheduleChange:
    """Return a change that can be stored and read back as it is.

    Raises:
        StoreUnavailable: a reminder is not plain JSON, or its text is not UTF-8.
    """
    for step in change.steps:
        if isinstance(step, Reminder):
            try:
                _decode(_encode(step))
            except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
                raise faults.unfit(f"a reminder is not plain JSON: {error}") from error
    return change


def _read(body: bytes) -> Reminder:
    try:
        return _decode(body)
    except msgspec.MsgspecError as error:
        # As the driver tells of a damaged file: the transaction ends, the threads live on.
        raise sqlite3.DatabaseError(f"a stored reminder is damaged: {error}") from error
