"""One message walks through its steps, and is stored before it is answered."""

import asyncio

import pytest
from msgspec.structs import replace

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.base.errors import LanguageServerError, LockTimeout, StoreConflict, StoreUnavailable
from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Generation
from tertulia.core.events import ActionExecuted, SlotSet, UserUttered
from tertulia.core.incoming import Incoming
from tertulia.core.ports import Loaded
from tertulia.core.tracker import replay
from tertulia.core.understanding import RankedIntent, Understanding
from tertulia.engine.turnstile import Turnstile

from ..core.scripts import brief
from .stage import Listener, SlowActions, Ticking, say, service, stored


async def test_first_message_of_the_modern_generation_opens_a_session() -> None:
    served = service()
    assert await say(served, "/greet") == ["said greet"]
    assert brief(await stored(served)) == [
        "action action_session_start",
        "session_started",
        "action action_listen",
        "user greet",
        "action utter_greet",
        "bot said greet",
        "action action_listen",
    ]


async def test_first_message_of_the_legacy_generation_begins_with_listening() -> None:
    served = service(generation=Generation.LEGACY)
    await say(served, "/greet")
    assert brief(await stored(served))[:2] == ["action action_listen", "user greet"]


async def test_every_logged_event_names_the_model_in_the_modern_generation_only() -> None:
    modern, legacy = service(), service(generation=Generation.LEGACY)
    await say(modern, "/greet")
    await say(legacy, "/greet")
    assert {e.metadata["assistant_id"] for e in await stored(modern)} == {"tester"}
    assert all(not e.metadata for e in await stored(legacy))


async def test_channel_metadata_opens_the_session_and_stays_with_the_message() -> None:
    served = service()
    await say(served, "/greet", metadata={"k": 1})
    events = await stored(served)
    assert isinstance(events[0], SlotSet)
    assert events[0].value == {"k": 1}
    message = next(e for e in events if isinstance(e, UserUttered))
    assert message.parse_data["metadata"] == {"k": 1}


async def test_a_session_expires_after_its_time_and_not_before() -> None:
    clock = Ticking()
    served = service(clock=clock)
    await say(served, "/greet")
    clock.time += 59 * 60
    await say(served, "/greet")
    assert "session_started" not in brief((await stored(served))[3:])
    clock.time += 61 * 60
    await say(served, "/greet")
    assert brief(await stored(served)).count("session_started") == 2


async def test_nothing_is_said_before_it_is_stored() -> None:
    served = service()
    versions: list[int] = []

    def look() -> None:
        store = served.store
        assert isinstance(store, MemoryStore)
        versions.append(store._conversations["u"].version)

    await say(served, "/greet", output=Listener(look))
    assert versions == [7]


async def test_a_turn_that_cannot_be_stored_says_nothing_and_leaves_nothing() -> None:
    class Full(MemoryStore):
        async def append(self, *args: object, **options: object) -> int:
            raise StoreUnavailable("no space left")

    served = service(Full())
    output = Listener()
    with pytest.raises(StoreUnavailable):
        await say(served, "/greet", output=output)
    assert output.said == []
    assert await stored(served) == []


async def test_after_a_failed_write_the_next_message_is_answered_from_what_is_stored() -> None:
    class OnceFull(MemoryStore):
        full = False

        async def append(self, *args: object, **options: object) -> int:
            if self.full:
                self.full = False
                raise StoreUnavailable("no space left")
            return await super().append(*args, **options)

    store = OnceFull()
    served = service(store)
    await say(served, "/greet")
    store.full = True
    with pytest.raises(StoreUnavailable):
        await say(served, "/bye")
    assert await say(served, "/greet") == ["said greet"]
    assert "user bye" not in brief(await stored(served))


async def test_a_second_writer_is_noticed_and_the_turn_walks_again_from_fresh_state() -> None:
    store = MemoryStore()
    one, two = service(store), service(store)
    await say(one, "/greet")
    await say(two, "/bye")
    assert await say(one, "/greet") == ["said greet"]
    events = await stored(one)
    assert [e.intent_name for e in events if isinstance(e, UserUttered)] == [
        "greet",
        "bye",
        "greet",
    ]


