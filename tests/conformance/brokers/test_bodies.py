"""Message bodies are those that the original sent, and two keys more."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.brokers import event_message, message_of
from tertulia.core.events import ActiveLoop, SessionStarted, SlotSet
from tertulia.core.events.codec import Family, decode
from tertulia.core.feed import FeedEntry, forgotten_id

RECORDINGS = Path(__file__).parents[1] / "modern" / "recordings"


def recorded(bot: str) -> list[dict[str, Any]]:
    text = gzip.decompress((RECORDINGS / f"broker_{bot}.log.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(("bot", "count"), [("features", 820), ("mood", 38)])
def test_an_event_is_told_as_the_original_told_it(bot: str, count: int) -> None:
    bodies = recorded(bot)
    assert len(bodies) == count
    for seq, body in enumerate(bodies, 1):
        event = decode({k: v for k, v in body.items() if k != "sender_id"}, now=0.0)
        assert event is not None
        message = event_message(body["sender_id"], seq, event)
        told = json.loads(message.body)
        assert next(iter(told)) == "sender_id"
        assert {k: v for k, v in told.items() if k not in ("event_id", "seq")} == body
        assert (told["event_id"], told["seq"]) == (message.id, seq)


def entry(event: Any, seq: int = 3) -> FeedEntry:
    return FeedEntry(position=9, kind="event", sender_id="a", seq=seq, event=event)


def test_older_readers_get_what_they_know() -> None:
    form = message_of(entry(ActiveLoop(timestamp=1.5, name="f")), Family.LEGACY)
    assert form is not None
    assert json.loads(form.body) == {
        "sender_id": "a",
        "event": "form",
        "timestamp": 1.5,
        "name": "f",
    }
    assert message_of(entry(SessionStarted(timestamp=1.0)), Family.LEGACY) is None
    assert message_of(entry(SessionStarted(timestamp=1.0))) is not None


def test_an_erasure_names_nobody_and_stays_in_the_lane() -> None:
    gone = message_of(FeedEntry(position=4, kind="erased", sender_id=forgotten_id("ann")))
    event = event_message("ann", 1, SlotSet(timestamp=1.0, name="n"))
    assert gone is not None
    assert gone.lane == event.lane
    assert b"ann" not in gone.body
    assert json.loads(gone.body) == {
        "sender_id": forgotten_id("ann"),
        "event": "erased",
        "event_id": gone.id,
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), st.integers(1, 3), st.integers(0, 2)), unique=True))
def test_ids_tell_events_apart_and_stay_the_same(named: list[tuple[str, int, int]]) -> None:
    def ids() -> list[str]:
        return [
            event_message(sender, seq, SlotSet(timestamp=float(at), name="n")).id
            for sender, seq, at in named
        ]

    assert ids() == ids()
    assert len(set(ids())) == len(named)
    assert all(len(each) == 32 for each in ids())


def test_an_export_adds_to_the_time_and_keeps_the_id() -> None:
    event = SlotSet(timestamp=10.0, name="n")
    first, again = event_message("a", 1, event), event_message("a", 1, event, offset=5.0)
    assert json.loads(again.body)["timestamp"] == 15.0
    assert first.id == again.id
