"""Idle conversations are erased, all of them, and nothing else."""

import asyncio
import re
from pathlib import Path

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.events import BotUttered, Event, SlotSet, UserUttered
from tertulia.core.feed import forgotten_id
from tertulia.core.ports import Receipt, TrackerStore
from tertulia.core.redaction import Pattern, Redaction
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.engine.conversations import Conversations
from tertulia.engine.duty import Duty
from tertulia.engine.records import Records
from tertulia.engine.retention import Keeping, Report, idle_conversations, prune
from tertulia.engine.turnstile import Turnstile
from tertulia.schema.privacy import Retention

from .stage import Ticking, say, service, stored

DAY = 86400.0


def slot(at: float) -> list[Event]:
    return [SlotSet(timestamp=at, name="n", value=1)]


def records(store: TrackerStore) -> Records:
    return Records(Conversations(store, Ticking(), turnstile=Turnstile()))


async def three(store: TrackerStore) -> None:
    change = ScheduleChange(steps=(Reminder(sender_id="old", name="r", due=9e9, intent="wake"),))
    receipt = Receipt(key="k", digest="d", version=1, done=True)
    await store.append("old", slot(1 * DAY), expected=0, schedule=change, receipt=receipt)
    await store.append("young", [*slot(1 * DAY), *slot(9 * DAY)], expected=0)
    await store.replace("empty", [], expected=0)


async def test_conversations_without_a_new_event_are_erased_with_all_they_have(
    tmp_path: Path,
) -> None:
    for store in (MemoryStore(), await SqliteStore.open(tmp_path / "c.db")):
        await three(store)
        report = await prune(records(store), store, before=5 * DAY)
        assert (report.seen, report.idle, report.erased) == (3, 2, 2)
        assert list(await store.list_conversations(limit=9)) == ["young"]
        assert list(await store.list_reminders(limit=9)) == []
        assert await store.find_receipt("old", "k") is None
        told = [each for each in await store.read_feed(after=0, limit=99) if each.kind == "erased"]
        assert {each.sender_id for each in told} == {forgotten_id("empty"), forgotten_id("old")}
        await store.close()


async def test_listing_erases_nothing() -> None:
    store = MemoryStore()
    await three(store)
    found = [each async for each in idle_conversations(store, Report(), before=5 * DAY)]
    told = [(each.sender_id, each.version, each.last) for each in found]
    assert told == [("empty", 1, None), ("old", 1, DAY)]
    assert await store.version("old") == 1


async def test_who_is_continued_meanwhile_stays() -> None:
    class Busy(MemoryStore):
        async def replace(self, sender_id: str, events: list[Event], *, expected: int) -> int:
            await self.append(sender_id, slot(10 * DAY), expected=expected)
            return await super().replace(sender_id, events, expected=expected)

    store = Busy()
    await store.append("old", slot(DAY), expected=0)
    report = await prune(records(store), store, before=5 * DAY)
    assert (report.idle, report.erased) == (1, 0)
    assert await store.version("old") == 2


async def test_what_a_process_left_that_died_while_erasing_is_erased() -> None:
    class Dying(MemoryStore):
        dies = True

        async def erase(self, sender_id: str) -> int:
            if self.dies:
                raise SystemExit
            return await super().erase(sender_id)

    store = Dying()
    await store.append("old", slot(DAY), expected=0)
    with pytest.raises(SystemExit):
        await prune(records(store), store, before=5 * DAY)
    store.dies = False
    assert list(await store.list_conversations(limit=9)) == ["old"]
    report = await prune(records(store), store, before=5 * DAY)
    assert report.erased == 1
    assert list(await store.list_conversations(limit=9)) == []


async def gone(store: TrackerStore, sender_id: str) -> None:
    for _ in range(6000):
        if not await store.version(sender_id):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{sender_id} is still there")


@pytest.mark.parametrize("leads", [True, False])
async def test_a_server_prunes_again_and_again_while_it_has_the_duty(leads: bool) -> None:
    store = MemoryStore()
    await store.append("old", slot(DAY), expected=0)
    clock = Ticking(100 * DAY)
    duty = Duty("retention", None, alone=lambda: leads)
    rules = Retention(idle_days=30, every=0.02)
    keeping = Keeping(rules, records(store), duty=duty, clock=clock)
    keeping.start(store)
    if leads:
        await gone(store, "old")
        await store.append("second", slot(2 * DAY), expected=0)
        await gone(store, "second")
    else:
        await asyncio.sleep(0.2)
        assert await store.version("old") == 1
    await keeping.stop()


async def test_what_is_redacted_is_never_stored_and_understood_all_the_same() -> None:
    served = service()
    conversations = served.processor.conversations
    conversations.redaction = Redaction([Pattern("mail", re.compile(r"\S+@\S+\w"))])
    text = "I am ann@example.org"
    entities = [{"entity": "who", "value": "ann@example.org"}]
    parsed = {"text": text, "intent": {"name": "greet"}, "entities": entities}
    assert await say(served, text, parse_data=parsed) == ["said greet"]
    log = await stored(served)
    (message,) = [each for each in log if isinstance(each, UserUttered)]
    assert (message.text, message.intent_name) == ("I am [mail]", "greet")
    assert message.entities[0]["value"] == "[mail]"
    assert "ann@" not in repr(log)
    live = await conversations.peek("u", served.ready())
    assert "ann@" not in repr(live.tracker)


async def test_a_user_hears_what_is_not_kept() -> None:
    served = service()
    served.processor.conversations.redaction = Redaction([Pattern("word", re.compile("said"))])
    assert await say(served, "/greet") == ["said greet"]
    (said,) = [each for each in await stored(served) if isinstance(each, BotUttered)]
    assert said.text == "[word] greet"
