"""Turns run to their end, whatever becomes of the request that began them."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from tertulia.base.errors import RequestError
from tertulia.server.errors import STOPPING, TOO_BUSY, TOO_SLOW
from tertulia.server.stopping import Stopping

T = TypeVar("T")
_log = logging.getLogger("tertulia.turn")


class Turns:
    """Keeps every running turn. timeout: seconds a request waits for its turn.

    most: how many may be under way at once.
    stopping: once it has begun, no turn begins any more.
    """

    def __init__(self, timeout: float, stopping: Stopping, *, most: int = 1000) -> None:
        self._timeout = timeout
        self._stopping = stopping
        self._most = most
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def running(self) -> int:
        """Return how many turns are under way."""
        return len(self._running)

    def start(self, turn: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a turn as a task of its own.

        Raises:
            RequestError: the server is about to end, or has enough to do.
        """
        try:
            self._check()
        except RequestError:
            turn.close()
            raise
        task = asyncio.get_running_loop().create_task(turn)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _check(self) -> None:
        if self._stopping.is_begun:
            raise RequestError(
                "the server is about to end and takes no more turns",
                hint="Send it again in a moment; another process may be there then.",
                code=STOPPING,
            )
        if len(self._running) >= self._most:
            raise RequestError(
                f"{self._most} turns are under way, and no more are begun",
                hint="Send it again in a moment.",
                code=TOO_BUSY,
            )

    async def run(self, turn: Coroutine[Any, Any, T]) -> T:
        """Return the turn's result, or raise what it raised.

        When the caller is cancelled (the client left), the turn goes on.

        Raises:
            RequestError: the turn takes too long; it goes on.
        """
        task = self.start(turn)
        try:
            await asyncio.wait((task,), timeout=self._timeout)
        except asyncio.CancelledError:
            task.add_done_callback(report_failure)
            raise
        if not task.done():
            task.add_done_callback(report_failure)
            raise too_slow(self._timeout)
        return task.result()

    async def next_of(self, queue: "asyncio.Queue[T]") -> T:
        """Return the queue's next item.

        Raises:
            RequestError: none came in time.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await queue.get()
        except TimeoutError as error:
            raise too_slow(self._timeout) from error

    async def drain(self, patience: float) -> None:
        """Wait for the turns under way, at most `patience` seconds."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=patience)
        if self._running:
            _log.error("%d turns did not end within %g seconds", len(self._running), patience)


def too_slow(timeout: float) -> RequestError:
    """Return the error of a request that waited long enough."""
    return RequestError(
        f"no answer within {timeout:g} seconds; the turn goes on",
        hint="An action server hangs, or --response-timeout is too short.",
        code=TOO_SLOW,
    )


def report_failure(task: "asyncio.Task[Any]") -> None:
    """Log what a turn raised whose request no longer waits for it."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        _log.error("a turn nobody waits for failed", exc_info=error)
