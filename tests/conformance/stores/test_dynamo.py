import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.conformance.stores.dynamo_peer import DynamoPeer
from tests.conformance.stores.network import NetworkStoreSuite
from tests.conformance.stores.servers import named

from tertulia.adapters.stores.documents import notes
from tertulia.adapters.stores.documents.dynamo import DynamoTrackerStore
from tertulia.adapters.stores.documents.dynamo_old import DynamoOriginals
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import SlotSet, UserUttered
from tertulia.core.events.codec import encode
from tertulia.core.feed import forgotten_id
from tertulia.core.ports import TrackerStore
from tertulia.core.stored import Moved
from tertulia.schema.stores import DynamoStore
from tertulia.stores import open_sources
from tertulia.testing import store_cursors, store_feed
from tertulia.testing.store_agreed import AgreedSuite
from tertulia.testing.store_case import numbered
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.store_leases import LeaseSuite
from tertulia.testing.store_schedule import reminder, steps

EVENTS = [
    SlotSet(timestamp=1700000000.5, name="n", value={"deep": [1, 2.5, None, True, "ñ"]}),
    UserUttered(timestamp=1700000001.0, text="hi", parse_data={"intent": {"name": "greet"}}),
]


PLACE: list[tuple[str, int]] = []
"""Where the server of this module listens."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = DynamoPeer()
    server.start()
    PLACE[:] = [server.address]
    yield "http://{}:{}".format(*PLACE[0])
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def service(address: str) -> Any:
    return boto3.resource("dynamodb", region_name="eu-west-1", endpoint_url=address)


def table(service: Any, name: str, *, dated: bool = False) -> Any:
    """Make a table as the originals do."""
    keys = [("sender_id", "HASH", "S"), *([("session_date", "RANGE", "N")] if dated else [])]
    return service.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, _, t in keys],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )


def item(name: str, count: int, **more: object) -> dict[str, Any]:
    text = json.dumps([encode(event) for event in EVENTS[:count]])
    return {
        "sender_id": name,
        "name": name,
        "events": json.loads(text, parse_float=Decimal),
        **more,
    }


async def read(address: str, name: str) -> dict[str, Moved]:
    source = DynamoOriginals(DynamoStore(table_name=name, region="eu-west-1", url=address))
    return {moved.sender_id: moved async for moved in source.conversations()}


async def open_store(name: str, host: tuple[str, int] | None = None) -> DynamoTrackerStore:
    there, port = host or PLACE[0]
    config = DynamoStore(
        table_name=name, region="eu-west-1", url=f"http://{there}:{port}", timeout=10
    )
    return await DynamoTrackerStore.open(config, patience=0)


@pytest.fixture(autouse=True)
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fewer notes of erasures be kept: moto takes a tenth of a second for each of them."""
    for module in (notes, store_cursors, store_feed):
        monkeypatch.setattr(module, "KEPT_ERASURES", 50)


@pytest.mark.usefixtures("address")
class TestDynamoStore(NetworkStoreSuite, FeedSuite, CursorSuite, LeaseSuite, AgreedSuite):
    longest_id = 255

    @property
    def server(self) -> tuple[str, int]:
        return PLACE[0]

    async def make_store_at(self, place: Path, address: tuple[str, int]) -> TrackerStore:
        return await open_store(named(place), address)


async def test_every_conversation_is_read_to_the_letter(service: Any, address: str) -> None:
    made = table(service, "states")
    for n in range(3):
        made.put_item(Item=item(f"ann{n}", 2))
    found = await read(address, "states")
    assert sorted(found) == ["ann0", "ann1", "ann2"]
    assert list(found["ann1"].events) == EVENTS


async def test_of_several_savings_the_newest_counts(service: Any, address: str) -> None:
    made = table(service, "dated", dated=True)
    made.put_item(Item=item("ann", 1, session_date=1))
    made.put_item(Item=item("ann", 2, session_date=2))
    made.put_item(Item=item("bob", 1, session_date=1))
    found = await read(address, "dated")
    assert {name: len(moved.events) for name, moved in found.items()} == {"ann": 2, "bob": 1}


