"""Forgets conversations that nobody has continued for a long time.

Rule: a conversation is erased only as it was seen. Whoever writes to it meanwhile keeps it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import msgspec

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import LockTimeout, RequestError
from tertulia.base.ports import Clock
from tertulia.core.ports import TrackerStore
from tertulia.engine.duty import Duty
from tertulia.engine.records import Records
from tertulia.engine.terms import Expected
from tertulia.schema.privacy import Retention

_log = logging.getLogger("tertulia.retention")

_PAGE = 100
_PAUSE = 0.05
"""Seconds between two pages, which are for those who talk meanwhile."""


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as it was seen. last: Unix seconds of its newest event, None without any."""

    sender_id: str
    version: int
    last: float | None


class Report(msgspec.Struct):
    """What was looked at, what was idle, and what was erased of it."""

    seen: int = 0
    idle: int = 0
    erased: int = 0


async def idle_conversations(
    store: TrackerStore, report: Report, *, before: float
) -> AsyncIterator[Idle]:
    """Yield conversations whose newest event is older than a time, in the order of ids.

    A conversation without events has nothing to keep but its id: a process that died while it
    erased one leaves such. Cost: two questions for each conversation there is, and none at once.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    after: str | None = None
    while page := await store.list_conversations(after=after, limit=_PAGE):
        for sender_id in page:
            report.seen += 1
            version = await store.version(sender_id)
            newest = await store.read(sender_id, after=version - 1, limit=1)
            last = newest.events[-1].timestamp if newest.events else None
            if newest.version == version and (last is None or last < before):
                report.idle += 1
                yield Idle(sender_id=sender_id, version=version, last=last)
        after = page[-1]
        await asyncio.sleep(_PAUSE)


async def prune(
    records: Records,
    store: TrackerStore,
    *,
    before: float,
    wanted: Callable[[], bool] = lambda: True,
) -> Report:
    """Erase idle conversations with all that belongs to them. wanted: asked before each.

    Raises:
        StoreUnavailable: the store did not answer; what was erased is.
    """
    report = Report()
    async for idle in idle_conversations(store, report, before=before):
        if not wanted():
            break
        try:
            await records.erase(idle.sender_id, Expected(versions=frozenset((idle.version,))))
            report.erased += 1
        except (RequestError, LockTimeout):
            continue  # somebody continues it, or has forgotten it, just now
    return report


class Keeping:
    """Prunes again and again, in one of the processes that share a store. None: never."""

    def __init__(
        self, retention: Retention | None, records: Records, *, duty: Duty, clock: Clock
    ) -> None:
        self._retention = retention
        self._records = records
        self._duty = duty
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self, store: TrackerStore) -> None:
        """Begin, in the running event loop."""
        if self._retention is not None and self._task is None:
            self._duty.start()
            self._task = asyncio.create_task(self._keep(store, self._retention))

    async def stop(self) -> None:
        """End; a conversation that is being erased is erased."""
        if self._task is not None:
            await end_tasks(self._task)
            await self._duty.stop()

    async def _keep(self, store: TrackerStore, retention: Retention) -> None:
        while True:
            await asyncio.sleep(min(retention.every, 1.0) if not self._duty.is_ours() else 0)
            if self._duty.is_ours():
                await self._once(store, retention)
                await asyncio.sleep(retention.every)

    async def _once(self, store: TrackerStore, retention: Retention) -> None:
        before = self._clock.now() - retention.idle_days * 86400
        report = await outcome(
            prune(self._records, store, before=before, wanted=self._duty.is_ours)
        )
        if isinstance(report, Exception):
            _log.warning(
                "idle conversations were not all erased: %s", report, exc_info=unforeseen(report)
            )
            return
        if report.erased:
            _log.info("%s of %s conversations were idle and are erased", report.erased, report.seen)
