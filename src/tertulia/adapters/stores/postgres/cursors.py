"""Places of readers of the feed that outlive them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tertulia.adapters.stores.postgres.committer import Committer
from tertulia.adapters.stores.postgres.statements import Statements

Rows = Callable[..., Awaitable[Sequence[Any]]]


class PostgresCursors:
    """The table `tertulia_feed_cursors`. rows: performs a reading statement."""

    def __init__(self, committer: Committer, rows: Rows, sql: Statements) -> None:
        self._committer = committer
        self._rows = rows
        self._sql = sql

    async def read(self) -> Mapping[str, int]:
        """Return every place by its name."""
        return {row[0]: row[1] for row in await self._rows(self._sql.cursors)}

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor, if it stands where it is expected."""
        sql = self._sql
        if expected is None:
            statement = sql.make_cursor
        else:
            statement = sql.drop_cursor if to is None else sql.move_cursor
        work = partial(_perform, statement=statement, values=(name, expected, to))
        return bool(await self._committer.submit(work))


async def _perform(connection: Any, *, statement: str, values: Sequence[Any]) -> int:
    """Return how many rows a statement changed."""
    done: str = await connection.execute(statement, *values)
    return int(done.rpartition(" ")[2])
