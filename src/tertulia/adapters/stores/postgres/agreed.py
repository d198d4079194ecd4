"""The agreed model as the one row of a table."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tertulia.core.agreed import Agreed, pack_agreed, unpack_agreed

_READ = "SELECT body FROM {s}tertulia_agreed"
_WRITE = """INSERT INTO {s}tertulia_agreed AS kept (name, number, body)
 SELECT 'model', $1::bigint, $2::text
 WHERE $1::bigint = 1 OR EXISTS (SELECT FROM {s}tertulia_agreed)
 ON CONFLICT (name) DO UPDATE SET number = excluded.number, body = excluded.body
 WHERE kept.number = excluded.number - 1
 RETURNING number"""

Rows = Callable[..., Awaitable[Sequence[Any]]]


class PostgresAgreed:
    """See `AgreedModel`. rows: performs a statement. prefix: of the tables' names."""

    def __init__(self, rows: Rows, prefix: str) -> None:
        self._rows = rows
        self._read = _READ.format(s=prefix)
        self._write = _WRITE.format(s=prefix)

    async def read(self) -> Agreed | None:
        """Return what was decided last."""
        rows = await self._rows(self._read)
        return unpack_agreed(rows[0][0]) if rows else None

    async def write(self, agreed: Agreed) -> bool:
        """Put a decision in place of the one before it."""
        return bool(await self._rows(self._write, agreed.number, pack_agreed(agreed)))
