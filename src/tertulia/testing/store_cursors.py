"""What a feed has to do that keeps places of its readers: inherit this suite beside `FeedSuite`."""

import asyncio
from pathlib import Path

import pytest

from tertulia.base.errors import StoreUnavailable
from tertulia.core.feed import KEPT_ERASURES, DurableFeed, FeedCursors, forgotten_id
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import StoreCase, numbered
from tertulia.testing.store_feed import feed_of, follow


def cursors_of(store: TrackerStore) -> FeedCursors:
    """Return the places that the store keeps."""
    assert isinstance(store, DurableFeed)
    return store.cursors


class CursorSuite(StoreCase):
    """A cursor moves from where it is expected, and holds back what it has not passed."""

    async def test_a_cursor_is_made_moved_and_removed(self, store: TrackerStore) -> None:
        """Each in one step; of several cursors only the one that is named."""
        cursors = cursors_of(store)
        assert await cursors.read() == {}
        assert await cursors.move("a", expected=None, to=0)
        assert await cursors.move("b", expected=None, to=7)
        assert await cursors.move("a", expected=0, to=3)
        assert await cursors.read() == {"a": 3, "b": 7}
        assert await cursors.move("a", expected=3, to=None)
        assert await cursors.read() == {"b": 7}

    async def test_a_cursor_that_stands_elsewhere_is_left_alone(self, store: TrackerStore) -> None:
        """Whatever is wanted of it."""
        cursors = cursors_of(store)
        await cursors.move("a", expected=None, to=5)
        for expected, to in ((None, 9), (4, 9), (6, 9), (4, None)):
            assert not await cursors.move("a", expected=expected, to=to)
        assert not await cursors.move("b", expected=1, to=2)
        assert await cursors.read() == {"a": 5}

    async def test_of_many_who_move_a_cursor_one_succeeds(self, store: TrackerStore) -> None:
        """Also when they make it."""
        cursors = cursors_of(store)
        for expected, first in ((None, 10), ("the winner's", 100)):
            start = None if expected is None else (await cursors.read())["a"]
            moves = [cursors.move("a", expected=start, to=first + n) for n in range(8)]
            outcomes = await asyncio.gather(*moves)
            assert outcomes.count(True) == 1
            assert await cursors.read() == {"a": first + outcomes.index(True)}

    async def test_cursors_outlive_the_process(self, tmp_path: Path) -> None:
        """They are as durable as the feed."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        await cursors_of(first).move("ñ😀", expected=None, to=2**40)
        await first.close()
        second = await self.make_store(tmp_path)
        assert await cursors_of(second).read() == {"ñ😀": 2**40}
        await second.close()

    async def test_notes_of_erasures_wait_for_every_cursor(self, store: TrackerStore) -> None:
        """More than are kept otherwise, until the last cursor has passed."""
        cursors = cursors_of(store)
        await cursors.move("slow", expected=None, to=0)
        ids = [str(n) for n in range(KEPT_ERASURES + 3)]
        await asyncio.gather(*(store.append(i, numbered(1, 1), expected=0) for i in ids))
        await asyncio.gather(*(store.erase(i) for i in ids))
        entries = await follow(feed_of(store), limit=500)
        assert {entry.sender_id for entry in entries} == {forgotten_id(i) for i in ids}
        await cursors.move("slow", expected=0, to=await feed_of(store).feed_end())
        await store.append("last", numbered(1, 1), expected=0)
        await store.erase("last")
        assert len(await follow(feed_of(store), limit=500)) == KEPT_ERASURES

    async def test_cursors_of_a_closed_store_are_refused(self, store: TrackerStore) -> None:
        """With a named error."""
        if not self.durable:
            pytest.skip("this store keeps them in memory")
        cursors = cursors_of(store)
        await store.close()
        for call in (cursors.read(), cursors.move("a", expected=None, to=1)):
            with pytest.raises(StoreUnavailable):
                await call
