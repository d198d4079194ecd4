import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from tests.conformance.stores.network import NetworkStoreSuite
from tests.conformance.stores.servers import PREFIX, REDIS, named

from tertulia.adapters.stores.redis import RedisTrackerStore
from tertulia.adapters.stores.redis.originals import RedisOriginals
from tertulia.base.errors import StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.core.ports import TrackerStore
from tertulia.schema.stores import RedisStore
from tertulia.testing.store_agreed import AgreedSuite
from tertulia.testing.store_case import numbered, numbers
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite, follow, told
from tertulia.testing.store_leases import LeaseSuite

pytestmark = pytest.mark.usefixtures("redis_server")

DATABASE = 9


async def open_store(prefix: str | None, **more: Any) -> RedisTrackerStore:
    config = RedisStore(url=REDIS[0], db=DATABASE, key_prefix=prefix)
    known = {name: getattr(config, name) for name in config.__struct_fields__}
    return await RedisTrackerStore.open(RedisStore(**{**known, **more}), patience=0)


async def put(key: str, value: bytes | str) -> None:
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1], db=DATABASE) as client:
        await client.set(key, value)


async def keys(pattern: str) -> list[bytes]:
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1], db=DATABASE) as client:
        return [key async for key in client.scan_iter(pattern)]


async def keys_beside_feed(prefix: str) -> list[bytes]:
    """Return the names of a store's keys but for those that hold its feed."""
    feed = {f"{prefix}:tertulia:{name}".encode() for name in ("feed", "feed-end", "erased")}
    return [key for key in await keys(f"{prefix}*") if key not in feed]


def dialogue(name: str, count: int) -> str:
    events = [
        {"event": "slot", "timestamp": n, "name": "n", "value": n} for n in range(1, count + 1)
    ]
    return json.dumps({"events": events, "name": name})


class TestRedisStore(NetworkStoreSuite, FeedSuite, CursorSuite, LeaseSuite, AgreedSuite):
    server = REDIS

    async def make_store_at(self, place: Path, address: tuple[str, int]) -> TrackerStore:
        return await open_store(PREFIX + named(place), url=f"{address[0]}:{address[1]}")


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return PREFIX + named(tmp_path)


async def test_a_conversation_of_newer_originals_is_taken_over(prefix: str) -> None:
    await put(f"{prefix}:tracker:ann", dialogue("ann", 3))
    store = await open_store(prefix)
    loaded = await store.load_tail("ann", fingerprint="rules", window=0)
    assert (loaded.version, numbers(loaded.events)) == (3, [1, 2, 3])
    assert await store.append("ann", numbered(4, 4), expected=3) == 4
    assert list(await store.list_conversations(limit=9)) == ["ann"]
    assert await store.erase("ann") == 4
    assert await keys_beside_feed(prefix) == []
    await store.close()


async def test_what_originals_left_is_not_told_again(prefix: str) -> None:
    await put(f"{prefix}:tracker:ann", dialogue("ann", 2))
    store = await open_store(prefix)
    await store.append("ann", numbered(3, 3), expected=2)
    assert told(await follow(store)) == [("event", "ann", 3, 3)]
    await store.close()


async def test_what_has_expired_is_not_in_the_feed(prefix: str) -> None:
    store = await open_store(prefix, record_exp=0.05)
    await store.append("gone", numbered(1, 3), expected=0)
    await asyncio.sleep(0.2)
    assert await follow(store) == []
    await store.close()


async def test_entries_of_what_has_expired_do_not_stay(prefix: str) -> None:
    store = await open_store(prefix, record_exp=0.05)
    for n in range(20):
        await store.append(f"c{n}", numbered(1, 3), expected=0)
    await asyncio.sleep(0.2)
    for n in range(20):
        await store.append(f"d{n}", numbered(1, 1), expected=0)
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1], db=DATABASE) as client:
        assert await client.xlen(f"{prefix}:tertulia:feed") <= 20
    await store.close()


async def test_a_conversation_under_its_bare_id_is_taken_over(prefix: str) -> None:
    bare = f"{prefix}-bare"
    await put(bare, dialogue(bare, 2))
    store = await open_store(prefix)
    assert await store.append(bare, numbered(3, 3), expected=2) == 3
    assert numbers((await store.load(bare)).events) == [1, 2, 3]
    assert await store.erase(bare) == 3
    assert await keys(bare) == []
    await store.close()


async def test_a_key_that_is_no_conversation_is_left_alone(prefix: str) -> None:
    bare = f"{prefix}-other"
    await put(bare, "not a conversation")
    store = await open_store(prefix)
    assert await store.append(bare, numbered(1, 1), expected=0) == 1
    assert await store.erase(bare) == 1
    assert await keys(bare) == [bare.encode()]
    await store.close()


async def test_a_pickle_is_refused_with_advice(prefix: str) -> None:
    await put(f"{prefix}:tracker:old", b"\x80\x04N.")
    store = await open_store(prefix)
    with pytest.raises(StoreUnavailable, match=r"T643: .*'old'.*--allow-pickle"):
        await store.load("old")
    await store.close()


async def test_a_conversation_expires_and_is_not_listed_any_more(prefix: str) -> None:
    store = await open_store(prefix, record_exp=1000.0)
    await store.append("a", numbered(1, 1), expected=0)
    await store.append("b", numbered(1, 1), expected=0)
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1], db=DATABASE) as client:
        for kind in ("head", "events"):
            assert 0 < await client.ttl(f"{prefix}:tertulia:{kind}:a") <= 1000
            await client.delete(f"{prefix}:tertulia:{kind}:a")
    assert await store.version("a") == 0
    assert list(await store.list_conversations(limit=9)) == ["b"]
    await store.close()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "127.0.0.1:1"}, r"T601: Redis at 127.0.0.1:1/9 does not answer"),
        ({"username": "nobody", "password": Secret("hunter2")}, r"T642: .*username"),
        ({"db": 999999}, r"T642: Redis at 127.0.0.1:6379/999999 refuses"),
    ],
)
async def test_a_place_that_cannot_be_used_is_named(more: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said) as caught:
        await open_store(None, **more)
    assert "hunter2" not in str(caught.value)


async def test_conversations_of_every_age_are_read_and_nothing_is_changed(prefix: str) -> None:
    await put(f"{prefix}:tracker:ann", dialogue("ann", 3))
    await put(f"{prefix}:tracker:old", b"\x80\x04N.")
    before = sorted(await keys(f"{prefix}*"))
    source = RedisOriginals(
        RedisStore(url=REDIS[0], db=DATABASE, key_prefix=prefix), allow_pickle=True
    )
    found = {moved.sender_id: moved async for moved in source.conversations()}
    await source.close()
    assert numbers(found["ann"].events) == [1, 2, 3]
    assert "T640" in (found["old"].problem or "")
    assert sorted(await keys(f"{prefix}*")) == before
