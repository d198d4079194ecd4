"""What an action sees of a conversation, and what its verbs put on the wire."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tertulia.actions import ActionRejected, Context
from tertulia.core.actions.answer import read_answer
from tertulia.core.events.codec import encode

TRACKER: dict[str, Any] = {
    "sender_id": "me",
    "slots": {"size": "l"},
    "latest_message": {
        "text": "a large one",
        "intent": {"name": "order", "confidence": 0.9},
        "entities": [{"entity": "size", "value": "l"}],
        "metadata": {"from": "page"},
    },
    "latest_action_name": "action_listen",
    "active_loop": {"name": "pizza_form"},
    "latest_input_channel": "rest",
    "events": [{"event": "slot", "name": "size", "value": "l"}],
}


@pytest.fixture
def ctx() -> Context:
    return Context("action_x", TRACKER)


def test_the_conversation_is_there_to_read(ctx: Context) -> None:
    assert ctx.conversation_id == "me"
    assert ctx.slots["size"] == "l"
    assert ctx.message.text == "a large one"
    assert (ctx.message.intent, ctx.message.confidence) == ("order", 0.9)
    assert ctx.message.entities[0]["value"] == "l"
    assert ctx.metadata == {"from": "page"}
    assert ctx.latest_action == "action_listen"
    assert ctx.active_loop == "pizza_form"
    assert ctx.channel == "rest"
    assert ctx.events[0]["event"] == "slot"


def test_a_conversation_without_anything_can_be_read() -> None:
    ctx = Context("action_x", {"sender_id": "me", "slots": None, "latest_message": None})
    assert dict(ctx.slots) == {}
    assert ctx.message.text is None
    assert ctx.message.intent is None
    assert ctx.active_loop is None
    assert ctx.domain == {}


def test_the_form_of_an_old_client_is_the_active_loop() -> None:
    assert Context("x", {"active_form": {"name": "old_form"}}).active_loop == "old_form"


def test_slots_cannot_be_written_past_the_verbs(ctx: Context) -> None:
    with pytest.raises(TypeError):
        ctx.slots["size"] = "s"  # type: ignore[index] - what is tested


def test_the_domain_is_read_once_and_only_when_asked_for() -> None:
    asked: list[int] = []

    def read() -> dict[str, Any]:
        asked.append(1)
        return {"intents": ["order"]}

    ctx = Context("action_x", TRACKER, domain=read)
    assert asked == []
    assert ctx.domain == ctx.domain == {"intents": ["order"]}
    assert asked == [1]


async def test_a_response_is_said_with_every_key_clients_look_for(ctx: Context) -> None:
    await ctx.say("utter_booked", table=4)
    assert ctx.responses == [
        {
            "text": None,
            "buttons": [],
            "elements": [],
            "custom": {},
            "template": "utter_booked",
            "response": "utter_booked",
            "image": None,
            "attachment": None,
            "table": 4,
        }
    ]


async def test_words_come_with_what_is_shown_beside_them(ctx: Context) -> None:
    button = {"title": "Yes", "payload": "/affirm"}
    await ctx.say_text("Sure?", buttons=[button], image="https://a.b/c.png", custom={"x": 1})
    (said,) = ctx.responses
    assert (said["text"], said["buttons"], said["custom"]) == ("Sure?", [button], {"x": 1})
    assert said["image"] == "https://a.b/c.png"
    assert said["response"] is None


def test_a_slot_that_was_set_shows_at_once(ctx: Context) -> None:
    ctx.set_slot("size", "s")
    assert ctx.slots["size"] == "s"
    assert ctx.emitted == [{"event": "slot", "timestamp": None, "name": "size", "value": "s"}]


def test_setting_a_slot_leaves_the_request_alone(ctx: Context) -> None:
    ctx.set_slot("size", "s")
    assert TRACKER["slots"] == {"size": "l"}


def test_every_verb_puts_an_event_on_the_wire_that_can_be_read(ctx: Context) -> None:
    ctx.follow_up("action_next")
    ctx.remind(datetime(2030, 1, 2, 3, tzinfo=UTC), intent="wake", name="morning")
    ctx.cancel_reminder("morning")
    ctx.pause()
    ctx.resume()
    ctx.restart()
    ctx.emit({"event": "undo"})
    answer, faults = read_answer({"events": ctx.emitted, "responses": ctx.responses})
    assert faults == []
    wire = [encode(event) for event in answer.events]
    kinds = ["followup", "reminder", "cancel_reminder", "pause", "resume", "restart", "undo"]
    assert [event["event"] for event in wire] == kinds
    assert wire[1]["date_time"] == "2030-01-02T03:00:00+00:00"
    assert (wire[1]["intent"], wire[1]["name"]) == ("wake", "morning")


def test_rejecting_ends_the_action_and_names_it(ctx: Context) -> None:
    with pytest.raises(ActionRejected) as caught:
        ctx.reject("not now")
    assert caught.value.action == "action_x"
    assert caught.value.message == "not now"
