"""What every event broker has to do: inherit the suite, and its tests are the broker's.

    class TestMyBroker(EventBrokerSuite):
        async def make_broker(self, place: Path) -> EventBroker: ...
        async def make_unreachable(self, place: Path) -> EventBroker: ...
        async def received(self, place: Path) -> list[Received]: ...

Needs pytest and pytest-asyncio.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tertulia.base.errors import BrokerUnavailable
from tertulia.core.brokers import EventBroker, Message, event_message, message_of
from tertulia.core.events import SlotSet
from tertulia.core.feed import FeedEntry, forgotten_id


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of the broker gets. id: of the message, None where the broker keeps none."""

    id: str | None
    body: dict[str, Any]


def told(sender_id: str, first: int, last: int, value: object = None) -> list[Message]:
    """Return one message for each number, both ends included."""
    return [
        event_message(sender_id, n, SlotSet(timestamp=float(n), name="n", value=value or n))
        for n in range(first, last + 1)
    ]


def bodies(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the bodies of messages."""
    return [json.loads(message.body) for message in messages]


def of(received: Sequence[Received], sender_id: str) -> list[int]:
    """Return the numbers of a conversation's events, each where it came first."""
    return list(
        dict.fromkeys(each.body["seq"] for each in received if each.body["sender_id"] == sender_id)
    )


class EventBrokerSuite(ABC):
    """One broker per test."""

    pytestmark = pytest.mark.asyncio

    @abstractmethod
    async def make_broker(self, place: Path) -> EventBroker:
        """Make the broker of this place: nothing in it at first, the same when made again.

        place: an empty folder that no other test has; its name may serve as a namespace.
        """

    @abstractmethod
    async def make_unreachable(self, place: Path) -> EventBroker:
        """Make a broker whose server, or file, cannot be reached."""

    @abstractmethod
    async def received(self, place: Path) -> list[Received]:
        """Return what is in the broker of this place, in the order in which it is read."""

    @pytest_asyncio.fixture
    async def broker(self, tmp_path: Path) -> AsyncIterator[EventBroker]:
        """A broker, closed after the test."""
        made = await self.make_broker(tmp_path)
        yield made
        await made.close()

    async def test_messages_arrive_as_they_are(self, broker: EventBroker, tmp_path: Path) -> None:
        """Body for body, each with its id where messages have one."""
        sent = told("ñ😀 'a\"\\ b", 1, 3, {"deep": ["ñ\n\u2028", None, 2.5]})
        await broker.publish(sent)
        received = await self.received(tmp_path)
        assert [each.body for each in received] == bodies(sent)
        assert [each.id for each in received] in ([m.id for m in sent], [None] * 3)

    async def test_events_of_a_conversation_stay_in_order(
        self, broker: EventBroker, tmp_path: Path
    ) -> None:
        """Of many at once, over several calls."""
        names = [f"c{n}" for n in range(20)]
        for first in (1, 11):
            pages = [told(name, first, first + 9) for name in names]
            await broker.publish([page[n] for n in range(10) for page in pages])
        received = await self.received(tmp_path)
        for name in names:
            assert of(received, name) == list(range(1, 21))

    async def test_an_erasure_comes_after_what_was_before_and_before_what_is_new(
        self, broker: EventBroker, tmp_path: Path
    ) -> None:
        """Though it does not name the conversation."""
        gone = FeedEntry(position=9, kind="erased", sender_id=forgotten_id("a"))
        note = message_of(gone)
        assert note is not None
        sent = [*told("a", 1, 5), note, *told("a", 6, 9)]
        await broker.publish(sent)
        assert [each.body for each in await self.received(tmp_path)] == bodies(sent)

    async def test_what_is_sent_again_is_there(self, broker: EventBroker, tmp_path: Path) -> None:
        """Once or twice; what comes after it is there, too."""
        await broker.publish(told("a", 1, 5))
        await broker.publish(told("a", 3, 8))
        assert of(await self.received(tmp_path), "a") == list(range(1, 9))

    async def test_a_long_event_arrives(self, broker: EventBroker, tmp_path: Path) -> None:
        """Half a megabyte."""
        sent = told("a", 1, 1, "ñ" * 250_000)
        await broker.publish(sent)
        assert [each.body for each in await self.received(tmp_path)] == bodies(sent)

    async def test_a_check_delivers_nothing(self, broker: EventBroker, tmp_path: Path) -> None:
        """And says what was found."""
        assert await broker.check()
        assert await self.received(tmp_path) == []

    async def test_what_was_delivered_outlives_the_connection(
        self, broker: EventBroker, tmp_path: Path
    ) -> None:
        """A broker made anew adds to it."""
        await broker.publish(told("a", 1, 2))
        await broker.close()
        second = await self.make_broker(tmp_path)
        await second.publish(told("a", 3, 4))
        await second.close()
        assert of(await self.received(tmp_path), "a") == [1, 2, 3, 4]

    async def test_one_that_cannot_be_reached_says_so(self, tmp_path: Path) -> None:
        """With an error that allows to try again, and as often as it is tried."""
        broker = await self.make_unreachable(tmp_path)
        for _ in range(2):
            for call in (broker.publish(told("a", 1, 1)), broker.check()):
                with pytest.raises(BrokerUnavailable) as caught:
                    await call
                assert caught.value.retry
        await broker.close()
