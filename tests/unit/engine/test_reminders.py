"""Reminders fire in their conversations: once, late, or not at all, as they should."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    BotUttered,
    Event,
    ReminderCancelled,
    ReminderScheduled,
    Restarted,
    UserUttered,
)
from tertulia.core.ports import TrackerStore
from tertulia.engine.service import Service

from ..core.scripts import brief
from .stage import Listener, Ticking, say, service, stored

START = datetime(2030, 1, 1, tzinfo=UTC)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def reminder(name: str = "r", seconds: float = 60, **fields: Any) -> ReminderScheduled:
    return ReminderScheduled(
        **{"name": name, "intent": "greet", "date_time": at(seconds), **fields}
    )


class Scheduling:
    """An action server whose every action returns these events."""

    def __init__(self, *events: Event) -> None:
        self.events: Sequence[Event] = events

    async def run(self, name: str, body: dict[str, Any]) -> ActionAnswer:
        return ActionAnswer(events=self.events)

    async def close(self) -> None:
        return None


class Town:
    """A service at START whose `/slow` returns events, and a channel that can be pushed to."""

    def __init__(
        self,
        *events: Event,
        store: TrackerStore | None = None,
        generation: Generation = Generation.MODERN,
    ) -> None:
        self.clock = Ticking(START.timestamp())
        self.actions = Scheduling(*events)
        self.served = service(store, actions=self.actions, clock=self.clock, generation=generation)
        self.pushed = Listener()
        self.served.channels.register("push", lambda _: self.pushed)

    async def schedule(self, *events: Event, channel: str | None = "push") -> None:
        if events:
            self.actions.events = events
        await say(self.served, "/slow", input_channel=channel)

    async def pass_time(self, seconds: float = 3600) -> None:
        """Let time pass, and everything that is due then happen."""
        self.clock.time += seconds
        await settle(self.served)

    async def due(self) -> list[str]:
        return [each.name for each in await self.served.store.list_reminders(limit=99)]

    async def fired(self) -> int:
        """Count external messages."""
        return sum(
            isinstance(event, UserUttered) and bool(event.metadata.get("is_external"))
            for event in await stored(self.served)
        )


async def settle(served: Service) -> None:
    """Look at the schedule once, and wait for what that begins."""
    schedule = served.schedule
    await schedule.look()
    running = tuple(schedule._running.values())
    if running:
        await asyncio.wait(running)


async def test_a_due_reminder_is_a_turn_of_its_conversation() -> None:
    town = Town(reminder(entities={"topic": "tea"}))
    await town.schedule()
    before = len(await stored(town.served))
    await town.pass_time(30)
    assert len(await stored(town.served)) == before
    await town.pass_time(1200)
    assert brief((await stored(town.served))[before:]) == [
        "user greet",
        "action utter_greet",
        "bot said greet",
        "action action_listen",
    ]
    message = (await stored(town.served))[before]
    assert isinstance(message, UserUttered)
    assert (message.text, message.input_channel) == ("EXTERNAL: greet", "push")
    assert message.entities == [{"entity": "topic", "value": "tea"}]
    assert town.pushed.said == ["said greet"]


async def test_a_reminder_fires_once() -> None:
    town = Town(reminder())
    await town.schedule()
    for _ in range(3):
        await town.pass_time()
    assert await town.fired() == 1
    assert await town.due() == []


async def test_an_action_of_the_old_form_runs_after_an_empty_message() -> None:
    town = Town(
        reminder(intent=None, action="utter_bye", date_time="2030-01-01T00:01:00"),
        generation=Generation.LEGACY,
    )
    await town.schedule()
    before = len(await stored(town.served))
    await town.pass_time()
    events = (await stored(town.served))[before:]
    assert brief(events) == [
        "user None",
        "action utter_bye",
        "bot said bye",
        "action action_listen",
    ]
    empty = events[0]
    assert isinstance(empty, UserUttered)
    assert (empty.text, empty.input_channel) == (None, None)
    assert town.pushed.said == ["said bye"]


async def test_reminders_of_the_old_form_find_their_channel_again_and_again() -> None:
    chain = [reminder("a", 60, action="utter_bye"), reminder("b", 7200, action="utter_greet")]
    town = Town(*chain, generation=Generation.LEGACY)
    await town.schedule()
    await town.pass_time(3600)
    await town.pass_time(7200)
    assert town.pushed.said == ["said bye", "said greet"]


async def test_the_action_of_listening_only_listens() -> None:
    town = Town(reminder(action="action_listen"), generation=Generation.LEGACY)
    await town.schedule()
    before = len(await stored(town.served))
    await town.pass_time()
    assert brief((await stored(town.served))[before:]) == ["user None", "action action_listen"]


async def test_what_is_due_after_the_session_opens_a_new_one() -> None:
    town = Town(reminder(seconds=86400))
    await town.schedule()
    before = len(await stored(town.served))
    await town.pass_time(100_000)
    events = brief((await stored(town.served))[before:])
    assert events[:2] == ["action action_session_start", "session_started"]
    assert "user greet" in events


async def test_a_message_of_the_user_ends_a_reminder_that_says_so() -> None:
    town = Town(reminder("a", kill_on_user_msg=True), reminder("b", kill_on_user_msg=False))
    await town.schedule()
    await say(town.served, "/bye")
    await town.pass_time()
    assert await town.fired() == 1
    assert await town.due() == []


async def test_a_restart_ends_every_reminder() -> None:
    town = Town(reminder(kill_on_user_msg=False))
    await town.schedule()
    assistant = town.served.ready()
    await town.served.operations.append("u", [Restarted(timestamp=1.0)], assistant)
    await town.pass_time()
    assert (await town.fired(), await town.due()) == (0, [])


async def test_a_second_reminder_of_the_name_takes_the_place_of_the_first() -> None:
    town = Town()
    await town.schedule(reminder(seconds=60, kill_on_user_msg=False))
    await town.schedule(reminder(seconds=7200, intent="bye", kill_on_user_msg=False))
    await town.pass_time(3600)
    assert await town.fired() == 0
    await town.pass_time(7200)
    assert town.pushed.said == ["said bye"]


async def test_a_cancelled_reminder_does_not_fire() -> None:
    town = Town()
    await town.schedule(reminder("a", kill_on_user_msg=False), reminder("b"))
    await town.schedule(ReminderCancelled(name="a"))
    assert await town.due() == ["b"]
    await town.schedule(ReminderCancelled())
    assert await town.due() == []
    await town.pass_time()
    assert await town.fired() == 0


async def test_a_reminder_without_a_name_gets_one_of_its_own() -> None:
    town = Town(reminder(name=""), reminder(name=""))
    await town.schedule()
    names = [e.name for e in await stored(town.served) if isinstance(e, ReminderScheduled)]
    assert len({*names, ""}) == 3
    assert await town.due() == sorted(names)


async def test_a_reminder_without_a_time_is_logged_and_not_scheduled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    town = Town(reminder(date_time="tomorrow"), reminder("good"))
    await town.schedule()
    assert sum(isinstance(e, ReminderScheduled) for e in await stored(town.served)) == 2
    assert await town.due() == ["good"]
    assert "T715" in caplog.text


async def test_posted_events_change_the_schedule_only_when_they_are_told_to() -> None:
    town = Town()
    operations, assistant = town.served.operations, town.served.ready()
    await operations.append("u", [reminder("a"), BotUttered(text="hi")], assistant)
    assert (await town.due(), town.pushed.said) == ([], [])
    await operations.append("u", [reminder("b"), BotUttered(text="hi")], assistant, town.pushed)
    assert (await town.due(), town.pushed.said) == (["b"], ["hi"])


async def test_a_channel_that_only_answers_is_not_spoken_to(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tertulia.turn")
    town = Town(reminder())
    await town.schedule(channel="rest")
    await town.pass_time()
    assert "bot said greet" in brief(await stored(town.served))
    assert caplog.text.count("cannot be pushed to") == 1


class Dying(MemoryStore):
    """A store that a process dies with: `dies` counts the writes it still takes."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1000

    async def append(self, *args: Any, **options: Any) -> int:
        if self.left <= 0:
            raise StoreUnavailable("the process is dead")
        self.left -= 1
        return await super().append(*args, **options)


