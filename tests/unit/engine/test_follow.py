"""Who follows the feed, and what watches it for them."""

import asyncio
from contextlib import suppress

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base import border
from tertulia.engine.follow import Following


class Deaf(MemoryStore):
    """Loses the first cancellation of whoever asks it, as a driver may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def feed_end(self) -> int:
        self.asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return 0


async def test_nothing_watches_once_the_last_follower_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(border, "_ASKED_AGAIN_AFTER", 0.01)
    store, before = Deaf(), asyncio.all_tasks()
    async with Following(store).join():
        await store.asked.wait()
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before
