"""One connection to PostgreSQL that holds locks, and what is asked over it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from tertulia.adapters.shared.postgres_client import DRIVER_ERRORS
from tertulia.base.errors import LockUnavailable, PortError

FREE, LEAVE, TRY, TRY_GATED = range(4)
"""What to do with a slot: let it go, let its gate go, take gate and slot, take the slot."""

_LOCK, _GATE = 0x5445524C, 0x54455247
"""`TERL` and `TERG`: first halves of the keys; the second is the slot."""

# Rows are worked through in their order, and CASE evaluates only what it comes to.
_PERFORM = """SELECT slot, CASE
    WHEN what = 0 THEN -1 - pg_advisory_unlock($3, slot)::int
    WHEN what = 1 THEN -1 - pg_advisory_unlock($4, slot)::int
    WHEN NOT CASE WHEN what = 2 THEN pg_try_advisory_lock($4, slot) ELSE true END THEN 0
    WHEN NOT pg_try_advisory_lock($3, slot) THEN 1
    WHEN pg_advisory_unlock($4, slot) THEN 2
    ELSE 2 END
  FROM unnest($1::int[], $2::int[]) AS asked(slot, what)"""
_TAKE_BACK = """SELECT slot FROM unnest($1::int[]) AS asked(slot)
  WHERE NOT pg_try_advisory_lock($2, slot)"""
_WHO = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
)

_TRIES, _PAUSE = 5, 0.05

Connect = Callable[[], Awaitable[Any]]
"""Opens a connection of the driver; raises a `PortError` where that fails."""


class Session:
    """The connection, opened anew when it was lost."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: Any = None
        self._itself: tuple[Any, ...] | None = None

    async def perform(
        self, operations: Sequence[tuple[int, int]]
    ) -> Sequence[tuple[int, bool, bool]] | None:
        """Return for each slot that is tried whether it is held, and its gate.

        None: the connection is lost, and with it all locks.
        """
        if self._connection is None:
            return None
        if not operations:
            return ()
        columns = [list(column) for column in zip(*operations, strict=True)]
        try:
            rows = await self._connection.fetch(_PERFORM, *columns, _LOCK, _GATE)
        except DRIVER_ERRORS:
            self.forget()
            return None
        return [(slot, state == 2, state == 1) for slot, state in rows if state >= 0]

    async def revive(self, held: Sequence[int]) -> Collection[int]:
        """Connect, end what is left of the last connection, and take `held` again.

        Return those of `held` that another process has meanwhile.

        Raises:
            LockUnavailable: the server does not answer, refuses, or cannot keep locks.
        """
        self.forget()
        try:
            connection = await self._connect()
        except PortError as error:
            raise self.unavailable(error.message, hint=error.hint, retry=error.retry) from error
        try:
            return await self._begin(connection, held)
        except DRIVER_ERRORS as error:
            connection.terminate()
            raise self.unavailable(error) from error
        except LockUnavailable:
            connection.terminate()
            raise

    async def _begin(self, connection: Any, held: Sequence[int]) -> Collection[int]:
        before, itself = self._itself, tuple(await connection.fetchrow(_WHO))
        if itself[0] != connection.get_server_pid():
            error = LockUnavailable(
                "locks need a connection to PostgreSQL itself, and this one leads to a pooler",
                hint="Give `lock_store` the database's own address, or `type: redis`.",
                code="T922",
            )
            error.retry = False
            raise error
        if before is not None:
            await connection.execute(_END, *before)
        lost = list(held)
        for _ in range(_TRIES):
            lost = [row[0] for row in await connection.fetch(_TAKE_BACK, lost, _LOCK)]
            if not lost:
                break
            await asyncio.sleep(_PAUSE)  # our last connection may be about to end
        self._connection, self._itself = connection, itself
        return lost

    def unavailable(self, detail: object, *, hint: str = "", retry: bool = True) -> LockUnavailable:
        """Return what to raise when locks cannot be had now. retry: they may be had later."""
        error = LockUnavailable(
            f"no conversation can be locked: {' '.join(str(detail).split())}",
            hint=hint or "Check that the database of `lock_store` runs.",
        )
        error.retry = retry
        return error

    async def close(self) -> None:
        """Close the connection, which lets all locks go."""
        self.forget()

    def forget(self) -> None:
        """Use the connection no more; `revive` opens another one."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
