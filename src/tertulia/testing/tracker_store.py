"""What every tracker store has to do: inherit the suite, and its tests are the store's.

    class TestMyStore(TrackerStoreSuite):
        async def make_store(self, place: Path) -> TrackerStore:
            return await MyStore.open(place)

Needs pytest, pytest-asyncio and Hypothesis. For readable failures, put
`pytest.register_assert_rewrite("tertulia.testing")` into your conftest.py.
"""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core.ports import Snapshot, TrackerStore
from tertulia.testing.store_case import EMPTY, StoreCase, numbered, numbers, snapshot_of
from tertulia.testing.store_log import ConcurrencySuite, LogSuite
from tertulia.testing.store_model import EVERY_EVENT, STEPS, Step, StoreModel
from tertulia.testing.store_pages import PageSuite, ReceiptSuite
from tertulia.testing.store_schedule import ScheduleSuite


class TailSuite(StoreCase):
    """Snapshots, and what follows them."""

    @pytest.mark.parametrize(
        ("window", "start"),
        [(0, 30), (3, 30), (4, 20), (13, 20), (14, 10), (23, 10), (24, 0), (10**30, 0)],
    )
    async def test_the_newest_snapshot_with_a_window_after_it_is_chosen(
        self, store: TrackerStore, window: int, start: int
    ) -> None:
        """Without one: the whole log."""
        for first in (1, 11, 21):
            snapshot = snapshot_of(first + 9)
            await store.append(
                "a", numbered(first, first + 9), expected=first - 1, snapshot=snapshot
            )
        await store.append("a", numbered(31, 33), expected=30)
        loaded = await store.load_tail("a", fingerprint="rules", window=window)
        assert loaded.version == 33
        assert numbers(loaded.events) == list(range(start + 1, 34))
        assert loaded.snapshot == (snapshot_of(start) if start else None)

    async def test_snapshots_of_other_rules_are_not_used(self, store: TrackerStore) -> None:
        """Several rules may have snapshots of one conversation."""
        await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(2, "old"))
        await store.append("a", numbered(3, 4), expected=2, snapshot=snapshot_of(4, "new"))
        old = await store.load_tail("a", fingerprint="old", window=0)
        none = await store.load_tail("a", fingerprint="none", window=0)
        assert (numbers(old.events), old.snapshot) == ([3, 4], snapshot_of(2, "old"))
        assert (numbers(none.events), none.snapshot) == ([1, 2, 3, 4], None)

    async def test_a_snapshot_may_be_older_than_the_events_it_comes_with(
        self, store: TrackerStore
    ) -> None:
        """It counts from its own version."""
        await store.append("a", numbered(1, 5), expected=0, snapshot=snapshot_of(3))
        loaded = await store.load_tail("a", fingerprint="rules", window=2)
        assert (numbers(loaded.events), loaded.snapshot) == ([4, 5], snapshot_of(3))

    async def test_a_snapshot_of_a_version_that_is_not_there_is_refused(
        self, store: TrackerStore
    ) -> None:
        """With the events it came with."""
        for version in (0, 3):
            with pytest.raises(ValueError, match="snapshot"):
                await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(version))
        assert await store.load("a") == EMPTY

    async def test_any_bytes_are_a_snapshot(self, store: TrackerStore) -> None:
        """A second one of the same version takes the place of the first."""
        await store.append("a", numbered(1, 1), expected=0, snapshot=snapshot_of(1))
        taken = Snapshot(version=1, fingerprint="régles", body=bytes(range(256)) * 40)
        await store.append("a", [], expected=1, snapshot=taken)
        loaded = await store.load_tail("a", fingerprint="régles", window=0)
        assert loaded.snapshot == taken
        assert (await store.load_tail("a", fingerprint="rules", window=0)).snapshot is None

    async def test_the_newest_four_snapshots_are_kept(self, store: TrackerStore) -> None:
        """Of however many there were."""
        for n in range(1, 10):
            await store.append("a", numbered(n, n), expected=n - 1, snapshot=snapshot_of(n))
        for window, version in enumerate((9, 8, 7, 6)):
            loaded = await store.load_tail("a", fingerprint="rules", window=window)
            assert loaded.snapshot == snapshot_of(version)

    async def test_the_tail_of_a_long_conversation_is_short(self, store: TrackerStore) -> None:
        """100,000 events, ten of them read."""
        for n in range(10):
            start = n * 10_000
            snapshot = snapshot_of(start + 9_990)
            await store.append(
                "a", numbered(start + 1, start + 10_000), expected=start, snapshot=snapshot
            )
        loaded = await store.load_tail("a", fingerprint="rules", window=10)
        assert loaded.version == 100_000
        assert numbers(loaded.events) == list(range(99_991, 100_001))


