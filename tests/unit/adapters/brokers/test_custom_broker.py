"""Classes of a project's own as event brokers: ours, and those written for the originals."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tertulia.adapters.brokers.custom import open_custom
from tertulia.base.errors import BadComponent, BrokerUnavailable
from tertulia.core.brokers import Message
from tertulia.schema.brokers import CustomBroker
from tertulia.testing.event_broker import told

CONFIG = CustomBroker(
    path="mine.Broker", settings={"type": "mine.Broker", "url": "host", "size": 3}
)


class Original:
    def __init__(self, endpoint: Any) -> None:
        self.endpoint = endpoint
        self.events: list[dict[str, Any]] = []
        self.threads: set[str] = set()
        self.closed = False

    @classmethod
    def from_endpoint_config(cls, endpoint: Any) -> "Original":
        return made.setdefault("it", cls(endpoint))

    def publish(self, event: dict[str, Any]) -> None:
        self.threads.add(threading.current_thread().name)
        self.events.append(event)

    def close(self) -> None:
        self.closed = True


made: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _empty() -> None:
    made.clear()


async def test_one_of_the_originals_gets_the_section_and_event_after_event() -> None:
    broker = await open_custom(Original, CONFIG)
    await broker.publish(told("a", 1, 2))
    await broker.close()
    original = made["it"]
    endpoint = original.endpoint
    assert (endpoint.url, endpoint.type, endpoint.kwargs) == ("host", "mine.Broker", {"size": 3})
    assert [event["seq"] for event in original.events] == [1, 2]
    assert threading.current_thread().name not in original.threads
    assert original.closed


async def test_coroutines_and_plain_constructors_work() -> None:
    class Async:
        def __init__(self, url: str, size: int) -> None:
            self.given = (url, size)
            made["it"] = self

        async def publish(self, event: dict[str, Any]) -> None:
            made["event"] = event

        async def is_ready(self) -> bool:
            return self.given == ("other", 0)

    broker = await open_custom(Async, CONFIG)
    await broker.publish(told("a", 1, 1))
    assert made["it"].given == ("host", 3)
    assert made["event"]["value"] == 1
    with pytest.raises(BrokerUnavailable, match="not ready"):
        await broker.check()
    await broker.close()


async def test_whatever_its_code_raises_is_told_in_one_way() -> None:
    class Broken:
        def __init__(self, url: str, size: int) -> None:
            pass

        def publish(self, event: dict[str, Any]) -> None:
            raise SystemError("no disk")

    broker = await open_custom(Broken, CONFIG)
    with pytest.raises(BrokerUnavailable, match=r"mine\.Broker.* publish: SystemError: no disk"):
        await broker.publish(told("a", 1, 1))
    await broker.close()
    with pytest.raises(BrokerUnavailable, match="TypeError"):
        await open_custom(Broken, CustomBroker(path="mine.Broker", settings={"colour": 1}))


async def test_one_of_ours_is_taken_as_it_is() -> None:
    class Ours:
        async def publish(self, messages: Sequence[Message]) -> None: ...

        async def check(self) -> str:
            return "there"

        async def close(self) -> None: ...

    broker = await open_custom(Ours, CustomBroker(path="mine.Ours"))
    assert isinstance(broker, Ours)


async def test_one_without_publish_is_refused() -> None:
    class Nothing: ...

    with pytest.raises(BadComponent, match="publish"):
        await open_custom(Nothing, CustomBroker(path="mine.Nothing"))
