"""Tracker store in the process's memory: for tests, and for bots that may forget.

Rule: no method awaits between its check and its change, so each is one step of the event loop.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from itertools import islice

from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.feed import KEPT_ERASURES, FeedEntry, Kind, forgotten_id
from tertulia.core.ports import KEPT_RECEIPTS, Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled
from tertulia.core.stored import KEPT_SNAPSHOTS


class _Conversation:
    """One log. base: sequence number before its first event."""

    def __init__(self) -> None:
        self.base = 0
        self.version = 0
        self.events: list[Event] = []
        self.snapshots: dict[int, Snapshot] = {}

    def keep(self, snapshot: Snapshot) -> None:
        self.snapshots[snapshot.version] = snapshot
        for version in sorted(self.snapshots)[:-KEPT_SNAPSHOTS]:
            del self.snapshots[version]


class _Cursors:
    """Places in the feed, by name."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    async def read(self) -> Mapping[str, int]:
        return dict(self._places)

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        if self._places.get(name) != expected:
            return False
        self._places.pop(name, None)
        if to is not None:
            self._places[name] = to
        return True

    def passed(self, position: int) -> bool:
        return all(position <= place for place in self._places.values())


class _Feed:
    """Entries in order. end: the newest position given out. cursors: who has yet to read them."""

    def __init__(self, cursors: _Cursors) -> None:
        self.end = 0
        self._cursors = cursors
        self._entries: list[FeedEntry] = []

    def note(self, kind: Kind, sender_id: str, seq: int = 0, event: Event | None = None) -> None:
        self.end += 1
        self._entries.append(
            FeedEntry(position=self.end, kind=kind, sender_id=sender_id, seq=seq, event=event)
        )

    def append(self, sender_id: str, events: Sequence[Event], version: int) -> None:
        for seq, event in enumerate(events, version - len(events) + 1):
            self.note("event", sender_id, seq, event)

    def drop(self, sender_id: str) -> None:
        self._keep(lambda entry: entry.kind == "erased" or entry.sender_id != sender_id)

    def erase(self, sender_id: str) -> None:
        self.drop(sender_id)
        self.note("erased", forgotten_id(sender_id))
        erased = [entry.position for entry in self._entries if entry.kind == "erased"]
        if len(erased) > KEPT_ERASURES:
            oldest = erased[-KEPT_ERASURES]
            self._keep(
                lambda entry: (
                    entry.kind != "erased"
                    or entry.position >= oldest
                    or not self._cursors.passed(entry.position)
                )
            )

    def read(self, after: int, limit: int, sender_id: str | None) -> list[FeedEntry]:
        start = bisect_right(self._entries, after, key=lambda entry: entry.position)
        later = islice(self._entries, start, None)
        if sender_id is not None:
            forgotten = forgotten_id(sender_id)
            later = (e for e in later if e.sender_id == (forgotten if _erased(e) else sender_id))
        return list(islice(later, max(0, limit)))

    def _keep(self, wanted: Callable[[FeedEntry], bool]) -> None:
        self._entries = [entry for entry in self._entries if wanted(entry)]


def _erased(entry: FeedEntry) -> bool:
    return entry.kind == "erased"


