import json
from pathlib import Path

import nats
import pytest
from tests.conformance.brokers.network import NetworkBrokerSuite, named
from tests.conformance.stores.servers import need

from tertulia.adapters.brokers.nats import NatsEventBroker
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import NatsBroker
from tertulia.testing.event_broker import Received, told

SERVER = ("127.0.0.1", 4222)


def config(place: Path, address: tuple[str, int] = SERVER) -> NatsBroker:
    name = named(place)
    return NatsBroker(
        url=f"nats://{address[0]}:{address[1]}", subject=name, stream=name, timeout=5.0
    )


async def kept(name: str) -> list[Received]:
    """Return what a stream keeps."""
    client = await nats.connect("nats://127.0.0.1:4222")
    try:
        stream = client.jetstream()
        state = (await stream.stream_info(name)).state
        found: list[Received] = []
        for seq in range(state.first_seq, state.last_seq + 1) if state.messages else ():
            message = await stream.get_msg(name, seq)
            number = (message.headers or {}).get("Nats-Msg-Id")
            found.append(Received(id=number, body=json.loads(message.data or b"")))
        return found
    finally:
        await client.close()


@pytest.fixture(scope="module", autouse=True)
def nats_server() -> None:
    need("NATS", SERVER)


@pytest.fixture(autouse=True)
async def clean(tmp_path: Path):
    yield
    client = await nats.connect("nats://127.0.0.1:4222")
    try:
        await client.jetstream().delete_stream(named(tmp_path))
    except nats.js.errors.NotFoundError:
        pass
    finally:
        await client.close()


class TestNats(NetworkBrokerSuite):
    server = SERVER

    async def make_broker_at(self, place: Path, address: tuple[str, int]) -> EventBroker:
        return NatsEventBroker(config(place, address))

    async def received(self, place: Path) -> list[Received]:
        return await kept(named(place))


async def test_what_is_sent_again_is_kept_once(tmp_path: Path) -> None:
    broker = NatsEventBroker(config(tmp_path))
    await broker.publish(told("a", 1, 5))
    await broker.publish(told("a", 1, 7))
    await broker.close()
    assert [each.body["seq"] for each in await kept(named(tmp_path))] == [1, 2, 3, 4, 5, 6, 7]
