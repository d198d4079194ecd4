import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tertulia.adapters.stores.dynamo import DynamoOriginals
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import SlotSet, UserUttered
from tertulia.core.events.codec import encode
from tertulia.core.stored import Moved
from tertulia.schema.stores import DynamoStore

EVENTS = [
    SlotSet(timestamp=1700000000.5, name="n", value={"deep": [1, 2.5, None, True, "ñ"]}),
    UserUttered(timestamp=1700000001.0, text="hi", parse_data={"intent": {"name": "greet"}}),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def service(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
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
