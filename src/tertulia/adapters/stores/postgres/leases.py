"""Leases as rows of a table; time is the database's."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tertulia.adapters.stores.postgres.text import escape

_TAKE = """INSERT INTO {s}tertulia_leases AS lease (name, holder, token, until)
 VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
 ON CONFLICT (name) DO UPDATE SET holder = $2, until = excluded.until,
   token = lease.token
     + CASE WHEN lease.holder = $2 AND lease.until > clock_timestamp() THEN 0 ELSE 1 END
 WHERE lease.holder = $2 OR lease.until <= clock_timestamp()
 RETURNING token"""
_DROP = "UPDATE {s}tertulia_leases SET until = '-infinity' WHERE name = $1 AND holder = $2"

Rows = Callable[..., Awaitable[Sequence[Any]]]


class PostgresLeases:
    """See `LeaseKeeper`. rows: performs a statement. prefix: of the tables' names."""

    def __init__(self, rows: Rows, prefix: str) -> None:
        self._rows = rows
        self._take = _TAKE.format(s=prefix)
        self._drop = _DROP.format(s=prefix)

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        """Take or renew a lease."""
        rows = await self._rows(self._take, escape(name), escape(holder), seconds)
        return rows[0][0] if rows else None

    async def drop(self, name: str, holder: str) -> None:
        """Let others take it."""
        await self._rows(self._drop, escape(name), escape(holder))
