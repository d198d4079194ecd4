"""What users send over Socket.IO, and what the bot says there in each generation."""

from typing import Any

import msgspec
import pytest

from tertulia.adapters.channels.socketio.messages import Spoken, read_message, render, session_of
from tertulia.base.errors import RequestError
from tertulia.core.domain.model import Generation
from tertulia.core.messages import bot_event

BUTTONS = [{"title": "Yes", "payload": "/yes", "type": "postback"}, "odd"]
REPLIES = [{"content_type": "text", "title": "Yes", "payload": "/yes"}]
PICTURE = {"attachment": {"type": "image", "payload": {"src": "http://x/a.png"}}}
CARD = {"title": "One", "subtitle": "1"}


def card(element: Any) -> dict[str, Any]:
    payload = {"template_type": "generic", "elements": element}
    return {"attachment": {"type": "template", "payload": payload}}


def said(content: dict[str, Any], generation: Generation) -> list[Any]:
    return [each.payload for each in render(bot_event(content, generation), generation)]


@pytest.mark.parametrize(
    ("content", "modern", "legacy"),
    [
        ({"text": "a\n\nb "}, [{"text": "a"}, {"text": "b"}], [{"text": "a\n\nb "}]),
        (
            {"text": "a\n\nb", "buttons": BUTTONS},
            [{"text": "a", "quick_replies": []}, {"text": "b", "quick_replies": REPLIES}],
            [{"text": "a\n\nb", "quick_replies": REPLIES}],
        ),
        ({"text": "a", "image": "http://x/a.png"}, *[[{"text": "a"}, PICTURE]] * 2),
        ({"text": "a", "attachment": {"f": 1}}, *[[{"text": "a"}, {"attachment": {"f": 1}}]] * 2),
        ({"elements": [CARD, CARD]}, [card(CARD), card(CARD)], [card(CARD)]),
        ({}, [], []),
    ],
)
def test_an_utterance_is_shown_as_its_generation_does(
    content: dict[str, Any], modern: list[Any], legacy: list[Any]
) -> None:
    assert said(content, Generation.MODERN) == modern
    assert said(content, Generation.LEGACY) == legacy


@pytest.mark.parametrize("text", ["a", None])
def test_quick_replies_count_before_buttons(text: str | None) -> None:
    content = {"text": text, "quick_replies": BUTTONS[:1], "buttons": [{"title": "No"}]}
    assert said(content, Generation.MODERN) == [{"text": text or "", "quick_replies": REPLIES}]


@pytest.mark.parametrize(
    ("custom", "spoken"),
    [
        ({"data": [1]}, Spoken([1])),
        ({"data": {"a": 1}, "room": "r"}, Spoken({"a": 1}, "r")),
        ({"data": None, "room": 5}, Spoken(None)),
        ({"blocks": []}, Spoken({"blocks": []})),
        ("text", Spoken("text")),
    ],
)
def test_custom_json_says_what_is_sent_and_where(custom: Any, spoken: Spoken) -> None:
    event = bot_event({"custom": custom}, Generation.MODERN)
    assert list(render(event, Generation.MODERN)) == [spoken]


def test_an_event_of_0x_without_its_content_is_shown_from_its_data() -> None:
    event = msgspec.structs.replace(
        bot_event({"text": "a", "image": "http://x/a.png"}, Generation.LEGACY), content=None
    )
    assert [each.payload for each in render(event, Generation.LEGACY)] == [{"text": "a"}, PICTURE]


def test_a_message_is_read_with_all_it_brings() -> None:
    data = {"message": "hi", "session_id": 5, "m": '{"a": 1}', "idempotency_key": "k"}
    found = read_message(data, "m", msgspec.json.decode)
    assert (found.text, found.session_id, found.metadata, found.key) == ("hi", "5", {"a": 1}, "k")


@pytest.mark.parametrize("data", [5, "x", [], {"session_id": True}, {"session_id": {}}])
def test_a_session_that_is_no_text_is_refused(data: Any) -> None:
    with pytest.raises(RequestError) as caught:
        session_of(data)
    assert caught.value.code == "T885"
