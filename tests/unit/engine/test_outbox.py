"""What brokers are told of what is stored, whatever fails meanwhile."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import BrokerUnavailable, ConfigError, MessageRefused, StoreUnavailable
from tertulia.core.brokers import EventBroker, Message
from tertulia.core.events import SlotSet
from tertulia.core.events.codec import Family
from tertulia.core.feed import forgotten_id
from tertulia.engine import outbox
from tertulia.engine.duty import Duty
from tertulia.engine.follow import Following
from tertulia.engine.outbox import Brokers, Outbox, Recipient, begin, durable_feed, open_outbox

from .stage import Ticking


def numbered(first: int, last: int) -> list[SlotSet]:
    return [SlotSet(timestamp=float(n), name="n", value=n) for n in range(first, last + 1)]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():  # noqa: ASYNC110 - the tested code has no event for it
            await asyncio.sleep(0.001)


class Board:
    """A broker that keeps what it takes. away: it takes nothing. hates: numbers it never takes."""

    def __init__(self) -> None:
        self.taken: list[dict[str, object]] = []
        self.away = False
        self.hates: set[object] = set()
        self.calls = 0
        self.closed = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish(self, messages: Sequence[Message]) -> None:
        self.calls += 1
        await self.gate.wait()
        if self.away:
            raise BrokerUnavailable("away")
        for message in messages:
            body = json.loads(message.body)
            if body.get("value") in self.hates:
                raise MessageRefused("too long", message.id)
        self.taken += [json.loads(message.body) for message in messages]

    async def check(self) -> str:
        return "there"

    async def close(self) -> None:
        self.closed += 1

    def numbers(self, sender_id: str = "a") -> list[object]:
        return [each["value"] for each in self.taken if each["sender_id"] == sender_id]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_IDLE", "_FIRST_PAUSE", "_NOT_OURS"):
        monkeypatch.setattr(outbox, name, 0.005)


def made(
    store: MemoryStore, *boards: EventBroker, duty: Duty | None = None, family: Family | None = None
) -> Outbox:
    following = Following(store, interval=0.01)
    brokers = [
        Recipient(name=f"b{n}", broker=board, family=family or Family.MODERN, longest_pause=0.02)
        for n, board in enumerate(boards)
    ]
    return open_outbox(
        Brokers(brokers, duty or Duty("brokers", None)), following, Ticking(start=100.0)
    )


@asynccontextmanager
async def running(box: Outbox) -> AsyncIterator[None]:
    box.start()
    try:
        yield
    finally:
        await box.stop(5)


async def place(store: MemoryStore, name: str = "b0") -> int:
    return (await store.cursors.read())[f"broker:{name}"]


async def test_each_broker_is_told_of_everything_in_order() -> None:
    store, boards = MemoryStore(), (Board(), Board())
    box = made(store, *boards)
    for n in range(2):
        await begin(store, f"b{n}")
    async with running(box):
        for version in range(0, 600, 2):
            await store.append("a", numbered(version + 1, version + 2), expected=version)
        await until(lambda: all(len(board.taken) == 600 for board in boards))
    for board in boards:
        assert board.numbers() == list(range(1, 601))
        assert [each["seq"] for each in board.taken] == list(range(1, 601))
        assert len({each["event_id"] for each in board.taken}) == 600
    assert await place(store) == await place(store, "b1") == await store.feed_end()


async def test_a_new_broker_begins_with_what_is_stored_from_then_on() -> None:
    store, board = MemoryStore(), Board()
    await store.append("a", numbered(1, 3), expected=0)
    await begin(store, "b0")
    await begin(store, "b0")
    await store.append("a", numbered(4, 4), expected=3)
    async with running(made(store, board)):
        await until(lambda: board.numbers() == [4])


async def test_one_that_was_there_before_gets_what_it_has_missed() -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    await store.append("a", numbered(1, 3), expected=0)
    await begin(store, "b0")
    async with running(made(store, board)):
        await until(lambda: board.numbers() == [1, 2, 3])


async def test_a_broker_that_is_away_holds_up_nothing_and_gets_it_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, away, there = MemoryStore(), Board(), Board()
    away.away = True
    box = made(store, away, there)
    for n in range(2):
        await begin(store, f"b{n}")
    async with running(box):
        for version in range(500):
            await store.append("a", numbered(version + 1, version + 1), expected=version)
        await until(lambda: len(there.taken) == 500 and away.calls > 3)
        first, second = await box.lags()
        assert (first.waiting, first.problem, first.delivered) == (500, "T900", 0)
        assert (first.seconds, first.failures >= 3) == (100.0, True)
        assert (second.waiting, second.problem, second.delivered) == (0, None, 500)
        away.away = False
        await until(lambda: len(away.taken) == 500)
        assert box.deliveries()[0].problem is None
    assert away.numbers() == list(range(1, 501))
    said = [record for record in caplog.records if "T903" in record.message]
    assert [record.levelno for record in said] == [logging.ERROR]


async def test_a_slow_broker_holds_up_no_write() -> None:
    store, board = MemoryStore(), Board()
    board.gate.clear()
    await begin(store, "b0")
    async with running(made(store, board)):
        await store.append("a", numbered(1, 1), expected=0)
        await until(lambda: board.calls == 1)
        for version in range(1, 1000):
            await store.append("a", numbered(version + 1, version + 1), expected=version)
        assert board.calls == 1
        board.gate.set()
        await until(lambda: len(board.taken) == 1000)
    assert board.numbers() == list(range(1, 1001))


async def test_what_was_sent_and_not_confirmed_is_sent_again() -> None:
    class Forgetful(Board):
        async def publish(self, messages: Sequence[Message]) -> None:
            await super().publish(messages)
            if self.calls == 1:
                raise BrokerUnavailable("no answer came")

    store, board = MemoryStore(), Forgetful()
    await begin(store, "b0")
    await store.append("a", numbered(1, 3), expected=0)
    async with running(made(store, board)):
        await until(lambda: len(board.taken) == 6)
    ids = [each["event_id"] for each in board.taken]
    assert ids[:3] == ids[3:]


async def test_a_message_that_is_refused_for_good_does_not_hold_up_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, board = MemoryStore(), Board()
    board.hates = {2, 5}
    await begin(store, "b0")
    await store.append("a", numbered(1, 6), expected=0)
    box = made(store, board)
    async with running(box):
        await until(lambda: board.numbers() == [1, 3, 4, 6])
        assert (box.deliveries()[0].refused, box.deliveries()[0].delivered) == (2, 4)
    assert sum("T901" in record.message for record in caplog.records) == 2


async def test_an_unforeseen_failure_does_not_end_the_deliveries(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Board):
        async def publish(self, messages: Sequence[Message]) -> None:
            await super().publish(messages)
            if self.calls == 1:
                raise ZeroDivisionError("secret")

    store, board = MemoryStore(), Broken()
    await begin(store, "b0")
    await store.append("a", numbered(1, 1), expected=0)
    async with running(made(store, board)):
        await until(lambda: len(board.taken) == 2)
    (said,) = [record for record in caplog.records if "T903" in record.message]
    assert "ZeroDivisionError" in said.message
    assert "secret" not in said.message
    assert said.exc_info is not None


async def test_a_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    await store.append("a", numbered(1, 1), expected=0)
    reads, read_feed = 0, store.read_feed

    async def read(**options: int) -> object:
        nonlocal reads
        reads += 1
        if reads < 3:
            raise StoreUnavailable("away")
        return await read_feed(**options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(store, "read_feed", read)
    async with running(made(store, board)):
        await until(lambda: board.numbers() == [1])


async def test_of_two_processes_one_delivers_until_it_ends() -> None:
    store, boards = MemoryStore(), (Board(), Board())
    await begin(store, "b0")
    turns = [True, False]
    boxes = [
        made(store, board, duty=Duty("brokers", None, alone=lambda n=n: turns[n]))
        for n, board in enumerate(boards)
    ]
    async with running(boxes[0]), running(boxes[1]):
        await store.append("a", numbered(1, 5), expected=0)
        await until(lambda: boards[0].numbers() == [1, 2, 3, 4, 5])
        assert [box.deliveries()[0].ours for box in boxes] == [True, False]
        turns[:] = [False, True]
        await store.append("a", numbered(6, 9), expected=5)
        await until(lambda: boards[1].numbers() == [6, 7, 8, 9])
    assert boards[0].numbers() == [1, 2, 3, 4, 5]


async def test_two_that_deliver_at_once_leave_nothing_out() -> None:
    store, boards = MemoryStore(), (Board(), Board())
    await begin(store, "b0")
    boxes = [made(store, board) for board in boards]
    async with running(boxes[0]), running(boxes[1]):
        for version in range(300):
            await store.append("a", numbered(version + 1, version + 1), expected=version)
            await asyncio.sleep(0)
        end = await store.feed_end()
        async with asyncio.timeout(60):
            while await place(store) != end:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    got = {value for board in boards for value in board.numbers()}
    assert got == set(range(1, 301))
    for board in boards:
        first_seen = [int(str(n)) for n in dict.fromkeys(board.numbers())]
        assert first_seen == sorted(first_seen)


async def test_what_waits_is_delivered_before_the_end() -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    box = made(store, board)
    box.start()
    await store.append("a", numbered(1, 450), expected=0)
    await box.stop(30)
    assert board.numbers() == list(range(1, 451))
    assert board.closed == 1
    await box.stop(30)
    assert board.closed == 1


async def test_what_was_stored_a_moment_before_the_end_is_delivered() -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    box = made(store, board)
    box.start()
    await store.append("a", numbered(1, 1), expected=0)
    await until(lambda: board.numbers() == [1])
    await store.append("a", numbered(2, 2), expected=1)
    await box.stop(30)
    assert board.numbers() == [1, 2]


async def test_the_end_does_not_wait_for_a_broker_that_fails_or_hangs() -> None:
    store, failing, hanging = MemoryStore(), Board(), Board()
    failing.away = True
    hanging.gate.clear()
    for n in range(2):
        await begin(store, f"b{n}")
    await store.append("a", numbered(1, 1), expected=0)
    box = made(store, failing, hanging)
    box.start()
    async with asyncio.timeout(60):
        await box.stop(0.2)
    assert (await place(store), await place(store, "b1")) == (0, 0)


async def test_an_erasure_and_a_replacement_are_told() -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    async with running(made(store, board)):
        await store.append("a", numbered(1, 2), expected=0)
        await until(lambda: len(board.taken) == 2)
        await store.replace("a", numbered(7, 7), expected=2)
        await until(lambda: len(board.taken) == 4)
        await store.erase("a")
        await until(lambda: len(board.taken) == 5)
    told = [(each["event"], each["sender_id"], each.get("seq")) for each in board.taken]
    assert told[2:] == [
        ("replaced", "a", None),
        ("slot", "a", 3),
        ("erased", forgotten_id("a"), None),
    ]
    assert len({each["event_id"] for each in board.taken}) == 5


async def test_what_is_erased_before_it_was_told_is_not_told() -> None:
    store, board = MemoryStore(), Board()
    await begin(store, "b0")
    await store.append("a", numbered(1, 2), expected=0)
    await store.erase("a")
    async with running(made(store, board)):
        await until(lambda: len(board.taken) == 1)
    assert board.taken[0]["event"] == "erased"
    assert board.taken[0]["sender_id"] == forgotten_id("a")


async def test_a_store_without_a_feed_is_refused() -> None:
    with pytest.raises(ConfigError, match="T902"):
        durable_feed(object())  # type: ignore[arg-type]
