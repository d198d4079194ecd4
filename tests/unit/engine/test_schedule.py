"""The watch over the schedule: begins what is due, sleeps, stops, and survives."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import SlotSet
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.engine.schedule import LONGEST_SLEEP, Schedule

from .stage import Ticking


def row(n: int, due: float = 5.0) -> Reminder:
    return Reminder(sender_id=f"{n:04d}", name="r", due=due, intent="greet")


async def until(done: Callable[[], bool]) -> None:
    """Let other tasks run until something holds."""
    async with asyncio.timeout(60):
        while not done():  # noqa: ASYNC110 - the tested code has no event for it
            await asyncio.sleep(0)


async def kept(*rows: Reminder) -> MemoryStore:
    store = MemoryStore()
    for each in rows:
        change = ScheduleChange(steps=(each,))
        await store.append(each.sender_id, [SlotSet(name="x")], expected=0, schedule=change)
    return store


class Hands:
    """Fires by waiting for `let_go`."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.let_go = asyncio.Event()
        self.most = 0
        self.now = 0
        self.ended = 0
        self.begun: list[str] = []

    async def fire(self, reminder: Reminder) -> None:
        self.begun.append(reminder.sender_id)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.let_go.wait()
            await self.store.erase(reminder.sender_id)
            self.ended += 1
        finally:
            self.now -= 1


async def test_late_ones_fire_at_the_start_the_earliest_first_some_at_a_time() -> None:
    store = await kept(*(row(n, due=300.0 - n) for n in range(250)))
    hands = Hands(store)
    watch = Schedule(store, hands.fire, clock=Ticking(), ready=lambda: True, at_once=8)
    watch.start()
    await until(lambda: hands.now == 8)
    hands.let_go.set()
    await until(lambda: hands.ended == 250)
    await watch.stop()
    assert hands.begun == [f"{n:04d}" for n in reversed(range(250))]
    assert hands.most == 8


async def test_the_watch_sleeps_until_the_next_is_due_or_somebody_pokes_it() -> None:
    clock = Ticking(100.0)
    store = await kept(row(1, due=111.0))
    hands = Hands(store)
    watch = Schedule(store, hands.fire, clock=clock, ready=lambda: True)
    assert await watch.look() == 10.0
    empty = Schedule(await kept(), hands.fire, clock=clock, ready=lambda: True)
    assert await empty.look() == LONGEST_SLEEP
    assert hands.begun == []
    hands.let_go.set()
    watch.start()
    clock.time = 200.0
    watch.poke()
    await until(lambda: hands.ended == 1)
    await watch.stop()
    assert hands.begun == ["0001"]


async def test_nothing_fires_while_there_is_no_model() -> None:
    hands = Hands(await kept(row(1)))
    watch = Schedule(hands.store, hands.fire, clock=Ticking(), ready=lambda: False)
    assert await watch.look() == LONGEST_SLEEP
    assert hands.begun == []


async def test_stopping_breaks_off_what_takes_too_long_and_leaves_it_on_the_schedule() -> None:
    store = await kept(row(1))
    hands = Hands(store)
    watch = Schedule(store, hands.fire, clock=Ticking(), ready=lambda: True)
    await watch.look()
    await until(lambda: hands.now == 1)
    await watch.stop(patience=0.0)
    assert hands.now == 0
    assert len(await store.list_reminders(limit=9)) == 1


async def test_the_watch_outlives_a_store_that_cannot_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Moody(MemoryStore):
        answers = False

        async def list_reminders(self, **options: Any) -> Sequence[Reminder]:
            if not self.answers:
                raise StoreUnavailable("no answer")
            return await super().list_reminders(**options)

    store = Moody()
    hands = Hands(store)
    watch = Schedule(store, hands.fire, clock=Ticking(), ready=lambda: True)
    watch.start()
    await until(lambda: "no answer" in caplog.text)
    change = ScheduleChange(steps=(row(1),))
    await store.append("0001", [SlotSet(name="x")], expected=0, schedule=change)
    store.answers = True
    hands.let_go.set()
    watch.poke()
    await until(lambda: hands.ended == 1)
    await watch.stop()
    assert hands.begun == ["0001"]
