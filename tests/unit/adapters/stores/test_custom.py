"""Stores of a project's own, written for the originals or for our port."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tertulia.adapters.stores.custom import open_custom
from tertulia.adapters.stores.custom.make import arguments_of
from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import BadComponent, StoreConflict, StoreUnavailable
from tertulia.core.ports import Receipt, TrackerStore
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.schema.stores import CustomStore
from tertulia.testing.store_case import numbered, numbers
from tertulia.testing.store_log import ConcurrencySuite
from tertulia.testing.store_model import EVERY_EVENT, STRANGE_EVENTS


class SyncStore:
    """As a store of 1.x: plain methods, one JSON text for a conversation."""

    def __init__(self, domain: object, url: str | None = None, **rest: object) -> None:
        self.made_with = (domain, url, rest)
        self.texts: dict[str, str] = {}

    def save(self, tracker: Any) -> None:
        self.texts[tracker.sender_id] = json.dumps(tracker.as_dialogue().as_dict())

    def retrieve(self, sender_id: str) -> Any:
        text = self.texts.get(sender_id)
        return None if text is None else json.loads(text)

    def keys(self) -> list[str]:
        return list(self.texts)

    def delete(self, sender_id: str) -> None:
        del self.texts[sender_id]


class AsyncStore:
    """As a store of 3.x: coroutines, trackers out as they went in."""

    def __init__(self, host: str | None, domain: object, event_broker: object = None) -> None:
        self.trackers: dict[str, Any] = {}

    async def save(self, tracker: Any) -> None:
        await asyncio.sleep(0)
        self.trackers[tracker.sender_id] = tracker

    async def retrieve(self, sender_id: str) -> Any:
        await asyncio.sleep(0)
        return self.trackers.get(sender_id)

    async def keys(self) -> list[str]:
        return list(self.trackers)


async def opened(kind: type[Any], **arguments: Any) -> TrackerStore:
    return await open_custom(kind, CustomStore(path="mine.Store", arguments=arguments))


class TestConcurrencyOfAStoreOfOneX(ConcurrencySuite):
    durable = False

    async def make_store(self, place: Path) -> TrackerStore:
        return await opened(SyncStore)


class TestConcurrencyOfAStoreOfThreeX(ConcurrencySuite):
    durable = False

    async def make_store(self, place: Path) -> TrackerStore:
        return await opened(AsyncStore)


@pytest.mark.parametrize("kind", [SyncStore, AsyncStore])
async def test_every_event_comes_back_as_it_was(kind: type[Any]) -> None:
    store = await opened(kind)
    for events in (EVERY_EVENT, STRANGE_EVENTS):
        version = await store.version("a")
        await store.append("a", events, expected=version)
    loaded = await store.load_tail("a", fingerprint="rules", window=0)
    assert list(loaded.events) == [*EVERY_EVENT, *STRANGE_EVENTS]
    assert list(await store.list_conversations(limit=9)) == ["a"]
    page = await store.read("a", after=3, limit=2)
    assert (page.first, list(page.events)) == (4, list(EVERY_EVENT[3:5]))
    await store.close()


async def test_a_replaced_log_continues_the_numbers() -> None:
    store = await opened(SyncStore)
    await store.append("a", numbered(1, 5), expected=0)
    assert await store.replace("a", numbered(21, 22), expected=5) == 7
    with pytest.raises(StoreConflict):
        await store.append("a", numbered(3, 3), expected=5)
    assert await store.append("a", numbered(23, 23), expected=7) == 8
    assert numbers((await store.load("a")).events) == [21, 22, 23]
    await store.close()


async def test_a_store_that_only_adds_cannot_replace() -> None:
    class Adding(SyncStore):
        def save(self, tracker: Any) -> None:
            known = self.retrieve(tracker.sender_id) or {"events": []}
            new = [event.as_dict() for event in tracker.events][len(known["events"]) :]
            self.texts[tracker.sender_id] = json.dumps({"events": known["events"] + new})

    store = await opened(Adding)
    await store.append("a", numbered(1, 5), expected=0)
    with pytest.raises(StoreUnavailable, match=r"T647: .*cannot replace"):
        await store.replace("a", numbered(1, 2), expected=5)
    await store.close()


async def test_a_conversation_is_forgotten_where_the_store_can_delete() -> None:
    store, other = await opened(SyncStore), await opened(AsyncStore)
    for each in (store, other):
        await each.append("a", numbered(1, 3), expected=0)
    assert (await store.erase("a"), await store.version("a"), await store.erase("a")) == (3, 0, 0)
    with pytest.raises(StoreUnavailable, match=r"T647: .*cannot forget"):
        await other.erase("a")


async def test_reminders_and_receipts_last_as_long_as_the_process() -> None:
    store = await opened(SyncStore)
    reminder = Reminder(sender_id="a", name="r", due=1.0, intent="wake")
    receipt = Receipt(key="k", digest="d", version=1, done=True)
    change = ScheduleChange(steps=(reminder,))
    await store.append("a", numbered(1, 1), expected=0, schedule=change, receipt=receipt)
    assert list(await store.list_reminders(limit=9)) == [reminder]
    assert await store.find_receipt("a", "k") == receipt
    fired = ScheduleChange(fired=reminder)
    await store.append("a", [], expected=1, schedule=fired)
    with pytest.raises(StoreConflict):
        await store.append("a", numbered(2, 2), expected=1, schedule=fired)
    assert await store.version("a") == 1
    await store.close()


class LicenseMissing(Exception):
    """As drivers raise: of no standard kind."""


async def test_what_its_code_raises_is_told_with_the_method() -> None:
    class Failing(SyncStore):
        def save(self, tracker: Any) -> None:
            raise KeyError("no such table")

    class Unmakable:
        def __init__(self, domain: object, **rest: object) -> None:
            raise LicenseMissing("no license")

    store = await opened(Failing)
    said = "T646: the tracker store 'mine.Store' failed in save: KeyError: 'no such table'"
    with pytest.raises(StoreUnavailable, match=said):
        await store.append("a", numbered(1, 1), expected=0)
    assert await store.version("a") == 0
    await store.close()
    with pytest.raises(StoreUnavailable, match=r"T646: .*no license"):
        await opened(Unmakable)


async def test_what_is_no_conversation_is_damage() -> None:
    store = await opened(SyncStore)
    for found in (5, {"events": "text"}, {"events": [1]}):
        store._inner.texts["a"] = json.dumps(found)  # type: ignore[attr-defined]
        with pytest.raises(StoreUnavailable, match=r"T640"):
            await store.load("a")
    await store.close()


async def test_a_closed_store_refuses() -> None:
    store = await opened(AsyncStore)
    await store.close()
    await store.close()
    for call in (store.load("a"), store.append("a", [], expected=0), store.erase("a")):
        with pytest.raises(StoreUnavailable, match="T617"):
            await call


async def test_a_class_for_our_port_is_used_as_it_is() -> None:
    class Mine(MemoryStore):
        pass

    assert isinstance(await opened(Mine), Mine)


async def test_a_class_that_is_no_store_is_refused() -> None:
    with pytest.raises(BadComponent, match=r"T504: .*'mine\.Store' has neither"):
        await opened(dict)


class ThreeX:
    def __init__(
        self, domain: object, host: str, event_broker: object = None, **rest: object
    ) -> None: ...


class Bare:
    def __init__(self) -> None: ...


@pytest.mark.parametrize(
    ("kind", "given", "passed"),
    [
        (SyncStore, {"url": "u", "x": 1}, {"domain": None, "url": "u", "x": 1}),
        (ThreeX, {"url": "u", "x": 1}, {"domain": None, "host": "u", "event_broker": None, "x": 1}),
        (Bare, {}, {}),
        (Bare, {"url": "u"}, {"url": "u"}),
    ],
)
def test_a_class_is_called_as_its_generation_was(
    kind: type[Any], given: dict[str, Any], passed: dict[str, Any]
) -> None:
    assert arguments_of(kind, given) == passed


def test_its_arguments_stay_secret() -> None:
    config = CustomStore(path="mine.Store", arguments={"password": "hunter2"})
    assert "hunter2" not in repr(config)