class ReplaceSuite(StoreCase):
    """Replacing a whole log."""

    async def test_the_new_log_continues_the_numbers(self, store: TrackerStore) -> None:
        """No sequence number is used twice."""
        await store.append("a", numbered(1, 5), expected=0)
        assert await store.replace("a", numbered(21, 22), expected=5) == 7
        assert await store.append("a", numbered(23, 23), expected=7) == 8
        loaded = await store.load("a")
        assert (loaded.version, numbers(loaded.events)) == (8, [21, 22, 23])

    @pytest.mark.parametrize("count", [0, 1, 3, 5])
    async def test_a_writer_who_saw_the_old_log_is_refused(
        self, store: TrackerStore, count: int
    ) -> None:
        """Also when the new log is as long, or empty."""
        await store.append("a", numbered(1, 3), expected=0)
        version = await store.replace("a", numbered(1, count), expected=3)
        assert version > 3
        assert await store.version("a") == version
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(4, 4), expected=3)
        with pytest.raises(StoreConflict):
            await store.replace("a", numbered(4, 4), expected=3)
        assert numbers((await store.load("a")).events) == list(range(1, count + 1))

    async def test_snapshots_of_the_old_log_are_gone(self, store: TrackerStore) -> None:
        """New ones count from the new log."""
        await store.append("a", numbered(1, 4), expected=0, snapshot=snapshot_of(2))
        version = await store.replace("a", numbered(11, 13), expected=4)
        loaded = await store.load_tail("a", fingerprint="rules", window=0)
        assert (numbers(loaded.events), loaded.snapshot) == ([11, 12, 13], None)
        taken = snapshot_of(version)
        await store.append("a", numbered(14, 15), expected=version, snapshot=taken)
        loaded = await store.load_tail("a", fingerprint="rules", window=2)
        assert (numbers(loaded.events), loaded.snapshot) == ([14, 15], taken)

    async def test_an_unknown_conversation_can_be_replaced(self, store: TrackerStore) -> None:
        """An empty log makes it known too."""
        assert await store.replace("a", numbered(1, 2), expected=0) == 2
        assert await store.replace("b", [], expected=0) > 0
        assert list((await store.load("b")).events) == []
        assert list(await store.list_conversations(limit=9)) == ["a", "b"]


class ListSuite(StoreCase):
    """Listing and erasing."""

    async def test_ids_are_listed_in_the_order_of_their_code_points(
        self, store: TrackerStore
    ) -> None:
        """Each once, however often it was written."""
        ids = ["b", "a", "Z", "ä", "日", "😀", "\uffff", "a\x00", "aa", "10", "9"]
        for sender_id in ids:
            await store.append(sender_id, numbered(1, 1), expected=0)
        await store.append("b", numbered(2, 2), expected=1)
        assert list(await store.list_conversations(limit=99)) == sorted(ids)

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    async def test_pages_add_up_to_the_whole_list(self, store: TrackerStore, limit: int) -> None:
        """The last id of a page is where the next begins."""
        ids = [f"{n:02d}😀" for n in range(7)]
        for sender_id in ids:
            await store.append(sender_id, numbered(1, 1), expected=0)
        found: list[str] = []
        while page := await store.list_conversations(
            after=found[-1] if found else None, limit=limit
        ):
            assert len(page) <= limit
            found.extend(page)
        assert found == ids

    async def test_a_page_may_begin_after_an_id_that_is_not_there(
        self, store: TrackerStore
    ) -> None:
        """And may be asked to be empty."""
        for sender_id in ("a", "c"):
            await store.append(sender_id, numbered(1, 1), expected=0)
        assert list(await store.list_conversations(after="b", limit=9)) == ["c"]
        assert list(await store.list_conversations(after="", limit=9)) == ["a", "c"]
        assert list(await store.list_conversations(after="c", limit=9)) == []
        assert list(await store.list_conversations(limit=0)) == []

    async def test_an_erased_conversation_is_unknown(self, store: TrackerStore) -> None:
        """With its snapshots; others stay."""
        for sender_id in ("a", "b"):
            await store.append(sender_id, numbered(1, 3), expected=0, snapshot=snapshot_of(2))
        assert await store.erase("a") == 3
        assert await store.erase("a") == 0
        assert await store.load("a") == EMPTY
        assert list(await store.list_conversations(limit=9)) == ["b"]
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(4, 4), expected=3)
        await store.append("a", numbered(1, 3), expected=0)
        assert (await store.load_tail("a", fingerprint="rules", window=0)).snapshot is None


