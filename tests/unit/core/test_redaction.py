import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import events as ev
from tertulia.core.events.codec import encode
from tertulia.core.redaction import NOTHING_REDACTED, Pattern, Redaction
from tertulia.testing.store_model import EVERY_EVENT, STRANGE_EVENTS

MAIL = Pattern("email", re.compile(r"[\w.]+@[\w.]+\w"))
CARD = Pattern("card", re.compile(r"\b(?:\d[ -]?){12,18}\d\b"))
REDACTION = Redaction([MAIL, CARD])


def user(text: str, **more: Any) -> ev.UserUttered:
    return ev.UserUttered(timestamp=1.0, text=text, parse_data={"text": text, **more})


def test_a_message_is_stored_without_what_matches_wherever_it_stands() -> None:
    message = ev.UserUttered(
        timestamp=1.0,
        text="write to ann@example.org",
        parse_data={
            "text": "write to ann@example.org",
            "intent": {"name": "write", "confidence": 0.9},
            "entities": [{"entity": "address", "value": "ann@example.org", "start": 9, "end": 24}],
        },
        metadata={"from": ["Ann <ann@example.org>", {"id": 7}]},
    )
    redacted = REDACTION.event(message)
    assert redacted.text == "write to [email]"
    assert redacted.parse_data["text"] == "write to [email]"
    assert redacted.parse_data["intent"] == {"name": "write", "confidence": 0.9}
    assert redacted.parse_data["entities"] == [
        {"entity": "address", "value": "[email]", "start": 9, "end": 24}
    ]
    assert redacted.metadata == {"from": ["Ann <[email]>", {"id": 7}]}
    assert message.text == "write to ann@example.org"


@pytest.mark.parametrize(
    ("event", "field", "expected"),
    [
        (ev.SlotSet(name="mail", value="a@b.org"), "value", "[email]"),
        (ev.SlotSet(name="card", value=4111111111111111), "value", "[card]"),
        (ev.SlotSet(name="deep", value={"x": ["a@b.org", None, True]}), "value", None),
        (ev.BotUttered(text="Is it a@b.org?"), "text", "Is it [email]?"),
        (ev.AgentUttered(text="a@b.org", data={}), "text", "[email]"),
        (ev.ActionExecuted(action_text="mail a@b.org"), "action_text", "mail [email]"),
    ],
)
def test_every_kind_of_words_is_covered(event: ev.Event, field: str, expected: object) -> None:
    wanted = {"x": ["[email]", None, True]} if expected is None else expected
    assert getattr(REDACTION.event(event), field) == wanted


def test_names_of_slots_entities_and_the_model_stay() -> None:
    known = Redaction([Pattern("n", re.compile("name"))])
    slot = ev.SlotSet(name="name", value="my name")
    assert known.event(slot) == ev.SlotSet(name="name", value="my [n]")
    message = user("x", intent={"name": "name"}, entities=[{"entity": "name", "value": "name"}])
    parsed = known.event(message).parse_data
    assert parsed["intent"] == {"name": "name"}
    assert parsed["entities"] == [{"entity": "name", "value": "[n]"}]


def test_an_event_without_anything_to_take_out_is_the_same_object() -> None:
    for event in EVERY_EVENT:
        assert NOTHING_REDACTED.event(event) is event
        assert Redaction([MAIL]).event(event) is event


@given(st.text(max_size=20), st.sampled_from([*EVERY_EVENT, *STRANGE_EVENTS]))
def test_redacting_twice_is_redacting_once(text: str, event: ev.Event) -> None:
    told = user(f"{text} a@b.org {text}")
    for each in (told, event):
        once = REDACTION.event(each)
        assert encode(REDACTION.event(once)) == encode(once)
