"""Brings conversations from one store to another; may be ended at any point and begun again.

Rule: nothing in the target is replaced. What is there already must be the beginning of what comes.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import msgspec

from tertulia.base.errors import StoreConflict
from tertulia.core.events import Event
from tertulia.core.ports import TrackerStore
from tertulia.core.redaction import NOTHING_REDACTED, Redaction
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.core.stored import Moved

_PAGE = 500
_AT_ONCE = 5000


class Source(Protocol):
    """Where conversations come from."""

    def conversations(self) -> AsyncIterator[Moved]:
        """Yield every conversation once."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class Report(msgspec.Struct):
    """What was done. events: those that were added. problems: conversation to reason."""

    conversations: int = 0
    events: int = 0
    unchanged: int = 0
    problems: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class StoreSource:
    """A tracker store as a source, with the reminders that it holds."""

    def __init__(self, store: TrackerStore) -> None:
        self._store = store

    async def conversations(self) -> AsyncIterator[Moved]:
        """Yield every conversation once, in the order of ids."""
        reminders = await self._reminders()
        after: str | None = None
        while page := await self._store.list_conversations(after=after, limit=_PAGE):
            for sender_id in page:
                loaded = await self._store.load(sender_id)
                yield Moved(
                    sender_id=sender_id,
                    events=loaded.events,
                    reminders=tuple(reminders.get(sender_id, ())),
                )
            after = page[-1]

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def _reminders(self) -> dict[str, list[Reminder]]:
        found: dict[str, list[Reminder]] = {}
        after: Reminder | None = None
        while page := await self._store.list_reminders(after=after, limit=_PAGE):
            for reminder in page:
                found.setdefault(reminder.sender_id, []).append(reminder)
            after = page[-1]
        return found


async def transfer(
    source: Source,
    target: TrackerStore,
    report: Report,
    *,
    told: Callable[[Report], None],
    redaction: Redaction = NOTHING_REDACTED,
) -> None:
    """Bring every conversation over and add what was done.

    told: called after each. redaction: takes out of events what must not be stored here.

    Raises:
        StoreUnavailable: source or target does not answer; what was brought over is there.
    """
    async for moved in source.conversations():
        if moved.problem:
            report.problems[moved.sender_id] = moved.problem
        elif moved.events:
            await _move(moved, _without(moved, redaction), target, report)
        told(report)


def _without(moved: Moved, redaction: Redaction) -> Moved:
    if redaction is NOTHING_REDACTED:
        return moved
    return msgspec.structs.replace(
        moved,
        events=[redaction.event(event) for event in moved.events],
        reminders=tuple(redaction.reminder(each) for each in moved.reminders),
    )


async def _move(whole: Moved, moved: Moved, target: TrackerStore, report: Report) -> None:
    """Bring one over. whole: as it was, which an earlier import may have begun with."""
    there = (await target.load(moved.sender_id)).events
    both = zip(there, moved.events, whole.events, strict=False)
    if any(kept not in (redacted, event) for kept, redacted, event in both):
        report.problems[moved.sender_id] = "the target has other events of it; nothing was changed"
        return
    if len(there) >= len(moved.events):
        report.unchanged += 1
        return
    try:
        await _append(moved, moved.events[len(there) :], target)
    except StoreConflict:
        report.problems[moved.sender_id] = "somebody else wrote to it meanwhile"
        return
    report.conversations += 1
    report.events += len(moved.events) - len(there)


async def _append(moved: Moved, new: Sequence[Event], target: TrackerStore) -> None:
    version = await target.version(moved.sender_id)
    for start in range(0, len(new), _AT_ONCE):
        part = new[start : start + _AT_ONCE]
        is_last = start + _AT_ONCE >= len(new)
        schedule = ScheduleChange(steps=moved.reminders) if is_last and moved.reminders else None
        version = await target.append(moved.sender_id, part, expected=version, schedule=schedule)
