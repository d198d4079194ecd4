"""What a broker on a server has to do beyond the suite: outlive the network.

The network is a proxy of the test's own; the server itself is never touched.
"""

from abc import abstractmethod
from pathlib import Path

import pytest
from tests.conformance.stores.network import Proxy
from tests.conformance.stores.servers import named

from tertulia.base.errors import BrokerUnavailable
from tertulia.core.brokers import EventBroker
from tertulia.testing.event_broker import EventBrokerSuite, of, told

__all__ = ["NOBODY", "NetworkBrokerSuite", "named"]

NOBODY = ("127.0.0.1", 1)


class NetworkBrokerSuite(EventBrokerSuite):
    """The suite of every broker, and what servers add."""

    server: tuple[str, int]

    @abstractmethod
    async def make_broker_at(self, place: Path, address: tuple[str, int]) -> EventBroker:
        """Make the broker of this place over another address of the server."""

    async def make_broker(self, place: Path) -> EventBroker:
        return await self.make_broker_at(place, self.server)

    async def make_unreachable(self, place: Path) -> EventBroker:
        return await self.make_broker_at(place, NOBODY)

    async def test_a_broker_goes_on_after_the_connection_was_lost(self, tmp_path: Path) -> None:
        proxy = Proxy(self.server)
        broker = await self.make_broker_at(tmp_path, await proxy.start())
        await broker.publish(told("a", 1, 2))
        await proxy.cut()
        for _ in range(2):
            with pytest.raises(BrokerUnavailable):
                await broker.publish(told("a", 3, 4))
        await proxy.start()
        await broker.publish(told("a", 3, 6))
        await broker.close()
        await proxy.cut()
        assert of(await self.received(tmp_path), "a") == [1, 2, 3, 4, 5, 6]

    @pytest.mark.parametrize("answers", [0, 20, 60, 200])
    async def test_what_was_confirmed_is_there_whatever_was_lost(
        self, tmp_path: Path, answers: int
    ) -> None:
        proxy = Proxy(self.server)
        broker = await self.make_broker_at(tmp_path, await proxy.start())
        await broker.publish(told("a", 1, 2))
        proxy.deaf_after = answers
        confirmed = 2
        try:
            await broker.publish(told("a", 3, 9))
            confirmed = 9
        except BrokerUnavailable:
            pass
        proxy.deaf_after = None
        await broker.publish(told("a", confirmed + 1, 12))
        await broker.close()
        await proxy.cut()
        assert of(await self.received(tmp_path), "a") == list(range(1, 13))
