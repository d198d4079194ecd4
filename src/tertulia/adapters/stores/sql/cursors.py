"""Places of readers of the feed that outlive them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tertulia.adapters.stores.sql.tables import Tables

Perform = Callable[[Callable[[sa.Connection, Tables], Any]], Awaitable[Any]]


class SqlCursors:
    """The table `tertulia_feed_cursors`. read, write: perform work in a transaction."""

    def __init__(self, read: Perform, write: Perform) -> None:
        self._read = read
        self._write = write

    async def read(self) -> Mapping[str, int]:
        """Return every place by its name."""
        return dict(await self._read(_all))

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor, if it stands where it is expected."""
        return bool(await self._write(partial(_move, name=name, expected=expected, to=to)))


def _all(connection: sa.Connection, tables: Tables) -> list[tuple[str, int]]:
    query = sa.select(tables.cursors.c.name, tables.cursors.c.position)
    return [(row[0], row[1]) for row in connection.execute(query).all()]


def _move(
    connection: sa.Connection, tables: Tables, *, name: str, expected: int | None, to: int | None
) -> int:
    mine = tables.cursors.c.name == name
    query = sa.select(tables.cursors.c.position).where(mine).with_for_update()
    found = connection.scalar(query)
    if found != expected:
        return 0
    if to is None:
        connection.execute(tables.cursors.delete().where(mine))
    elif found is None:
        return _make(connection, tables, name, to)
    else:
        connection.execute(tables.cursors.update().where(mine).values(position=to))
    return 1


def _make(connection: sa.Connection, tables: Tables, name: str, to: int) -> int:
    """Make a cursor, unless another server has made it a moment ago."""
    try:
        with connection.begin_nested():
            connection.execute(tables.cursors.insert(), {"name": name, "position": to})
    except IntegrityError:
        return 0
    return 1
