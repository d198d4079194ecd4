"""Places of brokers in the feed: listed, and dropped when nobody needs them."""

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import ConfigError
from tertulia.core.feed import KEPT_ERASURES
from tertulia.engine.outbox import begin
from tertulia.engine.places import BrokerPlace, drop_place, places
from tertulia.testing.store_case import numbered


async def store_with(*brokers: str) -> MemoryStore:
    store = MemoryStore()
    await store.append("ann", numbered(1, 3), expected=0)
    for name in brokers:
        await begin(store, name)
    await store.append("ann", numbered(4, 5), expected=3)
    await store.cursors.move("another reader's", expected=None, to=1)
    return store


async def test_each_place_tells_how_much_waits_and_whether_it_is_configured() -> None:
    store = await store_with("pika", "old")
    assert await places(store, {"pika", "new"}) == [
        BrokerPlace(name="old", position=3, waiting=2, configured=False),
        BrokerPlace(name="pika", position=3, waiting=2, configured=True),
    ]


async def test_a_dropped_place_holds_up_no_notes_of_erasures_any_more() -> None:
    store = await store_with("old")
    for number in range(KEPT_ERASURES + 5):
        await store.append(str(number), numbered(1, 1), expected=0)
        await store.erase(str(number))
    assert len(await store.read_feed(after=5, limit=9999)) == KEPT_ERASURES + 5
    assert (await drop_place(store, "old", ())).position == 3
    await store.cursors.move("another reader's", expected=1, to=None)
    await store.erase("ann")
    assert len(await store.read_feed(after=0, limit=9999)) == KEPT_ERASURES
    assert await places(store, ()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("pika", "is configured"), ("new", "there is no place"), ("another reader's", "no place")],
)
async def test_what_is_needed_or_not_there_is_not_dropped(name: str, said: str) -> None:
    store = await store_with("pika")
    with pytest.raises(ConfigError, match=f"T895.*{said}"):
        await drop_place(store, name, {"pika"})
    assert set(await store.cursors.read()) == {"broker:pika", "another reader's"}


async def test_a_broker_that_is_told_just_now_keeps_its_place() -> None:
    class Told(MemoryStore):
        async def feed_end(self) -> int:
            await self.cursors.move("broker:old", expected=3, to=5)
            return 5

    store = Told()
    await store.cursors.move("broker:old", expected=None, to=3)
    with pytest.raises(ConfigError, match="T895"):
        await drop_place(store, "old", ())
    assert await store.cursors.read() == {"broker:old": 5}
