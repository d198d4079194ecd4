from pathlib import Path

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.tracker_store import TrackerStoreSuite


class TestSqliteStore(TrackerStoreSuite, FeedSuite, CursorSuite):
    async def make_store(self, place: Path) -> TrackerStore:
        return await SqliteStore.open(place / "conversations.db")