class LifeSuite(StoreCase):
    """Opening and closing."""

    async def test_it_is_a_tracker_store(self, store: TrackerStore) -> None:
        """All methods of the port are there."""
        assert isinstance(store, TrackerStore)

    async def test_it_may_be_closed_twice(self, store: TrackerStore) -> None:
        """One after the other, or at once."""
        await asyncio.gather(store.close(), store.close())
        await store.close()

    async def test_a_closed_store_refuses(self, store: TrackerStore) -> None:
        """Every call, with a named error."""
        await store.append("a", numbered(1, 1), expected=0)
        await store.close()
        calls = (
            store.load("a"),
            store.load_tail("a", fingerprint="rules", window=0),
            store.version("a"),
            store.list_conversations(limit=1),
            store.list_reminders(limit=1),
            store.append("a", numbered(2, 2), expected=1),
            store.replace("a", numbered(2, 2), expected=1),
            store.erase("a"),
            store.read("a", limit=1),
            store.find_receipt("a", "k"),
        )
        for call in calls:
            with pytest.raises(StoreUnavailable):
                await call

    async def test_it_knows_everything_when_it_is_opened_again(self, tmp_path: Path) -> None:
        """Events, versions and snapshots."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        await first.append("a", EVERY_EVENT, expected=0, snapshot=snapshot_of(2))
        await first.replace("b", [], expected=0)
        before = [await first.load_tail(known, fingerprint="rules", window=1) for known in "ab"]
        await first.close()
        second = await self.make_store(tmp_path)
        after = [await second.load_tail(known, fingerprint="rules", window=1) for known in "ab"]
        assert after == before
        assert list(await second.list_conversations(limit=9)) == ["a", "b"]
        await second.close()

    async def test_closing_finishes_what_was_begun(self, tmp_path: Path) -> None:
        """What was acknowledged is there, what was refused is not."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        calls = [
            asyncio.ensure_future(first.append(f"{n:02d}", numbered(n, n), expected=0))
            for n in range(20)
        ]
        await asyncio.sleep(0)
        await first.close()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(done == 1 or isinstance(done, StoreUnavailable) for done in outcomes)
        kept = [f"{n:02d}" for n, done in enumerate(outcomes) if done == 1]
        second = await self.make_store(tmp_path)
        assert list(await second.list_conversations(limit=99)) == kept
        await second.close()


class TrackerStoreSuite(
    LogSuite,
    ConcurrencySuite,
    TailSuite,
    PageSuite,
    ReceiptSuite,
    ReplaceSuite,
    ScheduleSuite,
    ListSuite,
    LifeSuite,
):
    """Everything a tracker store has to do. Inherit it and say how a store is made."""

    @settings(
        deadline=None,
        max_examples=40,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(steps=STEPS)
    async def test_it_answers_like_a_dictionary_of_lists(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
    ) -> None:
        """Any order of uses, some of them with a stale version."""
        store = await self.make_store(tmp_path_factory.mktemp("model"))
        await StoreModel(store).check(steps)
        await store.close()
