"""Who follows the feed waits here; the store is looked at once for all of them.

Rule: what is told comes from the store, never from here, so nothing can be lost between the two.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import RequestError
from tertulia.core.feed import EventFeed
from tertulia.core.ports import TrackerStore

_log = logging.getLogger("tertulia.follow")

INTERVAL = 0.5
"""Seconds between two looks while somebody follows: another process may have stored something."""

NO_FEED = "T843"
TOO_MANY = "T844"


class Following:
    """Wakes followers when something is stored in `store`. most: followers at a time."""

    def __init__(
        self, store: TrackerStore, *, most: int = 1000, interval: float = INTERVAL
    ) -> None:
        self.store = store
        self._most = most
        self._interval = interval
        self._followers = 0
        self._end = 0
        self._moved = asyncio.Condition()
        self._wake = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @property
    def followers(self) -> int:
        """Return how many follow."""
        return self._followers

    def poke(self) -> None:
        """Look at the feed at once: something was stored."""
        self._wake.set()

    def feed(self) -> EventFeed:
        """Return the store's feed.

        Raises:
            RequestError: it has none.
        """
        if isinstance(self.store, EventFeed):
            return self.store
        raise RequestError(
            "this tracker store cannot be followed live",
            hint="Page through GET /conversations/{id}/log, or use a store that can.",
            code=NO_FEED,
        )

    def admit(self) -> EventFeed:
        """Return the feed for one more follower.

        Raises:
            RequestError: the store has no feed, or too many follow already.
        """
        if self._followers >= self._most:
            raise RequestError(
                f"{self._most} clients follow already, more are not taken",
                hint="Close streams that nobody reads, or try again later.",
                code=TOO_MANY,
            )
        return self.feed()

    @asynccontextmanager
    async def join(self) -> AsyncGenerator[EventFeed]:
        """Be a follower for the body. Raises as `feed`."""
        feed = self.feed()
        self._followers += 1
        try:
            if self._watch is None:
                self._watch = asyncio.get_running_loop().create_task(self._run(feed))
            yield feed
        finally:
            self._followers -= 1
            if not self._followers:
                watch, self._watch = self._watch, None
                if watch is not None:
                    await end_tasks(watch)

    async def moved(self, position: int, patience: float) -> bool:
        """Wait until something is stored after a position; False when `patience` seconds pass."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience), self._moved:
                await self._moved.wait_for(lambda: self._end > position)
                return True
        return False

    async def _run(self, feed: EventFeed) -> None:
        while True:
            self._wake.clear()
            await self._look(feed)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._wake.wait()

    async def _look(self, feed: EventFeed) -> None:
        end = await outcome(feed.feed_end())
        if isinstance(end, Exception):
            _log.warning("the feed cannot be read now: %s", end, exc_info=unforeseen(end))
            return
        if end != self._end:
            self._end = end
            async with self._moved:
                self._moved.notify_all()
