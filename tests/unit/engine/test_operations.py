"""Other programs read and change conversations."""

import pytest

from tertulia.base.errors import UnknownAction
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ActionExecuted,
    BotUttered,
    FollowupAction,
    SessionStarted,
    UserUttered,
)
from tertulia.core.incoming import Incoming
from tertulia.core.prediction import Decision

from ..core.scripts import brief, user
from .stage import Listener, say, service, stored


async def test_showing_an_unknown_conversation_begins_it_and_stores_it_in_legacy_only() -> None:
    listen = "action action_listen"
    for generation, kept in (
        (Generation.MODERN, []),
        (Generation.LEGACY, ["action action_listen"]),
    ):
        served = service(generation=generation)
        view = await served.operations.show("new", served.ready())
        assert not view.known
        assert brief(view.log)[-1] == listen
        assert brief(await stored(served, "new")) == kept


async def test_showing_until_a_time_ends_at_the_first_later_event() -> None:
    served = service()
    await say(served, "/greet")
    events = await stored(served)
    view = await served.operations.show("u", served.ready(), until=events[3].timestamp)
    assert len(view.log) == 4
    assert view.tracker.state.latest_action == "action_listen"


async def test_appended_events_keep_their_time_and_change_the_next_decision() -> None:
    served = service()
    await say(served, "/greet")
    event = FollowupAction(name="utter_bye", timestamp=5.0)
    view = await served.operations.append("u", [event], served.ready())
    decision, _ = await served.operations.predict("u", served.ready())
    assert view.log[-1].timestamp == 5.0
    assert decision.action == "utter_bye"


async def test_appending_to_a_new_conversation_opens_a_session_first() -> None:
    served = service()
    await served.operations.append("u", [user("greet")], served.ready())
    assert brief(await stored(served))[:2] == ["action action_session_start", "session_started"]


async def test_appending_a_whole_session_does_not_open_another() -> None:
    served = service()
    own = [ActionExecuted(name="action_session_start"), SessionStarted(), user("greet")]
    await served.operations.append("u", own, served.ready())
    assert brief(await stored(served)) == [
        "action action_session_start",
        "session_started",
        "user greet",
    ]


async def test_appended_utterances_are_logged_and_not_said() -> None:
    served = service()
    await served.operations.append("u", [BotUttered(text="by someone else")], served.ready())
    assert await say(served, "/greet") == ["said greet"]


async def test_replacing_makes_the_events_the_whole_conversation() -> None:
    served = service()
    await say(served, "/greet")
    listening = [user("bye"), ActionExecuted(name="action_listen")]
    view = await served.operations.replace("u", listening, served.ready())
    assert brief(await stored(served)) == brief(view.log) == brief(listening)
    assert await say(served, "/greet") == ["said greet"]


async def test_predicting_changes_nothing_that_is_stored() -> None:
    served = service()
    await say(served, "/greet")
    before = await stored(served)
    decision, view = await served.operations.predict("u", served.ready())
    assert decision.action == "utter_greet"
    assert view.known
    assert await stored(served) == before


async def test_executing_runs_one_action_and_predicts_nothing() -> None:
    served = service()
    output = Listener()
    decision = Decision(action="utter_bye", policy="me", confidence=0.5)
    view = await served.operations.execute("u", decision, served.ready(), output)
    assert output.said == ["said bye"]
    assert brief(view.log)[-2:] == ["action utter_bye", "bot said bye"]


async def test_executing_an_unknown_action_is_refused_with_the_nearest_name() -> None:
    served = service()
    decision = Decision(action="utter_byee", policy=None, confidence=None)
    with pytest.raises(UnknownAction, match="utter_bye"):
        await served.operations.execute("u", decision, served.ready(), Listener())


async def test_logging_a_message_answers_nothing() -> None:
    served = service()
    message = Incoming(sender_id="u", text="hi", parse_data={"intent": {"name": "greet"}})
    view = await served.operations.log_message(message, served.ready())
    assert isinstance(view.log[-1], UserUttered)
    assert view.log[-1].intent_name == "greet"


async def test_conversations_are_listed_in_order_and_pages() -> None:
    served = service()
    for name in ("b", "a", "c"):
        await say(served, "/greet", name)
    assert await served.operations.conversations(limit=2) == ["a", "b"]
    assert await served.operations.conversations(limit=2, after="b") == ["c"]
