"""Conversations are brought from one store to another, and nothing is replaced."""

import re
from collections.abc import AsyncIterator, Sequence

import pytest

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import Event, UserUttered
from tertulia.core.redaction import Pattern, Redaction
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.core.stored import Moved
from tertulia.engine.transfer import Report, StoreSource, transfer
from tertulia.testing.store_case import numbered, numbers


async def brought(source: MemoryStore, target: MemoryStore) -> Report:
    report = Report()
    await transfer(StoreSource(source), target, report, told=lambda report: None)
    return report


async def store_with(**conversations: Sequence[Event]) -> MemoryStore:
    store = MemoryStore()
    for sender_id, events in conversations.items():
        await store.append(sender_id, events, expected=0)
    return store


async def test_every_conversation_comes_over_with_its_reminders() -> None:
    source, target = await store_with(a=numbered(1, 6000), b=numbered(1, 2)), MemoryStore()
    reminder = Reminder(sender_id="b", name="r", due=5.0, intent="wake")
    await source.append("b", [], expected=2, schedule=ScheduleChange(steps=(reminder,)))
    report = await brought(source, target)
    assert (report.conversations, report.events, report.problems) == (2, 6002, {})
    assert numbers((await target.load("a")).events) == list(range(1, 6001))
    assert list(await target.list_reminders(limit=9)) == [reminder]


async def test_what_was_begun_is_continued_and_what_is_there_is_passed_over() -> None:
    source = await store_with(a=numbered(1, 5), b=numbered(1, 3), c=numbered(1, 2))
    target = await store_with(a=numbered(1, 2), b=numbered(1, 3), c=numbered(1, 4))
    report = await brought(source, target)
    assert (report.conversations, report.events, report.unchanged) == (1, 3, 2)
    assert numbers((await target.load("a")).events) == [1, 2, 3, 4, 5]
    assert numbers((await target.load("c")).events) == [1, 2, 3, 4]


async def test_a_conversation_that_differs_is_left_as_it_is_and_named() -> None:
    source, target = await store_with(a=numbered(1, 5)), await store_with(a=numbered(7, 8))
    report = await brought(source, target)
    assert list(report.problems) == ["a"]
    assert numbers((await target.load("a")).events) == [7, 8]


async def test_one_that_cannot_be_read_does_not_stop_the_others() -> None:
    class Half:
        async def conversations(self) -> AsyncIterator[Moved]:
            yield Moved(sender_id="bad", events=(), problem="it is damaged")
            yield Moved(sender_id="good", events=numbered(1, 1))

        async def close(self) -> None: ...

    report, target = Report(), MemoryStore()
    await transfer(Half(), target, report, told=lambda report: None)
    assert report.problems == {"bad": "it is damaged"}
    assert await target.version("good") == 1


def said(text: str) -> UserUttered:
    return UserUttered(text=text, parse_data={"text": text}, timestamp=1.0)


async def test_what_must_not_be_stored_is_taken_out_on_the_way() -> None:
    source = await store_with(a=[said("I am ann@x.org")])
    reminder = Reminder(
        sender_id="a", name="r", due=5.0, intent="wake", entities=({"value": "ann@x.org"},)
    )
    await source.append("a", [], expected=1, schedule=ScheduleChange(steps=(reminder,)))
    target = MemoryStore()
    redaction = Redaction([Pattern("email", re.compile(r"\S+@\S+"))])
    report = Report()
    await transfer(
        StoreSource(source), target, report, told=lambda report: None, redaction=redaction
    )
    assert list((await target.load("a")).events) == [said("I am [email]")]
    (kept,) = await target.list_reminders(limit=9)
    assert kept.entities == ({"value": "[email]"},)


async def test_an_import_goes_on_with_patterns_that_it_did_not_begin_with() -> None:
    source = await store_with(a=[said("ann@x.org"), said("bob@x.org")])
    target = await store_with(a=[said("ann@x.org")])
    redaction = Redaction([Pattern("email", re.compile(r"\S+@\S+"))])
    for _ in range(2):
        report = Report()
        await transfer(
            StoreSource(source), target, report, told=lambda report: None, redaction=redaction
        )
        assert report.problems == {}
    events = (await target.load("a")).events
    assert list(events) == [said("ann@x.org"), said("[email]")]


async def test_a_target_that_does_not_answer_ends_it() -> None:
    source, target = await store_with(a=numbered(1, 1)), MemoryStore()
    await target.close()
    with pytest.raises(StoreUnavailable):
        await brought(source, target)
