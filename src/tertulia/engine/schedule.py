"""Watches the clock for reminders: one task that sleeps until the next is due.

Rule: the store holds the schedule; what is here may be lost at any time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import StoreConflict, TertuliaError
from tertulia.base.ports import Clock
from tertulia.core.ports import TrackerStore
from tertulia.core.reminders import Reminder

_log = logging.getLogger("tertulia.reminders")

LONGEST_SLEEP = 60.0
"""Seconds after which the schedule is read anew: another process may have added to it."""

SHARED_SLEEP = 1.0
"""The same where processes on other machines add to it, who cannot tell this one."""

_PAGE = 100
_FIRST_DELAY = 1.0
_LONGEST_DELAY = 300.0

Key = tuple[str, str]


class _Failure(msgspec.Struct, frozen=True):
    count: int
    retry_at: float


class Schedule:
    """Fires what is due, late ones at the start, some at a time; tries again what failed.

    fire: takes the reminder off the store's schedule, or raises. ready: tells whether firing is
    possible at all now. at_once: reminders that are in their turns, or wait for them, together.
    longest_sleep: seconds after which the schedule is read anew.
    """

    def __init__(
        self,
        store: TrackerStore,
        fire: Callable[[Reminder], Awaitable[None]],
        *,
        clock: Clock,
        ready: Callable[[], bool],
        at_once: int = 8,
        longest_sleep: float = LONGEST_SLEEP,
    ) -> None:
        self._store = store
        self._fire = fire
        self._clock = clock
        self._ready = ready
        self._at_once = at_once
        self._longest_sleep = longest_sleep
        self._wake = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._failed: dict[Key, _Failure] = {}

    def start(self) -> None:
        """Begin to watch, in the running event loop; once."""
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._run())

    @property
    def firing(self) -> int:
        """Return how many reminders are in their turns, or wait for them."""
        return len(self._running)

    def poke(self) -> None:
        """Look at the schedule again: something may be due earlier."""
        self._wake.set()

    async def stop(self, patience: float = 30.0) -> None:
        """Begin no further firing; let those under way end, at most `patience` seconds.

        What is broken off before its first commit fires at the next start.
        """
        watch, self._watch = self._watch, None
        if watch is not None:
            await end_tasks(watch)
        running = tuple(self._running.values())
        if running:
            await asyncio.wait(running, timeout=patience)
            await end_tasks(*running)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = await outcome(self.look())
            if isinstance(pause, Exception):
                _log.error("T716 no reminder can fire now: %s", pause, exc_info=unforeseen(pause))
                pause = _FIRST_DELAY
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def look(self) -> float:
        """Begin to fire what is due; return how many seconds to sleep at the most.

        Raises:
            StoreUnavailable: the schedule cannot be read.
        """
        now = self._clock.now()
        next_look = now + self._longest_sleep
        if not self._ready():
            return LONGEST_SLEEP
        async for reminder in self._in_order():
            key = (reminder.sender_id, reminder.name)
            failure = self._failed.get(key)
            if reminder.due > now:
                next_look = min(next_look, reminder.due)
                break
            if failure is not None and failure.retry_at > now:
                next_look = min(next_look, failure.retry_at)
            elif len(self._running) >= self._at_once:
                break  # the first that ends wakes us
            elif key not in self._running:
                self._begin(key, reminder)
        return max(0.0, next_look - now)

    async def _in_order(self) -> AsyncIterator[Reminder]:
        """Yield reminders as they are due, page by page."""
        last: Reminder | None = None
        while page := await self._store.list_reminders(after=last, limit=_PAGE):
            for reminder in page:
                yield reminder
            last = page[-1]

    def _begin(self, key: Key, reminder: Reminder) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(key, reminder))
        self._running[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: Key) -> None:
        del self._running[key]
        self.poke()

    async def _attempt(self, key: Key, reminder: Reminder) -> None:
        error = await outcome(self._fire(reminder))
        if error is None:
            self._failed.pop(key, None)
            return
        delay = self._postpone(key)
        _log.log(
            logging.INFO if isinstance(error, StoreConflict) else logging.ERROR,
            "T716 the reminder '%s' failed (%s); tried again in %g s if it is still to fire",
            reminder.name,
            error if isinstance(error, TertuliaError) else type(error).__name__,
            delay,
            exc_info=unforeseen(error),
        )

    def _postpone(self, key: Key) -> float:
        """Note a failure; return the seconds until the next attempt, more after each."""
        now = self._clock.now()
        # Those not tried again when they could be are off the schedule.
        self._failed = {k: f for k, f in self._failed.items() if f.retry_at + LONGEST_SLEEP > now}
        count = self._failed[key].count + 1 if key in self._failed else 0
        delay = min(_FIRST_DELAY * 2**count, _LONGEST_DELAY)
        self._failed[key] = _Failure(count, now + delay)
        return delay
