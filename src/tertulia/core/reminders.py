"""What is to happen later: from reminder events to rows of a schedule, and back to messages.

Rule: the schedule changes together with the log, so a reminder is on it until its firing is logged.

Source: spec events.md section 3 (user, reminder, cancel_reminder).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tertulia.base.errors import EventRejected
from tertulia.core.domain.model import Generation
from tertulia.core.events import Event, ReminderCancelled, ReminderScheduled, UserUttered

Json = Any
Entities = tuple[dict[str, Json], ...]
Seconds = Callable[[datetime], float]
"""Turns a time into Unix seconds; decides what a time without a zone means."""


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """One scheduled reminder; its name is unique in its conversation.

    due: Unix seconds, UTC. action: what runs (0.x form), else `intent` with `entities` is
    injected. kill_on_user_msg: a message of the user ends it. channel: where the conversation
    was when it was scheduled, None when that was no channel.
    """

    sender_id: str
    name: str
    due: float
    action: str | None = None
    intent: str | None = None
    entities: Entities = ()
    kill_on_user_msg: bool = True
    channel: str | None = None


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """Which reminders of a conversation to drop: those that match every field given."""

    name: str | None = None
    action: str | None = None
    intent: str | None = None
    entities: Entities = ()

    def matches(self, reminder: Reminder) -> bool:
        """Tell whether this reminder is meant. An empty field is not given."""
        return (
            (not self.name or self.name == reminder.name)
            and (not self.action or self.action == reminder.action)
            and (not self.intent or self.intent == reminder.intent)
            and (not self.entities or self.entities == reminder.entities)
        )


Step = Reminder | Cancellation


class ScheduleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit does to one conversation's schedule.

    fired: on the schedule until now, and off it with this commit. steps: then taken in order; a
    reminder replaces the one of its name.
    """

    fired: Reminder | None = None
    steps: tuple[Step, ...] = ()


def rescheduled(
    known: Mapping[str, Reminder], change: ScheduleChange
) -> dict[str, Reminder] | None:
    """Return a conversation's reminders by name after a change.

    None: `fired` is not on the schedule as it is, somebody else has fired or replaced it.
    """
    after = dict(known)
    if change.fired is not None and after.pop(change.fired.name, None) != change.fired:
        return None
    for step in change.steps:
        if isinstance(step, Reminder):
            after[step.name] = step
        else:
            after = {name: each for name, each in after.items() if not step.matches(each)}
    return after


def step_of(
    event: ReminderScheduled | ReminderCancelled,
    *,
    sender_id: str,
    channel: str | None,
    seconds: Seconds,
) -> Step:
    """Return what an event does to the schedule.

    Raises:
        EventRejected: the reminder's time is none, or it says not what is to happen.
    """
    if isinstance(event, ReminderCancelled):
        return Cancellation(
            name=event.name,
            action=event.action,
            intent=event.intent,
            entities=entities_of(event.entities),
        )
    if not event.action and not event.intent:
        raise _unusable("names neither an intent nor an action", "Give it an intent.")
    try:
        due = seconds(datetime.fromisoformat(event.date_time))
    except (ValueError, OverflowError, OSError) as error:
        hint = "Write its date_time like 2030-01-31T10:00:00+00:00."
        raise _unusable("has no valid time", hint) from error
    return Reminder(
        sender_id=sender_id,
        name=event.name,
        due=due,
        action=event.action or None,
        intent=event.intent or None,
        entities=entities_of(event.entities),
        kill_on_user_msg=event.kill_on_user_msg,
        channel=channel,
    )


def is_in_force(reminder: Reminder, log: Sequence[Event], applied: Sequence[Event]) -> bool:
    """Tell whether a due reminder is still to fire.

    Not after a restart, a new session or an undo took its event back, and not after a message
    when it is of the kind that a message ends. log: the whole one, oldest first.
    """
    if reminder.kill_on_user_msg and _was_spoken_since(reminder.name, log):
        return False
    return any(_schedules(event, reminder.name) for event in applied)


def entities_of(given: Sequence[dict[str, Json]] | Mapping[str, Json] | None) -> Entities:
    """Return entity objects; `{type: value}` is short for a list of them."""
    if isinstance(given, Mapping):
        return tuple({"entity": kind, "value": value} for kind, value in given.items())
    return tuple(given or ())


def external_message(
    intent: str, entities: Entities, *, channel: str | None, generation: Generation
) -> UserUttered:
    """Return the user event of something that happened outside the conversation."""
    text = f"EXTERNAL: {intent}"
    metadata: dict[str, Json] = {"is_external": True}
    parsed: dict[str, Json] = {"intent": {"name": intent}, "entities": [*entities], "text": text}
    if generation is Generation.MODERN:
        parsed |= {"message_id": None, "metadata": metadata}
    return UserUttered(text=text, parse_data=parsed, input_channel=channel, metadata=metadata)


def _was_spoken_since(name: str, log: Sequence[Event]) -> bool:
    for event in reversed(log):
        if _schedules(event, name):
            return False
        if isinstance(event, UserUttered) and event.text:
            return True
    return False


def _schedules(event: Event, name: str) -> bool:
    return isinstance(event, ReminderScheduled) and event.name == name


def _unusable(what: str, hint: str) -> EventRejected:
    return EventRejected(f"a reminder {what}, it is not scheduled", hint=hint, code="T715")
