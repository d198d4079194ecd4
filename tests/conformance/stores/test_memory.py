from pathlib import Path

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.tracker_store import TrackerStoreSuite


class TestMemoryStore(TrackerStoreSuite, FeedSuite, CursorSuite):
    durable = False

    async def make_store(self, place: Path) -> TrackerStore:
        return MemoryStore()
