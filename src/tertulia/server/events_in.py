"""Events that clients send: checked before any of them is logged.

Source: spec events.md section 9, http_api.md "tracker/events".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import replace

from tertulia.base.errors import EventRejected, RequestError
from tertulia.core.events import Event, ReminderScheduled, SlotSet, UserUttered
from tertulia.core.events.codec import decode
from tertulia.server.errors import WRONG_EVENTS

Json = Any
T = TypeVar("T", bound=msgspec.Struct)


class _Intent(msgspec.Struct):
    name: str | None = None
    confidence: float | None = None


class _Entity(msgspec.Struct):
    entity: str
    value: Any
    start: int | None = None
    end: int | None = None


class ParseData(msgspec.Struct):
    """What must hold of an understanding that a client brings along."""

    intent: _Intent | None = None
    entities: list[_Entity] | None = None
    intent_ranking: list[_Intent] | None = None
    text: str | None = None


class _Entities(msgspec.Struct):
    entities: list[_Entity]


def one_or_more(body: Json, *, now: float, legacy: bool) -> list[Event]:
    """Return the events of a body that is one event or a list of them.

    Raises:
        RequestError: none, or one that is not valid.
    """
    raws = cast(list[Json], body) if isinstance(body, list) else [body]
    events = _checked(raws, now=now, legacy=legacy)
    if not events:
        raise _wrong("couldn't extract a proper event from the request body.")
    return events


def any_number(body: Json, *, now: float, legacy: bool, skip_unnamed: bool) -> list[Event]:
    """Return the events of a body that is a list. skip_unnamed: objects without `event` are no
    fault.

    Raises:
        RequestError: no list, or an event that is not valid.
    """
    if not isinstance(body, list):
        raise _wrong("the body must be a list of events.")
    raws = cast(list[Json], body)
    if skip_unnamed:
        raws = [raw for raw in raws if not _is_unnamed(raw)]
    return _checked(raws, now=now, legacy=legacy)


def _is_unnamed(raw: Json) -> bool:
    return isinstance(raw, dict) and "event" not in raw


def _checked(raws: Sequence[Json], *, now: float, legacy: bool) -> list[Event]:
    found: list[Event] = []
    for position, raw in enumerate(raws):
        try:
            event = decode(raw, now=now)
            if event is not None:
                found.append(_checked_one(event, cast(Mapping[str, Json], raw), legacy=legacy))
        except (EventRejected, msgspec.ValidationError) as error:
            where = f"event {position}: " if len(raws) > 1 else ""
            what = error.message if isinstance(error, EventRejected) else str(error)
            hint = error.hint if isinstance(error, EventRejected) else ""
            raise RequestError(
                f"the events are not valid. {where}{what}",
                parameter="" if legacy else None,
                where="body",
                hint=hint,
                code=WRONG_EVENTS,
            ) from error
    return found


def _checked_one(event: Event, raw: Mapping[str, Json], *, legacy: bool) -> Event:
    """Check what the wire's types alone do not say. Times are written one way from here on."""
    if isinstance(event, UserUttered):
        msgspec.convert(event.parse_data, ParseData)
    elif isinstance(event, SlotSet):
        if "value" not in raw and not legacy:
            raise EventRejected("the event 'slot' has no 'value'", hint="Null empties the slot.")
    elif isinstance(event, ReminderScheduled):
        try:
            return replace(event, date_time=datetime.fromisoformat(event.date_time).isoformat())
        except ValueError as error:
            raise EventRejected(
                "the reminder's 'date_time' is no time",
                hint="Write it like 2030-01-31T10:00:00+00:00.",
            ) from error
    elif event.type_name == "entities":
        msgspec.convert(raw, _Entities)
    return event


def _wrong(message: str) -> RequestError:
    return RequestError(message, parameter="", where="body", code=WRONG_EVENTS)
