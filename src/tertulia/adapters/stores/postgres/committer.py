"""Performs writes in the order they came in, many to a transaction.

A commit costs a synchronisation of the server's disk, whatever is in it. While one runs, appends
gather; the next transaction takes them all. Rule: nobody hears of a write before COMMIT returned.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec

from tertulia.adapters.shared.postgres_client import DRIVER_ERRORS
from tertulia.adapters.stores.postgres import faults
from tertulia.adapters.stores.postgres.batch import Append, Outcome, append_all
from tertulia.adapters.stores.postgres.place import Place
from tertulia.adapters.stores.postgres.statements import Statements
from tertulia.base.border import outcome
from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core import stored

_log = logging.getLogger("tertulia.store")

Work = Callable[[Any], Awaitable[int]]
_MOST = 500
"""Appends in one transaction; more wait for the next."""


class _Job(msgspec.Struct, frozen=True, eq=False):
    write: Append | Work
    future: asyncio.Future[int]


class Committer:
    """One task that takes connections of `pool`, one at a time."""

    def __init__(self, pool: Any, sql: Statements, place: Place) -> None:
        self._pool = pool
        self._sql = sql
        self._place = place
        self._waiting: list[_Job] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.ensure_future(self._run())

    def submit(self, write: Append | Work) -> asyncio.Future[int]:
        """Queue one write; the future is done once it is committed, or refused.

        write: an append, or what to do with a connection in a transaction of its own.
        Cancelling the future leaves the write out only if it has not begun.

        Raises:
            StoreUnavailable: the committer was closed.
        """
        if self._closing:
            raise stored.closed()
        job = _Job(write, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._wake.set()
        return job.future

    async def close(self) -> None:
        """Perform what waits and refuse what comes later."""
        self._closing = True
        self._wake.set()
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            # Not at once: the tasks that one commit has woken write in the same round of the
            # loop, and shall be committed together again.
            await asyncio.sleep(0)
            while self._waiting:
                await self._perform(self._next())

    def _next(self) -> list[_Job]:
        """Return the appends that wait first, or one write of another kind."""
        count = 0
        for job in self._waiting[:_MOST]:
            if not isinstance(job.write, Append):
                break
            count += 1
        taken = self._waiting[: max(1, count)]
        del self._waiting[: max(1, count)]
        return [job for job in taken if not job.future.cancelled()]

    async def _perform(self, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        found = await outcome(self._outcomes(jobs))
        if isinstance(found, Exception):
            # Nobody foresaw it; whoever waits is told, and the next writes are performed.
            _log.error("a transaction failed", exc_info=found)
            found = self._refused(jobs, found)
        for job, result in zip(jobs, found, strict=True):
            if job.future.done():
                continue
            if isinstance(result, int):
                job.future.set_result(result)
            else:
                job.future.set_exception(result)

    async def _outcomes(self, jobs: Sequence[_Job]) -> list[Outcome]:
        """Return what became of each write; one that fails does not take the others along."""
        try:
            return await self._transaction(jobs)
        except (StoreConflict, StoreUnavailable) as refused:
            if len(jobs) == 1:
                return [refused]
        except asyncpg.UniqueViolationError as error:
            # Another server has begun the same conversation a moment ago: look again.
            if len(jobs) == 1:
                return await self._again(jobs[0], error)
        except DRIVER_ERRORS as error:
            if len(jobs) == 1 or not isinstance(error, faults.UNDONE):
                return self._refused(jobs, error)
        return [result for job in jobs for result in await self._outcomes([job])]

    async def _again(self, job: _Job, first: Exception) -> list[Outcome]:
        try:
            return await self._transaction([job])
        except (StoreConflict, StoreUnavailable) as refused:
            return [refused]
        except DRIVER_ERRORS as error:
            return self._refused([job], error)

    async def _transaction(self, jobs: Sequence[_Job]) -> list[Outcome]:
        async with self._pool.acquire() as connection, connection.transaction():
            if isinstance(jobs[0].write, Append):
                appends = [job.write for job in jobs if isinstance(job.write, Append)]
                return await append_all(connection, self._sql, appends)
            return [await jobs[0].write(connection)]

    def _refused(self, jobs: Sequence[_Job], error: Exception) -> list[Outcome]:
        refusals: list[Outcome] = []
        for _ in jobs:
            refusal = faults.driver_failed(error, self._place)
            refusal.__cause__ = error
            refusals.append(refusal)
        return refusals
