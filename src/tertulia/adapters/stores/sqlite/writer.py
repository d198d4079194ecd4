"""One thread owns the writing connection and commits everything that waits in one transaction.

A transaction on a disk costs a synchronisation, whatever is in it. While one runs, writes gather;
the next transaction takes them all. Rule: nobody hears of a write before COMMIT has returned.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tertulia.adapters.stores.sqlite import faults
from tertulia.base.errors import StoreConflict, StoreUnavailable

Work = Callable[[sqlite3.Connection], int]
Outcome = int | StoreConflict | StoreUnavailable


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One write that somebody awaits. scrub: it removes what nobody may read again."""

    work: Work
    scrub: bool
    future: asyncio.Future[int]
    loop: asyncio.AbstractEventLoop


class CommitThread:
    """Performs writes in the order they came in, many to a transaction. Owns `connection`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._running: list[_Job] = []
        self._closing = False
        self._unscrubbed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"commit {path.name}", daemon=True)
        self._thread.start()

    def submit(self, work: Work, *, scrub: bool = False) -> asyncio.Future[int]:
        """Queue one write; the future is done once it is on the disk, or refused.

        work: runs on the thread, inside a transaction; it changes nothing when it raises
        StoreConflict. Cancelling the future leaves the write out only if it has not begun.

        Raises:
            StoreUnavailable: the thread was closed.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, scrub, loop.create_future(), loop)
        with self._lock:
            if self._closing:
                raise faults.closed()
            self._waiting.append(job)
        # Not at once: the tasks that one commit has woken write in the same round of the loop,
        # and shall be committed together again.
        loop.call_soon(self._wake.set)
        return job.future

    def close(self) -> None:
        """Perform what waits, refuse what comes later, let go of the file. Blocks until then."""
        with self._lock:
            self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            closing = False
            while not closing:
                self._wake.wait()
                self._wake.clear()
                with self._lock:
                    closing = self._closing
                    self._running, self._waiting = self._waiting, []
                self._perform(self._running)
                self._running = []
        finally:
            with self._lock:
                self._closing = True
                lost = [*self._running, *self._waiting]
            _settle(lost, [faults.stopped(self._path) for _ in lost])
            self._connection.close()

    def _perform(self, jobs: Sequence[_Job]) -> None:
        wanted = [job for job in jobs if not job.future.cancelled()]
        if not wanted:
            return
        outcomes = self._transaction(wanted)
        self._unscrubbed = self._unscrubbed or any(job.scrub for job in wanted)
        if self._unscrubbed:
            self._unscrubbed = not self._scrub()
        _settle(wanted, outcomes)

    def _transaction(self, jobs: Sequence[_Job]) -> list[Outcome]:
        """Return what became of each write; one that fails does not take the others along."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return self._refused(jobs, error)
        try:
            outcomes = [self._attempt(job) for job in jobs]
        except sqlite3.Error as error:
            self._roll_back()
            if len(jobs) == 1:
                return self._refused(jobs, error)
            return [outcome for job in jobs for outcome in self._transaction([job])]
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Not tried again: after a failed synchronisation a second one may falsely succeed.
            self._roll_back()
            return self._refused(jobs, error)
        return outcomes

    def _attempt(self, job: _Job) -> Outcome:
        try:
            return job.work(self._connection)
        except StoreConflict as conflict:
            return conflict

    def _refused(self, jobs: Sequence[_Job], error: sqlite3.Error) -> list[Outcome]:
        refusals: list[Outcome] = []
        for _ in jobs:
            refusal = faults.driver_failed(error, self._path)
            refusal.__cause__ = error
            refusals.append(refusal)
        return refusals

    def _roll_back(self) -> None:
        # Some errors have rolled back already. If this fails, the next BEGIN fails and tells.
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _scrub(self) -> bool:
        """Empty the write-ahead log, where erased text lives on; return whether it was possible.

        A reader in the middle of an older state prevents it; the next commit tries again.
        """
        try:
            patience = self._connection.execute("PRAGMA busy_timeout").fetchone()[0]
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {patience}")
        except sqlite3.Error:
            return False
        return row[0] == 0


def _settle(jobs: Sequence[_Job], outcomes: Sequence[Outcome]) -> None:
    """Tell each waiting task its outcome, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, settled in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, settled)


def _resolve(settled: Sequence[tuple[asyncio.Future[int], Outcome]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, int):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
