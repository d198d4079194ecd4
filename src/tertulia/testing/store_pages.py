"""What every tracker store has to do with parts of a log, and with receipts."""

from pathlib import Path

import pytest

from tertulia.base.errors import StoreConflict
from tertulia.core.ports import KEPT_RECEIPTS, Page, Receipt, TrackerStore
from tertulia.testing.store_case import EMPTY, StoreCase, numbered, numbers


def receipt(key: str, version: int, *, done: bool = True, answer: bytes = b"") -> Receipt:
    """Return a receipt whose digest names its key."""
    return Receipt(
        key=key,
        digest=f"of {key}",
        version=version,
        opened_at=version // 2,
        done=done,
        answer=answer,
    )


class PageSuite(StoreCase):
    """Parts of a log by sequence number."""

    async def test_a_part_of_the_log_is_read_by_its_numbers(self, store: TrackerStore) -> None:
        """After a number, up to a limit."""
        await store.append("a", numbered(1, 9), expected=0)
        page = await store.read("a", after=3, limit=4)
        assert (page.version, page.first, numbers(page.events)) == (9, 4, [4, 5, 6, 7])

    @pytest.mark.parametrize("limit", [1, 2, 5, 7, 8, 2**40])
    async def test_parts_add_up_to_the_log(self, store: TrackerStore, limit: int) -> None:
        """The last number of a part is where the next begins."""
        await store.append("a", numbered(1, 7), expected=0)
        found: list[object] = []
        after = 0
        while (page := await store.read("a", after=after, limit=limit)).events:
            assert len(page.events) <= limit
            assert page.first == after + 1
            found += numbers(page.events)
            after = page.first + len(page.events) - 1
        assert found == [1, 2, 3, 4, 5, 6, 7]

    async def test_there_is_nothing_after_the_end(self, store: TrackerStore) -> None:
        """Nor in a conversation that is unknown, nor in a part without length."""
        await store.append("a", numbered(1, 2), expected=0)
        for after in (2, 3, 2**80):
            assert await store.read("a", after=after, limit=5) == Page(
                version=2, first=3, events=()
            )
        assert await store.read("a", limit=0) == Page(version=2, first=3, events=())
        assert await store.read("nobody", limit=5) == Page(version=0, first=1, events=())

    async def test_a_part_tells_that_the_log_was_replaced(self, store: TrackerStore) -> None:
        """Its first number is beyond the one that was asked for."""
        await store.append("a", numbered(1, 3), expected=0)
        version = await store.replace("a", numbered(11, 12), expected=3)
        page = await store.read("a", after=1, limit=9)
        assert page == Page(version=version, first=version - 1, events=tuple(numbered(11, 12)))
        rest = await store.read("a", after=version - 1, limit=9)
        assert (rest.first, numbers(rest.events)) == (version, [12])


class ReceiptSuite(StoreCase):
    """Receipts are kept with the events they belong to."""

    async def test_a_receipt_is_kept_with_the_events(self, store: TrackerStore) -> None:
        """As it is; others do not know it."""
        taken = receipt("k", 2, answer=bytes(range(256)))
        await store.append("a", numbered(1, 2), expected=0, receipt=taken)
        assert await store.find_receipt("a", "k") == taken
        assert await store.find_receipt("a", "K") is None
        assert await store.find_receipt("b", "k") is None

    async def test_a_later_receipt_takes_the_place_of_an_earlier_one(
        self, store: TrackerStore
    ) -> None:
        """Also with a write that adds no event."""
        await store.append("a", numbered(1, 2), expected=0, receipt=receipt("k", 2, done=False))
        done = receipt("k", 2, answer=b"all of it")
        assert await store.append("a", [], expected=2, receipt=done) == 2
        assert await store.find_receipt("a", "k") == done

    async def test_a_refused_write_leaves_no_receipt(self, store: TrackerStore) -> None:
        """Nor does it change one."""
        first = receipt("k", 1)
        await store.append("a", numbered(1, 1), expected=0, receipt=first)
        for key in ("k", "other"):
            with pytest.raises(StoreConflict):
                await store.append("a", numbered(2, 2), expected=0, receipt=receipt(key, 9))
        assert await store.find_receipt("a", "k") == first
        assert await store.find_receipt("a", "other") is None

    async def test_a_receipt_without_events_begins_no_conversation(
        self, store: TrackerStore
    ) -> None:
        """It is known all the same."""
        assert await store.append("a", [], expected=0, receipt=receipt("k", 0)) == 0
        assert await store.find_receipt("a", "k") == receipt("k", 0)
        assert await store.load("a") == EMPTY
        assert list(await store.list_conversations(limit=9)) == []

    async def test_any_text_is_a_key(self, store: TrackerStore) -> None:
        """Keys that look alike are different ones."""
        keys = ["k", "k ", "K", "é", "e\u0301", "😀", "a/b", "'\"", "x" * 255]
        for n, key in enumerate(keys, 1):
            await store.append("a", numbered(n, n), expected=n - 1, receipt=receipt(key, n))
        found = [await store.find_receipt("a", key) for key in keys]
        assert found == [receipt(key, n) for n, key in enumerate(keys, 1)]

    async def test_the_newest_receipts_are_kept(self, store: TrackerStore) -> None:
        """By version, so many of each conversation, and not all there ever were."""
        last = 2 * KEPT_RECEIPTS
        await store.append("b", numbered(1, 1), expected=0, receipt=receipt("1", 1))
        for n in range(1, last + 1):
            await store.append("a", numbered(n, n), expected=n - 1, receipt=receipt(str(n), n))
        for n in range(last - KEPT_RECEIPTS + 1, last + 1):
            assert await store.find_receipt("a", str(n)) == receipt(str(n), n)
        assert await store.find_receipt("a", "1") is None
        assert await store.find_receipt("b", "1") == receipt("1", 1)

    async def test_receipts_outlive_the_log_and_go_when_it_is_erased(
        self, store: TrackerStore
    ) -> None:
        """A replaced conversation is the same one."""
        await store.append("a", numbered(1, 1), expected=0, receipt=receipt("k", 1))
        await store.replace("a", numbered(2, 2), expected=1)
        assert await store.find_receipt("a", "k") == receipt("k", 1)
        await store.erase("a")
        assert await store.find_receipt("a", "k") is None

    async def test_receipts_are_there_when_the_store_is_opened_again(self, tmp_path: Path) -> None:
        """As they were."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        taken = receipt("k", 1, done=False, answer=b"\x00half")
        await first.append("a", numbered(1, 1), expected=0, receipt=taken)
        await first.close()
        second = await self.make_store(tmp_path)
        assert await second.find_receipt("a", "k") == taken
        await second.close()
