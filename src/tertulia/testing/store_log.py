"""What a tracker store does with the events of one writer, and of many at once."""

import asyncio

import pytest

from tertulia.base.errors import StoreConflict
from tertulia.core.events import UserUttered
from tertulia.core.events.codec import encode
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import EMPTY, StoreCase, numbered, numbers, snapshot_of
from tertulia.testing.store_model import EVERY_EVENT, STRANGE_EVENTS


class LogSuite(StoreCase):
    """Appending and loading."""

    async def test_an_unknown_conversation_is_empty_and_stays_unknown(
        self, store: TrackerStore
    ) -> None:
        """Reading creates nothing."""
        assert await store.load("nobody") == EMPTY
        assert await store.load_tail("nobody", fingerprint="rules", window=0) == EMPTY
        assert await store.version("nobody") == 0
        assert await store.erase("nobody") == 0
        assert list(await store.list_conversations(limit=9)) == []

    async def test_every_event_comes_back_as_it_was(self, store: TrackerStore) -> None:
        """All types, all fields, the same order."""
        assert await store.append("a", EVERY_EVENT, expected=0) == len(EVERY_EVENT)
        assert list((await store.load("a")).events) == list(EVERY_EVENT)

    async def test_what_this_version_does_not_know_is_kept_to_the_letter(
        self, store: TrackerStore
    ) -> None:
        """Unknown event types and unknown fields survive."""
        await store.append("a", STRANGE_EVENTS, expected=0)
        loaded = await store.load("a")
        assert list(loaded.events) == list(STRANGE_EVENTS)
        assert [encode(event) for event in loaded.events] == [encode(e) for e in STRANGE_EVENTS]

    @pytest.mark.parametrize(
        "text",
        [
            "ñandú",
            "日本語",
            "😀👩‍👩‍👧",
            "שלום",
            "e\u0301",
            "a\x00b",
            "\u2028\n\t\\\"'",
            "",
            "x" * 300_000,
        ],
        ids=["latin", "cjk", "emoji", "rtl", "combining", "nul", "escapes", "empty", "long"],
    )
    async def test_text_is_kept_to_the_letter(self, store: TrackerStore, text: str) -> None:
        """Nothing is normalised, cut or escaped away."""
        said = UserUttered(timestamp=1.0, text=text, parse_data={"text": text})
        await store.append("a", [said], expected=0)
        assert list((await store.load("a")).events) == [said]

    async def test_a_conversation_may_have_any_text_as_its_id(self, store: TrackerStore) -> None:
        """Ids that look alike are different ones."""
        ids = [
            "a",
            "A",
            "a ",
            " a",
            "a%",
            "a_",
            "a/b",
            "a'b\"",
            "é",
            "e\u0301",
            "😀",
            "a\x00b",
            "0",
        ]
        ids.append("x" * self.longest_id)
        for n, sender_id in enumerate(ids):
            await store.append(sender_id, numbered(n, n), expected=0)
        found = {known: numbers((await store.load(known)).events) for known in ids}
        assert found == {sender_id: [n] for n, sender_id in enumerate(ids)}

    async def test_appends_follow_one_another(self, store: TrackerStore) -> None:
        """The version is the number of the newest event."""
        assert await store.append("a", numbered(1, 2), expected=0) == 2
        assert await store.append("a", numbered(3, 3), expected=2) == 3
        assert await store.version("a") == 3
        loaded = await store.load("a")
        assert (loaded.version, numbers(loaded.events)) == (3, [1, 2, 3])
        assert loaded.snapshot is None

    @pytest.mark.parametrize("expected", [0, 1, 3, 99])
    async def test_a_writer_with_another_version_writes_nothing(
        self, store: TrackerStore, expected: int
    ) -> None:
        """Neither events nor snapshot."""
        await store.append("a", numbered(1, 2), expected=0)
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(8, 9), expected=expected, snapshot=snapshot_of(1))
        loaded = await store.load_tail("a", fingerprint="rules", window=0)
        assert (loaded.version, numbers(loaded.events), loaded.snapshot) == (2, [1, 2], None)

    async def test_a_conflict_does_not_create_the_conversation(self, store: TrackerStore) -> None:
        """Nor does an append of nothing."""
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(1, 1), expected=4)
        assert await store.append("a", [], expected=0) == 0
        assert list(await store.list_conversations(limit=9)) == []

    async def test_an_append_of_nothing_checks_the_version(self, store: TrackerStore) -> None:
        """It may carry a snapshot all the same."""
        await store.append("a", numbered(1, 2), expected=0)
        with pytest.raises(StoreConflict):
            await store.append("a", [], expected=1)
        assert await store.append("a", [], expected=2, snapshot=snapshot_of(2)) == 2
        loaded = await store.load_tail("a", fingerprint="rules", window=0)
        assert (loaded.version, list(loaded.events), loaded.snapshot) == (2, [], snapshot_of(2))

    async def test_the_callers_list_is_not_the_stores(self, store: TrackerStore) -> None:
        """Changing it later changes nothing."""
        events = numbered(1, 2)
        await store.append("a", events, expected=0)
        events.clear()
        assert numbers((await store.load("a")).events) == [1, 2]


class ConcurrencySuite(StoreCase):
    """Several writers at once."""

    async def test_of_many_writers_with_one_version_exactly_one_wins(
        self, store: TrackerStore
    ) -> None:
        """The others are refused and leave nothing."""
        tries = [store.append("a", numbered(n, n), expected=0) for n in range(20)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        won = [n for n, outcome in enumerate(outcomes) if outcome == 1]
        assert sum(isinstance(outcome, StoreConflict) for outcome in outcomes) == 19
        assert numbers((await store.load("a")).events) == won

    async def test_writers_that_try_again_lose_nothing(self, store: TrackerStore) -> None:
        """50 tasks on one conversation: every event once, at the version that was returned."""

        async def write(n: int) -> int:
            while True:
                try:
                    return await store.append(
                        "a", numbered(n, n), expected=await store.version("a")
                    )
                except StoreConflict:
                    continue

        versions = await asyncio.gather(*(write(n) for n in range(50)))
        loaded = await store.load("a")
        assert loaded.version == 50
        assert numbers(loaded.events) == sorted(range(50), key=lambda n: versions[n])

    async def test_conversations_do_not_hinder_each_other(self, store: TrackerStore) -> None:
        """30 at once, each in its own order; a conflict of one spoils none of the others."""

        async def write(n: int) -> None:
            for version in range(5):
                await store.append(f"c{n}", numbered(version, version), expected=version)
                with pytest.raises(StoreConflict):
                    await store.append(f"c{n}", numbered(77, 77), expected=version)

        await asyncio.gather(*(write(n) for n in range(30)))
        for n in range(30):
            assert numbers((await store.load(f"c{n}")).events) == [0, 1, 2, 3, 4]

    async def test_a_cancelled_append_happened_or_did_not(self, store: TrackerStore) -> None:
        """Whole or not at all, and the store goes on."""
        calls = [
            asyncio.ensure_future(store.append(f"c{n}", numbered(1, 3), expected=0))
            for n in range(30)
        ]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert outcomes[1::2] == [3] * 15
        for n in range(30):
            loaded = await store.load(f"c{n}")
            whole = (3, [1, 2, 3])
            assert (loaded.version, numbers(loaded.events)) in ([whole, (0, [])][: 2 - n % 2])
            assert await store.append(f"c{n}", numbered(9, 9), expected=loaded.version)