async def test_a_writer_that_always_comes_first_makes_the_turn_fail_loudly() -> None:
    class Contested(MemoryStore):
        async def append(self, *args: object, **options: object) -> int:
            raise StoreConflict("someone was faster")

    with pytest.raises(StoreConflict):
        await say(service(Contested()), "/greet")


async def test_turns_of_one_conversation_keep_their_order() -> None:
    actions = SlowActions()
    served = service(actions=actions)
    slow = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    waiting = asyncio.create_task(say(served, "/greet"))
    await asyncio.sleep(0)
    actions.release.set()
    await asyncio.gather(slow, waiting)
    events = await stored(served)
    assert [e.intent_name for e in events if isinstance(e, UserUttered)] == ["slow", "greet"]


async def test_a_slow_action_holds_up_nobody_else() -> None:
    actions = SlowActions()
    served = service(actions=actions)
    slow = asyncio.create_task(say(served, "/slow", "one"))
    await actions.called.wait()
    assert await say(served, "/greet", "two") == ["said greet"]
    assert not slow.done()
    actions.release.set()
    assert await slow == ["done at last"]


async def test_what_came_before_a_slow_action_is_stored_while_it_runs() -> None:
    actions = SlowActions()
    served = service(actions=actions)
    slow = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    assert "user slow" in brief(await stored(served))
    actions.release.set()
    await slow


async def test_a_cancelled_turn_keeps_what_happened_and_frees_the_conversation() -> None:
    actions = SlowActions()
    served = service(actions=actions)
    slow = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await say(served, "/greet") == ["said greet"]


async def test_a_conversation_with_too_long_a_queue_refuses_more() -> None:
    actions = SlowActions()
    served = service(actions=actions, turnstile=Turnstile(queue=1))
    slow = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    waiting = asyncio.create_task(say(served, "/greet"))
    await asyncio.sleep(0)
    with pytest.raises(LockTimeout):
        await say(served, "/greet")
    actions.release.set()
    await asyncio.gather(slow, waiting)


async def test_a_turn_waits_only_so_long_for_its_conversation() -> None:
    actions = SlowActions()
    served = service(actions=actions, turnstile=Turnstile(patience=0.01))
    slow = asyncio.create_task(say(served, "/slow"))
    await actions.called.wait()
    with pytest.raises(LockTimeout):
        await say(served, "/greet")
    actions.release.set()
    await slow
    assert served.processor.conversations.turnstile.busy == 0


async def test_a_long_conversation_is_loaded_by_its_tail_and_keeps_its_state() -> None:
    store = MemoryStore()
    served = service(store)
    for _ in range(80):
        await say(served, "/greet")
    fresh = service(store)
    assistant = fresh.ready()
    conversation = await fresh.processor.conversations.peek("u", assistant)
    whole = replay("u", assistant.rules, await stored(fresh))
    assert conversation.tracker.applied.size < len(await stored(fresh))
    assert conversation.tracker.state == whole.state
    assert await say(fresh, "/bye") == ["said bye"]


async def test_taking_back_more_than_was_loaded_loads_the_rest() -> None:
    store = MemoryStore()
    served = service(store)
    for _ in range(80):
        await say(served, "/greet")
    from tertulia.core.events import UserUtteranceReverted

    fresh = service(store)
    assistant = fresh.ready()
    back = [UserUtteranceReverted() for _ in range(70)]
    view = await fresh.operations.append("u", back, assistant)
    assert view.tracker.state == replay("u", assistant.rules, await stored(fresh)).state


async def test_a_bot_without_an_action_server_goes_on_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = service()
    assert await say(served, "/slow") == []
    assert "action_endpoint" in caplog.text
    assert isinstance((await stored(served))[-1], ActionExecuted)


