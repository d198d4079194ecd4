"""What becomes of a broker whose driver fails, and which failures are its own."""

import asyncio
from collections.abc import Sequence

import pytest

from tertulia.adapters.brokers.lanes import letting_go
from tertulia.base.errors import BrokerUnavailable
from tertulia.core.brokers import Message


class Broker:
    def __init__(self) -> None:
        self.closed = 0

    async def publish(self, messages: Sequence[Message]) -> None:
        """Take them."""

    async def check(self) -> str:
        return "answers"

    async def close(self) -> None:
        self.closed += 1


async def cancelled() -> None:
    answer = asyncio.get_running_loop().create_future()
    answer.cancel()
    await answer


async def failed(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [OSError("gone"), None])
async def test_a_driver_that_fails_is_let_go_and_tried_anew(error: Exception | None) -> None:
    broker = Broker()
    with pytest.raises(BrokerUnavailable, match="over there does not take messages"):
        async with letting_go(broker, "over there", (OSError,)):
            await (cancelled() if error is None else failed(error))
    assert broker.closed == 1


async def test_mistakes_are_not_taken_for_a_broker_that_is_away() -> None:
    broker = Broker()
    with pytest.raises(ValueError, match="a mistake"):
        async with letting_go(broker, "over there", (OSError,)):
            await failed(ValueError("a mistake"))
    assert broker.closed == 0


async def test_a_task_that_publishes_can_be_cancelled() -> None:
    begun = asyncio.Event()

    async def publish() -> None:
        async with letting_go(Broker(), "over there", (OSError,)):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(publish())
    await begun.wait()
    task.cancel()
    await asyncio.wait((task,), timeout=30)
    assert task.cancelled()
