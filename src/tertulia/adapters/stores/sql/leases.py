"""Leases as rows of a table; time is the database's, or this machine's for a file."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

import sqlalchemy as sa

from tertulia.adapters.stores.sql.tables import Tables

Write = Callable[[Callable[[sa.Connection, Tables], int]], Awaitable[int]]


class SqlLeases:
    """See `LeaseKeeper`. write: performs work in a transaction."""

    def __init__(self, write: Write) -> None:
        self._write = write

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        """Take or renew a lease."""
        work = partial(_take, name=name, holder=holder, seconds=seconds)
        return await self._write(work) or None

    async def drop(self, name: str, holder: str) -> None:
        """Let others take it."""
        await self._write(partial(_drop, name=name, holder=holder))


def _take(
    connection: sa.Connection, tables: Tables, *, name: str, holder: str, seconds: float
) -> int:
    """Return the token, 0 when somebody else holds it."""
    table = tables.leases
    mine = table.c.name == name
    found = connection.execute(sa.select(table).where(mine).with_for_update()).first()
    now = _now(connection)
    values = {"name": name, "holder": holder, "token": 1, "until": now + seconds}
    if found is None:
        connection.execute(table.insert(), values)
        return 1
    runs = found.until > now
    if runs and found.holder != holder:
        return 0
    values["token"] = int(found.token) + (0 if runs else 1)
    connection.execute(table.update().where(mine), values)
    return int(values["token"])


def _drop(connection: sa.Connection, tables: Tables, *, name: str, holder: str) -> int:
    table = tables.leases
    held = sa.and_(table.c.name == name, table.c.holder == holder)
    connection.execute(table.update().where(held), {"until": 0.0})
    return 0


def _now(connection: sa.Connection) -> float:
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.scalar(sa.text("SELECT UNIX_TIMESTAMP(NOW(6))")) or 0.0)
