"""MongoDB, over the wire: a stand-in, or the replica set at TERTULIA_MONGO (`host:port`)."""

import gc
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from tests.conformance.stores.mongo_peer import MongoPeer
from tests.conformance.stores.network import NetworkStoreSuite
from tests.conformance.stores.servers import named

from tertulia.adapters.stores.documents import notes
from tertulia.adapters.stores.documents.mongo import MongoTrackerStore
from tertulia.adapters.stores.documents.mongo_old import MongoOriginals
from tertulia.base.errors import StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.core.events.codec import encode
from tertulia.core.feed import forgotten_id
from tertulia.core.ports import TrackerStore
from tertulia.schema.stores import MongoStore
from tertulia.testing import store_cursors, store_feed
from tertulia.testing.store_agreed import AgreedSuite
from tertulia.testing.store_case import numbered, numbers
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.store_leases import LeaseSuite

# The driver forgets to close a connection that is cut while it says hello.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*unclosed transport:ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
DATABASE = f"tertulia_tests_{os.getpid()}"
Address = tuple[str, int]
PLACE: list[Address] = []


@pytest.fixture(scope="module", autouse=True)
def forgotten_here() -> Iterator[None]:
    """Let what the driver forgets be found here, and not in the middle of other tests."""
    yield
    gc.collect()


@pytest_asyncio.fixture(autouse=True)
async def address() -> AsyncIterator[Address]:
    real = os.environ.get("TERTULIA_MONGO")
    if real:
        host, _, port = real.partition(":")
        PLACE[:] = [(host, int(port))]
        yield PLACE[0]
        async with client() as connected:
            await connected.drop_database(DATABASE)
        return
    peer = MongoPeer()
    PLACE[:] = [await peer.start()]
    yield PLACE[0]
    await peer.stop()


def url_of(address: Address) -> str:
    return "mongodb://{}:{}/?directConnection=true".format(*address)


def client() -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(url_of(PLACE[0]))


def config(name: str, **more: Any) -> MongoStore:
    known: dict[str, Any] = {"url": url_of(PLACE[0]), "db": DATABASE, "collection": name}
    return MongoStore(**{**known, "timeout": 10.0, **more})


async def open_store(name: str, **more: Any) -> MongoTrackerStore:
    return await MongoTrackerStore.open(config(name, **more), patience=0)


async def put(name: str, sender_id: object, count: int, **more: object) -> None:
    document = {"sender_id": sender_id, "events": [encode(e) for e in numbered(1, count)], **more}
    async with client() as connected:
        await connected[DATABASE][name].insert_one(document)


@pytest.fixture(autouse=True)
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fewer notes of erasures be kept: the stand-in shares a thread with who writes them."""
    for module in (notes, store_cursors, store_feed):
        monkeypatch.setattr(module, "KEPT_ERASURES", 50)


class TestMongoStore(NetworkStoreSuite, FeedSuite, CursorSuite, LeaseSuite, AgreedSuite):
    longest_id = 255

    @property
    def server(self) -> Address:
        return PLACE[0]

    async def make_store_at(self, place: Path, address: Address) -> TrackerStore:
        # Short, since a driver that finds no server waits so long for one.
        limit = 10.0 if address == PLACE[0] else 1.5
        return await open_store(named(place), url=url_of(address), timeout=limit)


@pytest.fixture
def name(tmp_path: Path) -> str:
    return named(tmp_path)


async def test_a_conversation_of_the_originals_is_taken_over(name: str) -> None:
    await put(name, "ann", 3, slots={"x": 1}, latest_event_time=3.0)
    store = await open_store(name)
    loaded = await store.load_tail("ann", fingerprint="rules", window=0)
    assert (loaded.version, numbers(loaded.events)) == (3, [1, 2, 3])
    assert await store.append("ann", numbered(4, 4), expected=3) == 4
    assert list(await store.list_conversations(limit=9)) == ["ann"]
    await store.close()


async def test_a_number_as_an_id_is_the_text_of_it(name: str) -> None:
    await put(name, 4711, 2)
    store = await open_store(name)
    assert numbers((await store.load("4711")).events) == [1, 2]
    await store.close()


async def only_a_note(store: MongoTrackerStore, left: Sequence[dict[str, Any]]) -> None:
    """Check what erasing `ann` has left: notes for the feed, which do not name her."""
    assert {each["_id"]["part"][0] for each in left} == {"i", "y"}
    assert "'ann" not in str(left)
    (note,) = await store.read_feed(after=0, limit=9)
    assert (note.kind, note.sender_id) == ("erased", forgotten_id("ann"))


async def test_erasing_takes_what_the_originals_kept_too(name: str) -> None:
    await put(name, "ann", 3)
    store = await open_store(name)
    assert await store.erase("ann") == 3
    assert await store.version("ann") == 0
    async with client() as connected:
        assert await connected[DATABASE][name].find_one({"sender_id": "ann"}) is None
        ours = connected[DATABASE][f"{name}_tertulia"]
        await only_a_note(store, [each async for each in ours.find({})])
        left = {each["_id"]["part"] async for each in ours.find({})}
        assert left == {"feed", "feed-end", "erased", f"z{forgotten_id('ann')}"}
    await store.close()


async def test_an_erased_conversation_leaves_a_note_however_long_it_was(name: str) -> None:
    store = await open_store(name)
    await store.append("ann", numbered(1, 20_000), expected=0)
    assert await store.erase("ann") == 20_000
    async with client() as connected:
        ours = connected[DATABASE][f"{name}_tertulia"]
        await only_a_note(store, [each async for each in ours.find({})])
        left = {each["_id"]["part"] async for each in ours.find({})}
        assert left == {"feed", "feed-end", "erased", f"z{forgotten_id('ann')}"}
    await store.close()


async def test_every_document_is_read_and_nothing_is_changed(name: str) -> None:
    await put(name, "ann", 3)
    await put(name, "odd", 0)
    async with client() as connected:
        await connected[DATABASE][name].insert_one({"sender_id": "bad", "events": "text"})
    source = MongoOriginals(config(name))
    found = {moved.sender_id: moved async for moved in source.conversations()}
    await source.close()
    assert numbers(found["ann"].events) == [1, 2, 3]
    assert (list(found["odd"].events), found["odd"].problem) == ([], None)
    assert "T640" in (found["bad"].problem or "")


async def test_a_server_without_transactions_is_refused_with_advice(name: str) -> None:
    peer = MongoPeer(alone=True)
    host, port = await peer.start()
    with pytest.raises(StoreUnavailable, match=r"T940: .*--replSet"):
        await open_store(name, url=f"{host}:{port}")
    await peer.stop()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "127.0.0.1:1", "timeout": 0.2}, r"T601: MongoDB at 127.0.0.1:1, .* not answer"),
        ({"url": "mongodb://", "timeout": 0.2}, r"T642: MongoDB refuses: the `url` cannot"),
        (
            {
                "url": "mongodb://127.0.0.1:1",
                "username": "ann",
                "password": Secret("hunter2"),
                "timeout": 0.2,
            },
            r"T601: MongoDB at 127.0.0.1:1",
        ),
    ],
)
async def test_a_place_that_cannot_be_used_is_named(more: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said) as caught:
        await open_store("none", **more)
    assert "hunter2" not in str(caught.value)
