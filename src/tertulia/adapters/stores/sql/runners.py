"""Runs functions on a connection, each in a transaction: of a server, or of an SQLite file.

Rule: nothing blocks the event loop. Functions are plain; the library switches tasks inside them
where a server's driver waits, and a file has threads.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
_BUSY_SECONDS = 10.0


class Runner(Protocol):
    """Performs work in transactions; what raises is undone."""

    async def read(self, work: Work[T]) -> T:
        """Return what the work finds in one unchanging state."""
        ...

    async def write(self, work: Work[T]) -> T:
        """Return what the work returns, once it is committed."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of the connections."""
        ...


class ServerRunner:
    """Connections to a server, two pools: reads see one state, writes the newest."""

    def __init__(self, url: sa.URL, *, pool_size: int, timeout: float) -> None:
        def engine(isolation: Any) -> AsyncEngine:
            return create_async_engine(
                url,
                isolation_level=isolation,
                pool_size=pool_size,
                max_overflow=0,
                pool_pre_ping=True,
                pool_timeout=timeout,
                connect_args={"connect_timeout": int(timeout) or 1},
            )

        self._reads, self._writes = engine("REPEATABLE READ"), engine("READ COMMITTED")
        self._timeout = timeout

    async def read(self, work: Work[T]) -> T:
        """Return what the work finds in one unchanging state."""
        return await self._run(self._reads, work)

    async def write(self, work: Work[T]) -> T:
        """Return what the work returns, once it is committed."""
        return await self._run(self._writes, work)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._reads.dispose()
        await self._writes.dispose()

    async def _run(self, engine: AsyncEngine, work: Work[T]) -> T:
        async with asyncio.timeout(self._timeout), engine.begin() as connection:
            return await connection.run_sync(work)


class FileRunner:
    """An SQLite file: one thread writes, a few read beside it (write-ahead log)."""

    def __init__(self, url: sa.URL, *, readers: int = 3) -> None:
        self._writes = _file_engine(url, "BEGIN IMMEDIATE", 1)
        self._reads = _file_engine(url, "BEGIN", readers)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="write sql")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="read sql")

    async def read(self, work: Work[T]) -> T:
        """Return what the work finds in one unchanging state."""
        return await self._run(self._readers, self._reads, work)

    async def write(self, work: Work[T]) -> T:
        """Return what the work returns, once it is committed."""
        return await self._run(self._writer, self._writes, work)

    async def close(self) -> None:
        """Finish what was begun and let go of the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for threads, engine in ((self._readers, self._reads), (self._writer, self._writes)):
            threads.shutdown()
            engine.dispose()

    async def _run(self, threads: ThreadPoolExecutor, engine: sa.Engine, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, partial(_transaction, engine, work))


def _transaction(engine: sa.Engine, work: Work[T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _file_engine(url: sa.URL, begin: str, connections: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )

    def connected(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # transactions are begun by the event below
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine
