import json
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import pytest
from tests.conformance.brokers.network import NetworkBrokerSuite, named
from tests.conformance.stores.network import Proxy
from tests.conformance.stores.servers import need

from tertulia.adapters.brokers.rabbitmq import RabbitEventBroker, address_of, queues_of
from tertulia.base.errors import BrokerUnavailable
from tertulia.base.secret import Secret
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import RabbitBroker
from tertulia.testing.event_broker import Received, told

SERVER = ("127.0.0.1", 5672)
URL = "amqp://guest:guest@127.0.0.1:5672/"


def config(place: Path, address: tuple[str, int] = SERVER, **more: object) -> RabbitBroker:
    name = named(place)
    known: dict[str, object] = {
        "url": address[0],
        "port": address[1],
        "username": "guest",
        "password": Secret("guest"),
        "queues": [name],
        "exchange_name": f"x{name}",
    }
    return RabbitBroker(**{**known, **more})  # pyright: ignore[reportArgumentType]


async def drained(queue_name: str) -> list[aio_pika.abc.AbstractIncomingMessage]:
    """Return what is in a queue, which is left as it is."""
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(queue_name, durable=True)
        found: list[aio_pika.abc.AbstractIncomingMessage] = []
        while (message := await queue.get(fail=False)) is not None:
            found.append(message)
        return found


@pytest.fixture(scope="module", autouse=True)
def rabbitmq_server() -> None:
    need("RabbitMQ", SERVER)


@pytest.fixture(autouse=True)
async def clean(tmp_path: Path) -> AsyncIterator[None]:
    yield
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        for queue in (named(tmp_path), f"{named(tmp_path)}-2"):
            await channel.queue_delete(queue)
        await channel.exchange_delete(f"x{named(tmp_path)}")


class TestRabbitMq(NetworkBrokerSuite):
    server = SERVER

    async def make_broker_at(self, place: Path, address: tuple[str, int]) -> EventBroker:
        return RabbitEventBroker(config(place, address), env={})

    async def received(self, place: Path) -> list[Received]:
        return [
            Received(id=message.message_id, body=json.loads(message.body))
            for message in await drained(named(place))
        ]


async def test_every_queue_gets_every_message_as_the_originals_send_it(tmp_path: Path) -> None:
    queues = [named(tmp_path), f"{named(tmp_path)}-2"]
    broker = RabbitEventBroker(config(tmp_path, queues=queues), env={"RASA_ENVIRONMENT": "test"})
    await broker.publish(told("a", 1, 1))
    await broker.close()
    for name in queues:
        (message,) = await drained(name)
        assert json.loads(message.body)["sender_id"] == "a"
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert (message.app_id, message.headers) == ("test", {})


async def test_an_exchange_that_went_with_a_restart_is_declared_again(tmp_path: Path) -> None:
    broker = RabbitEventBroker(config(tmp_path), env={})
    await broker.publish(told("a", 1, 1))
    async with await aio_pika.connect(URL) as connection:
        await (await connection.channel()).exchange_delete(f"x{named(tmp_path)}")
    with pytest.raises(Exception, match="T900"):
        await broker.publish(told("a", 2, 2))
    await broker.publish(told("a", 2, 2))
    await broker.close()
    assert [json.loads(m.body)["seq"] for m in await drained(named(tmp_path))] == [1, 2]


async def test_what_no_queue_takes_is_not_confirmed(tmp_path: Path) -> None:
    broker = RabbitEventBroker(config(tmp_path), env={})
    await broker.publish(told("a", 1, 1))
    async with await aio_pika.connect(URL) as connection:
        await (await connection.channel()).queue_delete(named(tmp_path))
    with pytest.raises(BrokerUnavailable):
        await broker.publish(told("a", 2, 2))
    await broker.publish(told("a", 2, 2))
    await broker.close()
    assert [json.loads(m.body)["seq"] for m in await drained(named(tmp_path))] == [2]


async def test_a_network_that_stands_still_is_noticed_by_heartbeats(tmp_path: Path) -> None:
    proxy = Proxy(SERVER)
    host, port = await proxy.start()
    url = f"amqp://{host}:{port}/?heartbeat=1"
    broker = RabbitEventBroker(config(tmp_path, url=url), env={})
    await broker.publish(told("a", 1, 1))
    proxy.flowing.clear()
    with pytest.raises(BrokerUnavailable):
        await broker.publish(told("a", 2, 2))
    proxy.flowing.set()
    await broker.publish(told("a", 2, 3))
    await broker.close()
    await proxy.cut()
    kept = [json.loads(message.body)["seq"] for message in await drained(named(tmp_path))]
    assert list(dict.fromkeys(kept)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"url": "host"}, "amqp://u:p%2Fw@host:5672"),
        ({"url": "host", "port": 99}, "amqp://u:p%2Fw@host:99"),
        ({"url": "host:77", "port": 99}, "amqp://u:p%2Fw@host:77"),
        ({"url": "amqp://x:y@host/v"}, "amqp://u:p%2Fw@host:5672/v"),
        ({"url": "amqps://host:1/v"}, "amqps://u:p%2Fw@host:1/v"),
    ],
)
def test_addresses_are_read_as_the_originals_do(given: dict[str, object], address: str) -> None:
    known = {"username": "u", "password": Secret("p/w")}
    assert str(address_of(RabbitBroker(**{**known, **given}))).rstrip("/") == address.rstrip("/")  # pyright: ignore[reportArgumentType]


def test_a_client_certificate_asks_for_a_secure_connection() -> None:
    assert address_of(RabbitBroker(url="host"), secure=True).scheme == "amqps"


def test_queues_may_be_spelt_as_in_every_version() -> None:
    assert queues_of(RabbitBroker(url="h")) == ["rasa_core_events"]
    assert queues_of(RabbitBroker(url="h", queue="a")) == ["a"]
    assert queues_of(RabbitBroker(url="h", queues="a")) == ["a"]
    assert queues_of(RabbitBroker(url="h", queues=["a", "b"])) == ["a", "b"]