@pytest.mark.parametrize("writes", [0, 1, 2])
async def test_wherever_a_process_dies_the_next_one_fires_exactly_what_is_left(
    writes: int,
) -> None:
    store = Dying()
    town = Town(reminder(intent="slow", kill_on_user_msg=False), store=store)
    await town.schedule()
    town.actions.events = ()
    store.left = writes
    await town.pass_time()
    assert await town.fired() == min(1, writes)
    store.left = 1000
    next_one = Town(store=store)
    for _ in range(2):
        await next_one.pass_time(7200)
    assert (await next_one.fired(), await next_one.due()) == (1, [])


async def test_two_processes_with_one_store_fire_a_reminder_once() -> None:
    store = MemoryStore()
    one, two = Town(reminder(), store=store), Town(store=store)
    await one.schedule()
    (found,) = await store.list_reminders(limit=9)
    assistants = one.served.ready(), two.served.ready()
    outcomes = await asyncio.gather(
        one.served._reminders.fire(found, assistants[0]),
        two.served._reminders.fire(found, assistants[1]),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if each] == [StoreConflict]
    assert await one.fired() == 1
    assert len(one.pushed.said) + len(two.pushed.said) == 1


async def test_a_reminder_that_cannot_run_stays_and_is_tried_again_ever_more_rarely() -> None:
    store = Dying()
    town = Town(reminder(), store=store)
    await town.schedule()
    store.left = 0
    await town.pass_time()
    assert await town.due() == ["r"]
    delays: list[float] = []
    for _ in range(12):
        failure = town.served.schedule._failed["u", "r"]
        delays.append(round(failure.retry_at - town.clock.time))
        town.clock.time = failure.retry_at
        await settle(town.served)
    assert delays[:4] == [1, 2, 4, 8]
    assert max(delays) == 300
    store.left = 1000
    await town.pass_time(400)
    assert (await town.fired(), await town.due()) == (1, [])


async def test_scheduling_in_a_turn_pokes_the_watch() -> None:
    town = Town(reminder())
    poked = asyncio.Event()
    town.served.processor.conversations.on_schedule = poked.set
    await say(town.served, "/greet")
    assert not poked.is_set()
    await town.schedule()
    assert poked.is_set()
