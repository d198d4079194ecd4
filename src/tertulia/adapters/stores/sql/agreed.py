"""The agreed model as the one row of a table."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tertulia.adapters.stores.sql.tables import Tables
from tertulia.core.agreed import Agreed, pack_agreed, unpack_agreed

Perform = Callable[[Callable[[sa.Connection, Tables], Any]], Awaitable[Any]]
_NAME = "model"


class SqlAgreed:
    """See `AgreedModel`. read, write: perform work in a transaction."""

    def __init__(self, read: Perform, write: Perform) -> None:
        self._read = read
        self._write = write

    async def read(self) -> Agreed | None:
        """Return what was decided last."""
        body = await self._read(_body)
        return None if body is None else unpack_agreed(body)

    async def write(self, agreed: Agreed) -> bool:
        """Put a decision in place of the one before it."""
        return bool(await self._write(partial(_put, agreed=agreed)))


def _body(connection: sa.Connection, tables: Tables) -> str | None:
    return connection.scalar(sa.select(tables.agreed.c.data))


def _put(connection: sa.Connection, tables: Tables, *, agreed: Agreed) -> int:
    table = tables.agreed
    values = {"number": agreed.number, "data": pack_agreed(agreed)}
    before = sa.and_(table.c.name == _NAME, table.c.number == agreed.number - 1)
    if agreed.number > 1:
        return connection.execute(table.update().where(before), values).rowcount
    try:
        with connection.begin_nested():
            connection.execute(table.insert(), {"name": _NAME, **values})
    except IntegrityError:
        return 0
    return 1