class Asked:
    """An action server that remembers what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []

    async def run(self, name: str, body: dict[str, object]) -> ActionAnswer:
        self.bodies.append(body)
        return ActionAnswer()

    async def close(self) -> None:
        return None


async def test_the_domain_goes_to_every_action_unless_only_some_shall_have_it() -> None:
    for selective, sent in ((False, True), (True, False)):
        actions = Asked()
        served = service(actions=actions)
        processor = served.processor
        processor.outside = replace(processor.outside, selective_domain=selective)
        await say(served, "/slow")
        assert ("domain" in actions.bodies[0]) is sent


async def test_an_action_may_be_shown_the_newest_events_only() -> None:
    actions = Asked()
    served = service(actions=actions)
    await say(served, "/greet")
    processor = served.processor
    processor.outside = replace(processor.outside, tracker_events=2)
    await say(served, "/slow")
    tracker = actions.bodies[0]["tracker"]
    assert isinstance(tracker, dict)
    assert len(tracker["events"]) == 2


class Tails(MemoryStore):
    """Refuses to give a whole log."""

    async def load(self, sender_id: str) -> Loaded:
        raise AssertionError("the whole log was loaded")


async def test_showing_few_events_does_not_load_the_whole_conversation() -> None:
    actions, store = Asked(), Tails()
    served = service(store, actions=actions)
    for _ in range(60):
        await say(served, "/greet")
    processor = served.processor
    processor.outside = replace(processor.outside, tracker_events=3)
    await say(served, "/slow")
    tracker = actions.bodies[0]["tracker"]
    assert isinstance(tracker, dict)
    logged = await MemoryStore.load(store, "u")
    told = [event.timestamp for event in logged.events]
    times = [event["timestamp"] for event in tracker["events"]]
    start = told.index(times[0])
    assert times == told[start : start + 3]
    assert len(told) > 200


async def test_an_action_is_shown_times_of_events_that_are_not_logged_yet() -> None:
    actions = Asked()
    await say(service(actions=actions), "/slow")
    tracker = actions.bodies[0]["tracker"]
    assert isinstance(tracker, dict)
    assert tracker["latest_event_time"] == tracker["events"][-1]["timestamp"] > 1000


class Knows:
    """An NLU server that understands everything as one intent, or fails."""

    def __init__(self, intent: str | None) -> None:
        self.intent = intent
        self.asked: list[tuple[str, str]] = []

    async def understand(self, text: str, message_id: str, generation: Generation) -> Understanding:
        self.asked.append((text, message_id))
        if self.intent is None:
            raise LanguageServerError("the NLU server did not answer (ConnectError)")
        return Understanding(text=text, intent=RankedIntent(self.intent, 0.8))

    async def close(self) -> None:
        return None


async def test_an_nlu_server_understands_in_the_place_of_the_model() -> None:
    served, server = service(), Knows("greet")
    served.processor.outside = replace(served.processor.outside, language=server)
    assert await say(served, "anything", message_id="m7") == ["said greet"]
    assert server.asked == [("anything", "m7")]


async def test_a_message_that_states_its_intent_is_not_sent_away() -> None:
    served, server = service(), Knows("other")
    served.processor.outside = replace(served.processor.outside, language=server)
    assert await say(served, "/greet") == ["said greet"]
    assert server.asked == []


@pytest.mark.parametrize("generation", list(Generation))
async def test_nothing_is_understood_when_the_nlu_server_fails_and_the_log_says_so(
    generation: Generation, caplog: pytest.LogCaptureFixture
) -> None:
    served = service(generation=generation)
    served.processor.outside = replace(served.processor.outside, language=Knows(None))
    incoming = Incoming(sender_id="u", text="anything")
    message = await served.processor.understand(incoming, served.ready())
    assert message.text == "anything"
    assert message.parse_data["intent"] == {"name": "", "confidence": 0.0}
    assert message.parse_data["entities"] == []
    assert message.parse_data["text"] == ""
    assert "T607" in caplog.text
    assert "anything" not in caplog.text
