"""What a tracker store has to do that has a feed: inherit this suite beside `TrackerStoreSuite`.

class TestMyStore(TrackerStoreSuite, FeedSuite):
    ...
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core.events import SlotSet
from tertulia.core.feed import KEPT_ERASURES, EventFeed, FeedEntry, forgotten_id
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import StoreCase, numbered
from tertulia.testing.store_model import STEPS, Append, Erase, Replace, Step

Told = tuple[str, str, int, object]
"""What an entry tells: kind, conversation, sequence number, and its event's number."""


def feed_of(store: TrackerStore) -> EventFeed:
    """Return the store as what it has to be."""
    assert isinstance(store, EventFeed)
    return store


async def follow(
    feed: EventFeed, *, after: int = 0, limit: int = 3, sender_id: str | None = None
) -> list[FeedEntry]:
    """Read page by page to the end; check that positions grow and pages keep to their limit."""
    found: list[FeedEntry] = []
    while page := await feed.read_feed(after=after, limit=limit, sender_id=sender_id):
        assert len(page) <= limit
        for entry in page:
            assert entry.position > after
            after = entry.position
        found += page
    return found


def told(entries: Sequence[FeedEntry]) -> list[Told]:
    """Return what entries tell."""
    return [
        (e.kind, e.sender_id, e.seq, e.event.value if isinstance(e.event, SlotSet) else None)
        for e in entries
    ]


