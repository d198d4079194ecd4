"""Reminder events become rows of a schedule, and rows become messages."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tertulia.base.errors import EventRejected
from tertulia.core.domain.model import Generation
from tertulia.core.events import Event, ReminderCancelled, ReminderScheduled, SlotSet, UserUttered
from tertulia.core.reminders import (
    Cancellation,
    Reminder,
    ScheduleChange,
    Step,
    entities_of,
    external_message,
    is_in_force,
    rescheduled,
    step_of,
)

TEA = ({"entity": "topic", "value": "tea"},)


def east(time: datetime) -> float:
    """Take times without a zone as two hours east."""
    zone = timezone(timedelta(hours=2))
    return (time if time.tzinfo else time.replace(tzinfo=zone)).timestamp()


def step(event: ReminderScheduled | ReminderCancelled) -> Step:
    return step_of(event, sender_id="u", channel="callback", seconds=east)


def scheduled(date_time: str = "2030-01-01T00:00:00Z", **fields: Any) -> ReminderScheduled:
    return ReminderScheduled(**{"name": "r", "intent": "ring", "date_time": date_time, **fields})


def row(name: str = "r", **fields: Any) -> Reminder:
    return Reminder(sender_id="u", name=name, **{"due": 5.0, "intent": "ring", **fields})


def said(text: str | None) -> UserUttered:
    return UserUttered(text=text, parse_data={"intent": {}, "entities": []})


def test_a_reminder_keeps_everything_that_its_firing_needs() -> None:
    event = scheduled(entities={"topic": "tea"}, kill_on_user_msg=False)
    assert step(event) == Reminder(
        sender_id="u",
        name="r",
        due=datetime(2030, 1, 1, tzinfo=UTC).timestamp(),
        intent="ring",
        entities=TEA,
        kill_on_user_msg=False,
        channel="callback",
    )


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2030-01-01T12:00:00Z", "2030-01-01T12:00:00"),
        ("2030-01-01T12:00:00+05:30", "2030-01-01T06:30:00"),
        ("2030-01-01 12:00", "2030-01-01T10:00:00"),
        ("20300101T120000.5", "2030-01-01T10:00:00.500000"),
        ("2030-01-02", "2030-01-01T22:00:00"),
    ],
)
def test_a_time_may_have_a_zone_or_is_where_the_server_is(written: str, utc: str) -> None:
    wanted = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    found = step(scheduled(written))
    assert isinstance(found, Reminder)
    assert found.due == wanted


@pytest.mark.parametrize("written", ["", "soon", "2030-13-01", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(EventRejected, match="time") as refused:
        step_of(scheduled(written), sender_id="u", channel=None, seconds=_strict)
    assert refused.value.code == "T715"


def _strict(time: datetime) -> float:
    return time.astimezone(UTC).timestamp()


@pytest.mark.parametrize("fields", [{"intent": None}, {"intent": ""}])
def test_a_reminder_of_nothing_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(EventRejected, match="neither"):
        step(scheduled(**fields))


def test_the_old_form_names_an_action() -> None:
    found = step(scheduled(intent=None, action="utter_x"))
    assert isinstance(found, Reminder)
    assert (found.action, found.intent) == ("utter_x", None)


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({}, []),
        ({"name": "a"}, ["b", "c"]),
        ({"intent": "ring"}, ["c"]),
        ({"intent": "ring", "name": "a"}, ["b", "c"]),
        ({"intent": "ring", "name": "c"}, ["a", "b", "c"]),
        ({"entities": {"topic": "tea"}}, ["b", "c"]),
        ({"entities": [{"entity": "topic", "value": "tea"}]}, ["b", "c"]),
        ({"entities": []}, []),
        ({"action": "utter_x"}, ["a", "b"]),
        ({"name": ""}, []),
    ],
)
def test_a_cancellation_drops_what_matches_every_field_given(
    fields: dict[str, Any], left: list[str]
) -> None:
    known = {
        "a": row("a", entities=TEA),
        "b": row("b"),
        "c": row("c", intent=None, action="utter_x"),
    }
    after = rescheduled(known, ScheduleChange(steps=(step(ReminderCancelled(**fields)),)))
    assert after is not None
    assert sorted(after) == left


def test_steps_are_taken_in_the_order_of_the_events() -> None:
    change = ScheduleChange(steps=(row("a"), Cancellation(), row("b"), row("b", due=9.0)))
    assert rescheduled({"x": row("x")}, change) == {"b": row("b", due=9.0)}


def test_what_fired_must_be_there_as_it_was() -> None:
    change = ScheduleChange(fired=row("a"))
    assert rescheduled({"a": row("a"), "b": row("b")}, change) == {"b": row("b")}
    assert rescheduled({"a": row("a", due=9.0)}, change) is None
    assert rescheduled({}, change) is None


@pytest.mark.parametrize(
    ("after", "kills", "fires"),
    [
        ([], True, True),
        ([said("hello")], True, False),
        ([said("hello")], False, True),
        ([said(None), said("")], True, True),
        ([said("EXTERNAL: ring")], True, False),
        ([said("hello"), scheduled()], True, True),
        ([said("hello"), scheduled(name="other")], True, False),
    ],
)
def test_a_message_after_the_reminder_ends_it_if_it_says_so(
    after: list[Event], kills: bool, fires: bool
) -> None:
    log = [said("first"), scheduled(), SlotSet(name="x"), *after]
    assert is_in_force(row(kill_on_user_msg=kills), log, log) is fires


def test_a_reminder_that_was_taken_back_does_not_fire() -> None:
    log = [scheduled(), scheduled(name="other")]
    assert not is_in_force(row(), log, log[1:])


@pytest.mark.parametrize("given", [None, [], {}])
def test_no_entities_are_none(given: Any) -> None:
    assert entities_of(given) == ()


def test_an_external_message_says_so() -> None:
    message = external_message("ring", TEA, channel="rest", generation=Generation.MODERN)
    assert (message.text, message.input_channel) == ("EXTERNAL: ring", "rest")
    assert message.message_id is None
    assert message.metadata == {"is_external": True}
    assert message.parse_data == {
        "intent": {"name": "ring"},
        "entities": [*TEA],
        "text": "EXTERNAL: ring",
        "message_id": None,
        "metadata": {"is_external": True},
    }


def test_an_external_message_of_the_legacy_generation_has_its_keys_only() -> None:
    message = external_message("ring", (), channel=None, generation=Generation.LEGACY)
    assert sorted(message.parse_data) == ["entities", "intent", "text"]
