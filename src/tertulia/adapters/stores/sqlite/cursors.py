"""Places of readers of the feed that outlive them."""

import sqlite3
from collections.abc import Mapping
from functools import partial

from tertulia.adapters.stores.sqlite.readers import Readers
from tertulia.adapters.stores.sqlite.writer import CommitThread


class SqliteCursors:
    """The table `feed_cursors`."""

    def __init__(self, writer: CommitThread, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def read(self) -> Mapping[str, int]:
        """Return every place by its name."""
        return await self._readers.read(_all, dict[str, int])

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor, if it stands where it is expected."""
        work = partial(_move, name=name, expected=expected, to=to)
        return bool(await self._writer.submit(work))


def _all(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    return connection.execute("SELECT name, position FROM feed_cursors").fetchall()


def _move(
    connection: sqlite3.Connection, *, name: str, expected: int | None, to: int | None
) -> int:
    row = connection.execute("SELECT position FROM feed_cursors WHERE name = ?", (name,)).fetchone()
    if (None if row is None else row[0]) != expected:
        return 0
    if to is None:
        connection.execute("DELETE FROM feed_cursors WHERE name = ?", (name,))
    else:
        connection.execute("REPLACE INTO feed_cursors (name, position) VALUES (?, ?)", (name, to))
    return 1
