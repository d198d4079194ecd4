from collections import Counter
from typing import Any, cast

from msgspec.structs import replace

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.domain.model import Slot
from tertulia.core.events import SlotSet, UserUttered
from tertulia.core.ports import Loaded
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.turnstile import Turnstile
from tests.unit.engine.stage import Echo, StandInModel, Ticking, echo_domain


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.loads: Counter[str] = Counter()

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        self.loads[sender_id] += 1
        return await super().load_tail(sender_id, fingerprint=fingerprint, window=window)


class SharedStore(CountingStore):
    """As a store on a server: others may write at any time."""

    leases = None


def opened(store: MemoryStore) -> Conversations:
    return Conversations(store, Ticking(), turnstile=Turnstile())


def made() -> Assistant:
    domain = replace(echo_domain(), slots={"x": Slot(name="x", type="any")})
    return Assistant(cast(Any, StandInModel(domain, Echo())))


async def remember(conversations: Conversations, *values: object) -> None:
    async with conversations.turn("ann", made()) as conversation:
        await conversation.note([UserUttered(text="hi", parse_data={})])
        await conversation.note([SlotSet(name="x", value=value) for value in values])


async def state(conversations: Conversations) -> tuple[int, object, int]:
    conversation = await conversations.peek("ann", made())
    tracker = conversation.tracker
    return conversation.version, tracker.state.slots["x"], tracker.applied.size


async def test_a_server_that_was_left_behind_reads_only_what_it_missed() -> None:
    store = SharedStore()
    first, second = opened(store), opened(store)
    for turn in range(100):
        await remember((first, second)[turn % 2], turn, -turn)
    assert store.loads["ann"] == 2
    assert await state(first) == await state(second) == (300, -99, 300)
    await remember(first, "x")
    assert (await state(second))[:2] == (await state(opened(store)))[:2] == (302, "x")


async def test_a_server_that_was_left_far_behind_loads_the_conversation_anew() -> None:
    store = SharedStore()
    first, second = opened(store), opened(store)
    await remember(first, 1)
    await remember(second, *range(200))
    assert await state(first) == (203, 199, 203)
    assert store.loads["ann"] == 3


async def test_a_conversation_that_began_anew_is_not_taken_for_the_old_one() -> None:
    store = SharedStore()
    first, second = opened(store), opened(store)
    await remember(first, "secret")
    await remember(second, "later")
    assert await state(first) == (4, "later", 4)
    await remember(first, "kept")
    await store.erase("ann")
    second.forget("ann")
    await remember(second, "new", "newer", "newest", "one", "two")
    assert (await store.load("ann")).version == 6
    assert await state(first) == (6, "two", 6)


async def test_a_log_that_was_replaced_is_loaded_anew() -> None:
    store = SharedStore()
    first = opened(store)
    await remember(first, 1, 2, 3)
    await store.replace("ann", [SlotSet(name="x", value="new", timestamp=1.0)], expected=4)
    assert await state(first) == (5, "new", 1)
    await remember(first, 7)
    await store.replace("ann", [], expected=7)
    assert (await state(first))[1:] == (None, 0)


async def test_a_long_log_without_a_snapshot_gets_one_with_the_next_turn() -> None:
    store = SharedStore()
    events = [SlotSet(name="x", value=n, timestamp=float(n)) for n in range(1000)]
    await store.append("ann", events, expected=0)
    await remember(opened(store), "new")
    loaded = await store.load_tail("ann", fingerprint=made().fingerprint, window=128)
    assert loaded.snapshot is not None
    assert len(loaded.events) == 130
    assert (await state(opened(store)))[:2] == (1002, "new")


async def test_live_conversations_have_no_more_events_together_than_told() -> None:
    store = CountingStore()
    conversations = Conversations(store, Ticking(), turnstile=Turnstile(), keep_events=20)
    assistant = Assistant(cast(Any, StandInModel(echo_domain(), Echo())))
    for sender in ("old", "middle", "new", "new", "middle", "old"):
        async with conversations.turn(sender, assistant) as conversation:
            await conversation.note([SlotSet(name="x", value=n) for n in range(4)])
    assert store.loads == {"old": 1, "middle": 1, "new": 1}
    async with conversations.turn("new", assistant) as conversation:
        await conversation.note([SlotSet(name="x", value=0)])
    assert store.loads["new"] == 2
