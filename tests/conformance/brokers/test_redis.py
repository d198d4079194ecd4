import json
from pathlib import Path

import pytest
import redis.asyncio
from tests.conformance.brokers.network import NetworkBrokerSuite, named
from tests.conformance.stores.servers import REDIS

from tertulia.adapters.brokers.redis import RedisStreamEventBroker
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import RedisStreamBroker
from tertulia.testing.event_broker import Received, told

pytestmark = pytest.mark.usefixtures("redis_server")


async def entries(name: str) -> list[Received]:
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1]) as client:
        return [
            Received(id=fields[b"event_id"].decode(), body=json.loads(fields[b"body"]))
            for _, fields in await client.xrange(name)
        ]


@pytest.fixture(autouse=True)
async def clean(tmp_path: Path):
    yield
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1]) as client:
        await client.delete(named(tmp_path))


class TestRedisStream(NetworkBrokerSuite):
    server = REDIS

    async def make_broker_at(self, place: Path, address: tuple[str, int]) -> EventBroker:
        return RedisStreamEventBroker(
            RedisStreamBroker(url=f"{address[0]}:{address[1]}", stream=named(place))
        )

    async def received(self, place: Path) -> list[Received]:
        return await entries(named(place))


async def test_a_stream_may_keep_the_newest_only(tmp_path: Path) -> None:
    name = named(tmp_path)
    broker = RedisStreamEventBroker(
        RedisStreamBroker(url=REDIS[0], port=REDIS[1], stream=name, max_length=1)
    )
    await broker.publish(told("a", 1, 1000))
    await broker.close()
    kept = [each.body["seq"] for each in await entries(name)]
    assert len(kept) < 1000
    assert kept[-1] == 1000