class MemoryStore:
    """Keeps every conversation until it is erased or the process ends. One event loop only.

    It has a feed (see `core.feed`).
    """

    def __init__(self) -> None:
        self._conversations: dict[str, _Conversation] = {}
        self._schedule: dict[str, dict[str, Reminder]] = {}
        self._receipts: dict[str, dict[str, Receipt]] = {}
        self.cursors = _Cursors()
        self._feed = _Feed(self.cursors)
        self._closed = False

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        self._check_open()
        found = self._conversations.get(sender_id)
        if found is None:
            return Loaded(version=0, events=())
        return Loaded(version=found.version, events=tuple(found.events))

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        self._check_open()
        found = self._conversations.get(sender_id)
        if found is None:
            return Loaded(version=0, events=())
        fitting = [
            version
            for version, snapshot in found.snapshots.items()
            if snapshot.fingerprint == fingerprint and version <= found.version - window
        ]
        if not fitting:
            return Loaded(version=found.version, events=tuple(found.events))
        newest = max(fitting)
        return Loaded(
            version=found.version,
            events=tuple(found.events[newest - found.base :]),
            snapshot=found.snapshots[newest],
        )

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        *,
        expected: int,
        snapshot: Snapshot | None = None,
        schedule: ScheduleChange | None = None,
        receipt: Receipt | None = None,
    ) -> int:
        """Add events after version `expected`."""
        self._check(sender_id, expected)
        version = expected + len(events)
        stored.check_snapshot(snapshot, version)
        if schedule is not None:
            self._reschedule(sender_id, schedule)
        if receipt is not None:
            self._keep_receipt(sender_id, receipt)
        if version == 0:
            return 0
        conversation = self._conversations.setdefault(sender_id, _Conversation())
        conversation.events.extend(events)
        conversation.version = version
        self._feed.append(sender_id, events, version)
        if snapshot is not None:
            conversation.keep(snapshot)
        return version

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        self._check(sender_id, expected)
        conversation = _Conversation()
        # An empty log takes a number too: otherwise a writer who saw the old one is not refused.
        conversation.version = expected + max(1, len(events))
        conversation.base = conversation.version - len(events)
        conversation.events = list(events)
        self._conversations[sender_id] = conversation
        self._feed.drop(sender_id)
        self._feed.note("replaced", sender_id)
        self._feed.append(sender_id, events, conversation.version)
        return conversation.version

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number."""
        self._check_open()
        found = self._conversations.get(sender_id, _Conversation())
        start = max(after - found.base, 0)
        events = tuple(found.events[start : start + max(0, limit)])
        first = found.base + start + 1 if events else found.version + 1
        return Page(version=found.version, first=first, events=events)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        self._check_open()
        return self._receipts.get(sender_id, {}).get(key)

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries. Cost with `sender_id`: all entries after `after`."""
        self._check_open()
        return self._feed.read(after, limit, sender_id)

    async def feed_end(self) -> int:
        """Return the newest position."""
        self._check_open()
        return self._feed.end

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        self._check_open()
        found = self._conversations.get(sender_id)
        return 0 if found is None else found.version

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: all ids."""
        self._check_open()
        ids = (known for known in self._conversations if after is None or known > after)
        return nsmallest(limit, ids)

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: all reminders."""
        self._check_open()
        every = (each for known in self._schedule.values() for each in known.values())
        later = (each for each in every if after is None or _order(each) > _order(after))
        return nsmallest(limit, later, key=_order)

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation with its snapshots, reminders and receipts."""
        self._check_open()
        self._schedule.pop(sender_id, None)
        self._receipts.pop(sender_id, None)
        found = self._conversations.pop(sender_id, None)
        if found is None:
            return 0
        self._feed.erase(sender_id)
        return len(found.events)

    async def close(self) -> None:
        """Refuse every further call, and let go of what was kept."""
        self._closed = True
        self._conversations = {}
        self._schedule = {}
        self._receipts = {}
        self._feed = _Feed(self.cursors)

    def _keep_receipt(self, sender_id: str, receipt: Receipt) -> None:
        kept = self._receipts.setdefault(sender_id, {})
        kept[receipt.key] = receipt
        if len(kept) > KEPT_RECEIPTS:
            del kept[min(kept, key=lambda key: kept[key].version)]

    def _reschedule(self, sender_id: str, change: ScheduleChange) -> None:
        after = rescheduled(self._schedule.get(sender_id, {}), change)
        if after is None:
            raise stored.not_scheduled()
        self._schedule.pop(sender_id, None)
        if after:
            self._schedule[sender_id] = after

    def _check_open(self) -> None:
        if self._closed:
            raise stored.closed()

    def _check(self, sender_id: str, expected: int) -> None:
        self._check_open()
        found = self._conversations.get(sender_id)
        version = 0 if found is None else found.version
        if version != expected:
            raise stored.conflict(sender_id, found=version, expected=expected)


def _order(reminder: Reminder) -> tuple[float, str, str]:
    return reminder.due, reminder.sender_id, reminder.name
