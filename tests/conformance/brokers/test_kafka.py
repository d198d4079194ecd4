"""Against librdkafka's mock cluster: brokers that speak Kafka's protocol over TCP, and keep
what they are sent in memory. Not Apache Kafka: no replication, no authentication.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Producer
from tests.conformance.brokers.network import named

from tertulia.adapters.brokers.kafka import KafkaEventBroker
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import KafkaBroker
from tertulia.testing.event_broker import EventBrokerSuite, Received, told


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The addresses of a mock cluster, which lives as long as the client that made it."""
    made = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 3})
    metadata = made.list_topics(timeout=30)
    yield ",".join(f"{each.host}:{each.port}" for each in metadata.brokers.values())
    del made


def config(place: Path, servers: str, **more: object) -> KafkaBroker:
    known = {"url": servers.split(","), "topic": named(place), "security_protocol": "plaintext"}
    return KafkaBroker(**{**known, **more})  # pyright: ignore[reportArgumentType]


async def records(place: Path, servers: str) -> list[object]:
    """Return every record of the topic, partition after partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        topic = named(place)
        known = await consumer._client._wait_on_metadata(topic)
        partitions = [TopicPartition(topic, n) for n in sorted(known)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[object] = []
        for partition in partitions:
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            found += [await consumer.getone() for _ in range(ends[partition])]
        return found
    finally:
        await consumer.stop()


class TestKafka(EventBrokerSuite):
    servers: str

    @pytest.fixture(autouse=True)
    def at(self, cluster: str) -> None:
        self.servers = cluster

    async def make_broker(self, place: Path) -> EventBroker:
        return KafkaEventBroker(config(place, self.servers), env={})

    async def make_unreachable(self, place: Path) -> EventBroker:
        return KafkaEventBroker(config(place, "127.0.0.1:1", timeout=3.0), env={})

    async def received(self, place: Path) -> list[Received]:
        return [
            Received(id=dict(each.headers)["event_id"].decode(), body=json.loads(each.value))
            for each in await records(place, self.servers)
        ]


async def test_the_key_is_the_conversation_where_it_is_wanted(cluster: str, tmp_path: Path) -> None:
    plain = KafkaEventBroker(config(tmp_path, cluster), env={})
    await plain.publish(told("ann", 1, 1))
    await plain.close()
    keyed = KafkaEventBroker(
        config(tmp_path, cluster, partition_by_sender=True), env={"RASA_ENVIRONMENT": "test"}
    )
    await keyed.publish(told("ann", 2, 2))
    await keyed.close()
    found = {json.loads(each.value)["seq"]: each for each in await records(tmp_path, cluster)}
    assert [found[n].key for n in (1, 2)] == [None, b"ann"]
    assert [dict(found[n].headers)["RASA_ENVIRONMENT"] for n in (1, 2)] == [
        b"RASA_ENVIRONMENT_NOT_SET",
        b"test",
    ]


async def test_a_conversation_keeps_to_one_partition(cluster: str, tmp_path: Path) -> None:
    broker = KafkaEventBroker(config(tmp_path, cluster), env={})
    for n in range(10):
        await broker.publish([m for c in range(8) for m in told(f"c{c}", n + 1, n + 1)])
    await broker.close()
    found = await records(tmp_path, cluster)
    places = {(json.loads(each.value)["sender_id"], each.partition) for each in found}
    assert len(places) == 8
    assert len({partition for _, partition in places}) > 1
