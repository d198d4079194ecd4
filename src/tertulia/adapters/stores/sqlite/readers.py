"""A few threads with a connection each, for reading beside the writer."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from tertulia.adapters.stores.sqlite import faults
from tertulia.adapters.stores.sqlite.connect import open_reader
from tertulia.base.errors import StoreUnavailable

Raw = TypeVar("Raw")
T = TypeVar("T")


class Readers:
    """Reads one consistent state per call; a long one does not hold up the commits."""

    def __init__(self, path: Path, busy_timeout: float, count: int) -> None:
        self._path = path
        self._closed = False
        self._connections: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        try:
            for _ in range(count):
                self._connections.put(open_reader(path, busy_timeout))
        except StoreUnavailable:
            self._close_connections()
            raise
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=f"read {path.name}")

    async def read(
        self, query: Callable[[sqlite3.Connection], Raw], finish: Callable[[Raw], T]
    ) -> T:
        """Return `finish(query(connection))`, both computed on a reading thread.

        query: runs in a transaction, short. finish: runs after it, may take long.

        Raises:
            StoreUnavailable: closed, or the file cannot be read.
        """
        if self._closed:
            raise faults.closed()

        def work() -> T:
            return finish(self._query(query))

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def refuse(self) -> None:
        """Begin no further read."""
        self._closed = True

    def close(self) -> None:
        """Finish the reads that have begun or wait, after `refuse`. Blocks until then."""
        self._threads.shutdown()
        self._close_connections()

    def _query(self, query: Callable[[sqlite3.Connection], Raw]) -> Raw:
        connection = self._connections.get()
        try:
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                with suppress(sqlite3.Error):  # nothing was written that could be lost
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise faults.driver_failed(error, self._path) from error
        finally:
            self._connections.put(connection)

    def _close_connections(self) -> None:
        with suppress(Empty):
            while True:
                self._connections.get_nowait().close()
