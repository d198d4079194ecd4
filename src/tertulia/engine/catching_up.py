"""A live tracker that other servers may have left behind: what they stored is folded onto it."""

from msgspec.structs import replace

from tertulia.base.errors import HistoryTruncated
from tertulia.core.ports import Page, TrackerStore
from tertulia.core.tracker import Tracker, advance_all

FARTHEST = 128
"""Events that a live tracker may be behind; one that is further behind is loaded anew."""


async def catch_up(tracker: Tracker, store: TrackerStore) -> Tracker | None:
    """Return the tracker with all that has been stored since; None when it has to be loaded anew.

    Its own newest event is read once more: numbers alone do not tell a conversation from one that
    began anew under its name and is as long by now. Cost: that event, and those after it.
    """
    page = await store.read(
        tracker.sender_id, after=max(0, tracker.version - 1), limit=FARTHEST + 1
    )
    if not _continues(tracker, page):
        return None
    newer = page.events if tracker.version == 0 else page.events[1:]
    try:
        return replace(advance_all(tracker, newer), version=page.version)
    except HistoryTruncated:
        return None


def _continues(tracker: Tracker, page: Page) -> bool:
    """Tell whether the page begins with the tracker's newest event and ends with the log."""
    known, first = tracker.last_event, page.first
    if page.version != first + len(page.events) - 1:
        return False
    if tracker.version == 0:
        return first == 1
    if known is None or not page.events or first != tracker.version:
        return False
    found = page.events[0]
    return type(found) is type(known) and found.timestamp == known.timestamp
