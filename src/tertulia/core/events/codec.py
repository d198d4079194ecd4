"""Events to JSON and back, in both families of the wire.

Rule: what is read is never lost. Keys that an event type does not know stay in `extra`; event
types that nobody knows stay whole, when they come from a store.

Source: spec events.md sections 1 to 3.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, cast

import msgspec

from tertulia.base.errors import EventRejected, nearest
from tertulia.core import events as ev
from tertulia.core.events.event import Event

Raw = Mapping[str, Any]


class Family(Enum):
    """Who reads: clients of 0.x and 1.x, clients of 2.x and 3.x, or the action servers of 0.x
    and 1.x bots, which get every field under the old names of events.
    """

    LEGACY = "legacy"
    MODERN = "modern"
    OLD_NAMES = "old names"


_TYPES: tuple[type[Event], ...] = (
    ev.UserUttered,
    ev.UserFeaturization,
    ev.EntitiesAdded,
    ev.BotUttered,
    ev.SlotSet,
    ev.SessionStarted,
    ev.SessionEnded,
    ev.Restarted,
    ev.AllSlotsReset,
    ev.UserUtteranceReverted,
    ev.ActionReverted,
    ev.ConversationPaused,
    ev.ConversationResumed,
    ev.FollowupAction,
    ev.ReminderScheduled,
    ev.ReminderCancelled,
    ev.StoryExported,
    ev.AgentUttered,
    ev.ActionExecuted,
    ev.ActionExecutionRejected,
    ev.ActiveLoop,
    ev.LoopInterrupted,
)


def _has_default(field: msgspec.structs.FieldInfo) -> bool:
    absent = msgspec.NODEFAULT
    return field.default is not absent or field.default_factory is not absent


_OFF_THE_WIRE = ("extra", "content", "trace")
_TRACED = (ev.ActionExecuted, ev.ActionExecutionRejected)


class _Shape:
    """What the codec needs to know of one event type, looked up once."""

    def __init__(self, kind: type[Event]) -> None:
        self.kind = kind
        own = [f for f in msgspec.structs.fields(kind) if f.name not in _OFF_THE_WIRE]
        self.known = frozenset(f.name for f in own) | {"event"}
        self.not_null = frozenset(f.name for f in own if _has_default(f) and f.default is not None)
        common = {"timestamp", "metadata"}
        self.body = tuple(f.name for f in own if f.name not in common)


_SHAPES = {kind.type_name: _Shape(kind) for kind in _TYPES}
_BY_CLASS = {shape.kind: shape for shape in _SHAPES.values()}

KNOWN_NAMES = (*_SHAPES, "form", "form_validation")
"""Every `event` value that can be read, old names included."""

DROPPED_NAME = "topic"
"""A relic of versions before 0.9: read and silently left out."""

_LEGACY_OMITTED: frozenset[type[Event]] = frozenset(
    {ev.UserFeaturization, ev.EntitiesAdded, ev.SessionStarted, ev.SessionEnded}
)
_LEGACY_FIELDS: dict[type[Event], tuple[str, ...]] = {
    ev.UserUttered: ("text", "parse_data", "input_channel"),
    ev.ActionExecuted: ("name", "policy", "confidence"),
}
_ALWAYS_METADATA = (ev.UserUttered, ev.BotUttered)
_REMINDERS = (ev.ReminderScheduled, ev.ReminderCancelled)


def decode(raw: object, *, now: float) -> Event | None:
    """Return the event that a client or action server sent; None for the relic `topic`.

    now: the time an event without a timestamp gets. Old names become their modern event.

    Raises:
        EventRejected: no object, no or unknown `event`, a field missing or of a wrong type.
    """
    if not isinstance(raw, Mapping):
        raise EventRejected(
            f"an event must be a JSON object, not {_json_type(raw)}",
            hint='Send an object such as {"event": "slot", "name": "x", "value": 1}.',
        )
    fields = cast(Raw, raw)
    name = fields.get("event")
    if not isinstance(name, str):
        raise EventRejected(
            "the object has no 'event'", hint=f"Give one of: {', '.join(sorted(KNOWN_NAMES))}."
        )
    if name == DROPPED_NAME:
        return None
    if name == "form":
        return _convert(_SHAPES["active_loop"], fields, now)
    if name == "form_validation":
        validate = fields.get("validate", True)
        if validate is None:
            validate = True
        changed = {k: v for k, v in fields.items() if k != "validate"}
        if not isinstance(validate, bool):
            raise EventRejected(f"'validate' must be a boolean, not {_json_type(validate)}")
        changed["is_interrupted"] = not validate
        return _convert(_SHAPES["loop_interrupted"], changed, now)
    shape = _SHAPES.get(name)
    if shape is None:
        raise EventRejected(
            f"'{name}' is not a known event name",
            hint=nearest(name, KNOWN_NAMES) or f"Known: {', '.join(sorted(KNOWN_NAMES))}.",
        )
    return _convert(shape, fields, now)


def decode_stored(raw: Raw) -> Event:
    """Return a stored event; what cannot be understood is kept whole as UnknownEvent."""
    try:
        event = decode(raw, now=0.0)
    except EventRejected:
        event = None
    if event is None:
        stamp: object = raw.get("timestamp")
        return ev.UnknownEvent(
            name=str(raw.get("event")),
            timestamp=float(stamp) if isinstance(stamp, (int, float)) else 0.0,
            raw=dict(raw),
        )
    return event


def decode_many(raws: Iterable[object], *, now: float) -> list[Event]:
    """Return the events of a list; objects without `event` and the relic `topic` are skipped.

    Raises:
        EventRejected: as `decode`.
    """
    found: list[Event] = []
    for raw in raws:
        if isinstance(raw, Mapping) and "event" not in raw:
            continue
        event = decode(cast(object, raw), now=now)
        if event is not None:
            found.append(event)
    return found


def encode(event: Event, family: Family = Family.MODERN, *, trace: bool = False) -> dict[str, Any]:
    """Return the event's JSON object. Key order: event, timestamp, metadata, own fields.

    trace: with the explanation of an action, where there is one; for storage and for clients
    that ask for it.
    """
    if isinstance(event, ev.UnknownEvent):
        return dict(event.raw)
    shape = _BY_CLASS[type(event)]
    legacy = family is Family.LEGACY
    out: dict[str, Any] = {"event": shape.kind.type_name, "timestamp": event.timestamp}
    if not legacy and (event.metadata or isinstance(event, _ALWAYS_METADATA)):
        out["metadata"] = event.metadata
    body = _LEGACY_FIELDS.get(type(event), shape.body) if legacy else shape.body
    for name in body:
        out[name] = getattr(event, name)
    _adjust(event, out, old_names=family is not Family.MODERN)
    out.update(event.extra)
    if trace and isinstance(event, _TRACED) and event.trace is not None:
        out["trace"] = event.trace
    return out


def visible(event: Event, family: Family) -> bool:
    """Tell whether clients of this family are shown the event at all."""
    return family is not Family.LEGACY or type(event) not in _LEGACY_OMITTED


def encode_many(
    events: Iterable[Event], family: Family = Family.MODERN, *, trace: bool = False
) -> list[dict[str, Any]]:
    """Return the JSON objects of the events that this family shows. trace: see `encode`."""
    return [encode(event, family, trace=trace) for event in events if visible(event, family)]


def without_trace(event: Event) -> Event:
    """Return the event without its explanation: what a conversation in memory needs of it."""
    if isinstance(event, _TRACED) and event.trace is not None:
        return msgspec.structs.replace(event, trace=None)
    return event


def _adjust(event: Event, out: dict[str, Any], *, old_names: bool) -> None:
    """Rename and leave out what the originals write differently from our field list."""
    if isinstance(event, ev.StoryExported):
        out.pop("path", None)  # never dumped by any version; see StoryExported
    elif isinstance(event, _REMINDERS):
        for name in ("action", "intent", "entities", "name"):
            if out.get(name) is None:
                out.pop(name, None)
    elif old_names and isinstance(event, ev.ActiveLoop):
        out["event"] = "form"
    elif old_names and isinstance(event, ev.LoopInterrupted):
        out["event"] = "form_validation"
        out["validate"] = not out.pop("is_interrupted")


def _split(shape: _Shape, fields: Raw) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of the event type, and the keys that it does not know."""
    own: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in fields.items():
        if key == "trace" and isinstance(value, dict) and issubclass(shape.kind, _TRACED):
            own[key] = value
        elif key not in shape.known:
            extra[key] = value
        elif value is not None or key not in shape.not_null:
            own[key] = value
    own.pop("event", None)
    return own, extra


def _convert(shape: _Shape, fields: Raw, now: float) -> Event:
    own, extra = _split(shape, fields)
    if not own.get("timestamp"):
        own["timestamp"] = now
    if extra:
        own["extra "] = extra
    try:
        event = msgspec.convert(own, shape.kind)
    except msgspec.ValidationError as error:
        raise EventRejected(
            f"the event '{fields['event']}' is not valid: {error}",
            hint="Send every required field with the right type.",
        ) from error
    if isinstance(event, ev.ActionExecuted) and event.name is None and event.action_text is None:
        raise EventRejected("the event 'action' has neither 'name' nor 'action_text'")
    return event


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return {str: "a string", list: "a list"}.get(cast(Any, type(value)), "an object")