async def test_what_is_no_conversation_is_a_problem_of_its_own(service: Any, address: str) -> None:
    made = table(service, "odd")
    made.put_item(Item={"sender_id": "a", "events": "text"})
    made.put_item(Item={"sender_id": "b", "events": ["text"]})
    made.put_item(Item=item("c", 1))
    found = await read(address, "odd")
    assert {name: bool(moved.problem) for name, moved in found.items()} == {
        "a": True,
        "b": True,
        "c": False,
    }


async def test_a_table_that_is_not_there_is_named(service: Any, address: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"T642: the DynamoDB table 'gone'"):
        await read(address, "gone")


async def test_a_service_that_does_not_answer_is_named(service: Any) -> None:
    with pytest.raises(StoreUnavailable, match=r"T601: the DynamoDB table 'states'"):
        await read("http://127.0.0.1:1", "states")


@pytest.mark.parametrize("dated", [False, True])
async def test_a_conversation_of_the_originals_is_taken_over(service: Any, dated: bool) -> None:
    name = f"old{dated}"
    made = table(service, name, dated=dated)
    for count in (1, 2):
        made.put_item(Item=item("ann", count, **({"session_date": count} if dated else {})))
    store = await open_store(name)
    assert list((await store.load("ann")).events) == EVENTS
    assert await store.append("ann", numbered(3, 3), expected=2) == 3
    assert list(await store.list_conversations(limit=9)) == ["ann"]
    assert await store.erase("ann") == 3
    assert await store.version("ann") == 0
    assert service.Table(name).scan()["Items"] == []
    ours = service.Table(f"{name}-tertulia").scan()["Items"]
    assert {each["part"][0] for each in ours} == {"i", "y"}
    (note,) = await store.read_feed(after=0, limit=9)
    assert (note.kind, note.sender_id) == ("erased", forgotten_id("ann"))
    await store.close()


async def test_what_a_process_left_when_it_was_killed_is_removed(service: Any) -> None:
    store = await open_store("killed")
    await store.append("ann", numbered(1, 3), expected=0)
    ours = service.Table("killed-tertulia")
    for part, name in (("d0dead", "e0000000000000009"), ("garbage", "0dead")):
        ours.put_item(Item={"part": part, "name": name, "body": b"1"})
    await store.close()
    again = await open_store("killed")
    parts = {each["part"] for each in ours.scan()["Items"]}
    assert {"d0dead", "garbage"} & parts == set()
    assert await again.version("ann") == 3
    await again.close()


async def test_too_many_reminders_in_one_write_are_refused_whole(address: str) -> None:
    store = await open_store("many")
    change = steps(*(reminder(f"r{n}", float(n)) for n in range(120)))
    with pytest.raises(StoreUnavailable, match="T941"):
        await store.append("a", numbered(1, 1), expected=0, schedule=change)
    assert await store.version("a") == 0
    for n in range(120):
        at = steps(reminder(f"r{n}", float(n)))
        await store.append("a", numbered(n, n), expected=n, schedule=at)
    assert await store.erase("a") == 120
    assert list(await store.list_reminders(limit=9)) == []
    await store.close()


async def test_both_tables_are_sources_and_none_is_made(service: Any, address: str) -> None:
    config = DynamoStore(table_name="source", region="eu-west-1", url=address)
    table(service, "source").put_item(Item=item("ann", 2))
    (only,) = await open_sources(Path(), config, allow_pickle=False)
    assert [moved.sender_id async for moved in only.conversations()] == ["ann"]
    assert "source-tertulia" not in [each.name for each in service.tables.all()]
    store = await open_store("source")
    await store.append("bob", numbered(1, 1), expected=0)
    await store.close()
    ours, _ = await open_sources(Path(), config, allow_pickle=False)
    assert [moved.sender_id async for moved in ours.conversations()] == ["bob"]
    await ours.close()
