"""What a store of the originals is handed and hands back: a tracker as far as stores use one."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.events.codec import decode_stored, encode


class OriginalEvent:
    """An event with the attributes that stores of the originals read."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw
        self.type_name: str = raw.get("event", "")
        self.timestamp: float | None = raw.get("timestamp")
        self.metadata: dict[str, Any] = raw.get("metadata") or {}

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON object."""
        return dict(self._raw)


class OriginalDialogue:
    """What `as_dialogue` returns."""

    def __init__(self, name: str, events: Sequence[OriginalEvent]) -> None:
        self.name = name
        self.events = list(events)

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON object, as the originals store it."""
        return {"events": [event.as_dict() for event in self.events], "name": self.name}


class OriginalTracker:
    """A conversation, all sessions of it. Slots and the rest of the state are not there."""

    def __init__(self, sender_id: str, events: Sequence[Event]) -> None:
        self.sender_id = sender_id
        self.events = deque(OriginalEvent(encode(event, trace=True)) for event in events)

    def current_state(self, *_: object, **__: object) -> dict[str, Any]:
        """Return sender_id, events and the time of the last one."""
        events = [event.as_dict() for event in self.events]
        last = events[-1].get("timestamp") if events else None
        return {"sender_id": self.sender_id, "events": events, "latest_event_time": last}

    def as_dialogue(self) -> OriginalDialogue:
        """Return name and events."""
        return OriginalDialogue(self.sender_id, list(self.events))


def events_of(found: Any) -> list[Event]:
    """Return the events of what `retrieve` returned: a tracker, its JSON object, or None.

    Raises:
        StoreUnavailable: it is something else (T640).
    """
    if found is None:
        return []
    is_json = isinstance(found, Mapping)
    events = cast(Any, found).get("events") if is_json else getattr(found, "events", None)
    if not isinstance(events, Iterable) or isinstance(events, str):
        kind = type(cast(object, found)).__name__
        raise stored.damaged(f"a {kind} has no list of events")
    return [_event(each) for each in cast(Iterable[object], events)]


def _event(found: Any) -> Event:
    raw = found.as_dict() if hasattr(found, "as_dict") else found
    if not isinstance(raw, dict):
        raise stored.damaged(f"a {type(found).__name__} is no event")
    return decode_stored(cast(dict[str, Any], raw))