class FeedSuite(StoreCase):
    """The feed has everything once, in the order it was stored."""

    async def test_the_feed_has_every_event_in_the_order_of_the_writes(
        self, store: TrackerStore
    ) -> None:
        """Of all conversations, each event an entry of its own."""
        feed = feed_of(store)
        assert await feed.feed_end() == 0
        await store.append("a", numbered(1, 2), expected=0)
        await store.append("b", numbered(3, 3), expected=0)
        await store.append("a", numbered(4, 4), expected=2)
        entries = await follow(feed)
        assert told(entries) == [
            ("event", "a", 1, 1),
            ("event", "a", 2, 2),
            ("event", "b", 1, 3),
            ("event", "a", 3, 4),
        ]
        assert entries[-1].position == await feed.feed_end()

    @pytest.mark.parametrize("limit", [1, 2, 3, 9, 2**40])
    async def test_one_may_stop_anywhere_and_read_on(self, store: TrackerStore, limit: int) -> None:
        """Also in the middle of what one write added: nothing is lost, nothing comes twice."""
        feed = feed_of(store)
        for n in range(3):
            await store.append("a", numbered(3 * n + 1, 3 * n + 3), expected=3 * n)
        whole = await follow(feed, limit=limit)
        assert [entry.seq for entry in whole] == list(range(1, 10))
        for n, entry in enumerate(whole, 1):
            assert await follow(feed, after=entry.position, limit=limit) == whole[n:]

    async def test_one_conversation_can_be_followed_alone(self, store: TrackerStore) -> None:
        """With the same positions."""
        feed = feed_of(store)
        for version in range(4):
            for sender_id in ("a", "b"):
                await store.append(sender_id, numbered(version, version), expected=version)
        every = await follow(feed)
        alone = await follow(feed, sender_id="a")
        assert alone == [entry for entry in every if entry.sender_id == "a"]
        assert await follow(feed, sender_id="nobody") == []

    async def test_a_refused_write_is_not_in_the_feed(self, store: TrackerStore) -> None:
        """Nor is one of nothing."""
        feed = feed_of(store)
        await store.append("a", numbered(1, 1), expected=0)
        before = await feed.feed_end()
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(2, 2), expected=0)
        await store.append("a", [], expected=1)
        assert await feed.feed_end() == before

    async def test_a_replaced_conversation_begins_anew(self, store: TrackerStore) -> None:
        """Also when nothing is left of it."""
        feed = feed_of(store)
        await store.append("a", numbered(1, 3), expected=0)
        seen = await feed.feed_end()
        version = await store.replace("a", numbered(11, 12), expected=3)
        expected: list[Told] = [
            ("replaced", "a", 0, None),
            ("event", "a", version - 1, 11),
            ("event", "a", version, 12),
        ]
        assert told(await follow(feed, after=seen)) == expected
        assert told(await follow(feed, sender_id="a")) == expected
        await store.replace("a", [], expected=version)
        assert told(await follow(feed)) == [("replaced", "a", 0, None)]

    async def test_an_erasure_is_told_without_the_name(self, store: TrackerStore) -> None:
        """To everybody, and to who follows the conversation; a new one of the name follows."""
        feed = feed_of(store)
        await store.append("a", numbered(1, 3), expected=0)
        await store.append("b", numbered(4, 4), expected=0)
        seen = await feed.feed_end()
        await store.erase("a")
        await store.append("a", numbered(5, 5), expected=0)
        gone = ("erased", forgotten_id("a"), 0, None)
        assert told(await follow(feed, after=seen)) == [gone, ("event", "a", 1, 5)]
        assert told(await follow(feed, sender_id="a")) == [gone, ("event", "a", 1, 5)]
        assert told(await follow(feed)) == [("event", "b", 1, 4), gone, ("event", "a", 1, 5)]
        assert await follow(feed, sender_id=forgotten_id("a")) == []

    async def test_erasing_what_is_not_there_is_not_told(self, store: TrackerStore) -> None:
        """Nothing happened."""
        await store.erase("nobody")
        assert await feed_of(store).feed_end() == 0

    async def test_the_newest_notes_of_erasures_are_kept(self, store: TrackerStore) -> None:
        """And not all there ever were."""
        ids = ["first", *map(str, range(KEPT_ERASURES - 1)), "last"]
        for some in (ids[:1], ids[1:-1], ids[-1:]):
            await asyncio.gather(*(store.append(i, numbered(1, 1), expected=0) for i in some))
            await asyncio.gather(*(store.erase(i) for i in some))
        entries = await follow(feed_of(store), limit=500)
        told_of = {entry.sender_id for entry in entries if entry.kind == "erased"}
        assert told_of == {forgotten_id(sender_id) for sender_id in ids[1:]}

    async def test_who_reads_while_others_write_misses_nothing(self, store: TrackerStore) -> None:
        """20 writers at once, and one who reads on after the last position seen."""
        feed = feed_of(store)
        total = 20 * 10
        seen: list[FeedEntry] = []

        async def write(n: int) -> None:
            for version in range(10):
                await store.append(f"c{n}", numbered(version, version), expected=version)

        async def read() -> None:
            while len(seen) < total:
                after = seen[-1].position if seen else 0
                seen.extend(await feed.read_feed(after=after, limit=7))
                await asyncio.sleep(0)

        await asyncio.wait_for(asyncio.gather(read(), *(write(n) for n in range(20))), 60)
        assert len({(entry.sender_id, entry.seq) for entry in seen}) == total
        for n in range(20):
            mine = [entry.seq for entry in seen if entry.sender_id == f"c{n}"]
            assert mine == list(range(1, 11))

    async def test_the_feed_goes_on_when_the_store_is_opened_again(self, tmp_path: Path) -> None:
        """Positions are not used twice, not even after the newest entry went."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        await first.append("a", numbered(1, 2), expected=0)
        await first.erase("a")
        before = await feed_of(first).feed_end()
        await first.close()
        second = await self.make_store(tmp_path)
        assert await feed_of(second).feed_end() == before
        await second.append("b", numbered(3, 3), expected=0)
        assert told(await follow(feed_of(second), after=before)) == [("event", "b", 1, 3)]
        await second.close()

    async def test_the_feed_of_a_closed_store_is_refused(self, store: TrackerStore) -> None:
        """With a named error."""
        feed = feed_of(store)
        await store.close()
        for call in (feed.read_feed(after=0, limit=1), feed.feed_end()):
            with pytest.raises(StoreUnavailable):
                await call

    @settings(
        deadline=None,
        max_examples=20,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(steps=STEPS)
    async def test_the_feed_tells_what_the_logs_hold(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
    ) -> None:
        """Whatever was done: who follows from the beginning, live or later, has the same logs."""
        store = await self.make_store(tmp_path_factory.mktemp("feed"))
        feed = feed_of(store)
        live: list[FeedEntry] = []
        for step in steps:
            await _take(store, step)
            live += await follow(feed, after=live[-1].position if live else 0)
        later = await follow(feed)
        for sender_id in await store.list_conversations(limit=99):
            loaded = await store.load(sender_id)
            for entries in (live, later):
                assert _log(entries, sender_id) == list(loaded.events)
        await store.close()


async def _take(store: TrackerStore, step: Step) -> None:
    if isinstance(step, Append):
        version = await store.version(step.sender_id)
        await store.append(step.sender_id, numbered(1, step.count), expected=version)
    elif isinstance(step, Replace):
        version = await store.version(step.sender_id)
        await store.replace(step.sender_id, numbered(1, step.count), expected=version)
    elif isinstance(step, Erase):
        await store.erase(step.sender_id)


def _log(entries: Sequence[FeedEntry], sender_id: str) -> list[object]:
    """Return the log that a follower has built up."""
    log: list[object] = []
    for entry in entries:
        if entry.kind == "erased" and entry.sender_id == forgotten_id(sender_id):
            log = []
        elif entry.sender_id == sender_id:
            log = [*log, entry.event] if entry.kind == "event" else []
    return log
