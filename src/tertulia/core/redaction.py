"""What must never be kept is taken out of events before they are part of a conversation.

Rule: a conversation's state is the fold of its stored events. So what is redacted is redacted for
everything that comes after understanding, in this process as in one that reads it later.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from tertulia.core.events import Event, UserUttered
from tertulia.core.reminders import Reminder

Json = Any
_E = TypeVar("_E", bound=Event)

_NAMES = frozenset(
    {
        "action",
        "confidence",
        "date_time",
        "input_channel",
        "intent",
        "message_id",
        "name",
        "policy",
        "timestamp",
    }
)
"""Fields of events that hold no words of people."""

_LABELS = frozenset({"intent", "intent_ranking", "message_id"})
"""Keys of `parse_data` that hold names of the model's."""

_OF_THE_MODEL = frozenset({"entity", "extractor", "group", "processors", "role"})
"""Keys of an entity that hold names of the model's."""


class Pattern(msgspec.Struct, frozen=True):
    """name: stands in place of what matches, in brackets."""

    name: str
    expression: re.Pattern[str]


class Redaction:
    """Replaces what matches one of the patterns, which are tried in order. Without any: nothing."""

    def __init__(self, patterns: Sequence[Pattern] = ()) -> None:
        self._patterns = tuple(patterns)

    def event(self, event: _E) -> _E:
        """Return the event without it: the same object when there is nothing to take out."""
        if not self._patterns:
            return event
        changes: dict[str, Json] = {}
        for field in event.__struct_fields__:
            value = getattr(event, field)
            if field in _NAMES or value is None:
                continue
            redacted = self._field(event, field, value)
            if redacted != value:
                changes[field] = redacted
        return msgspec.structs.replace(event, **changes) if changes else event

    def reminder(self, reminder: Reminder) -> Reminder:
        """Return a reminder whose entities are without it."""
        entities = tuple(self._entity(each) for each in reminder.entities)
        return msgspec.structs.replace(reminder, entities=entities)

    def text(self, text: str) -> str:
        """Return a text without it."""
        for pattern in self._patterns:
            text = pattern.expression.sub(f"[{pattern.name}]", text)
        return text

    def _field(self, event: Event, field: str, value: Json) -> Json:
        if isinstance(event, UserUttered) and field == "parse_data":
            return self._parsed(cast(dict[str, Json], value))
        if field == "entities":
            return self._entities(value)
        return self._any(value)

    def _parsed(self, parsed: dict[str, Json]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key, value in parsed.items():
            if key in _LABELS:
                found[key] = value
            else:
                found[key] = self._entities(value) if key == "entities" else self._any(value)
        return found

    def _entities(self, given: Json) -> Json:
        if not isinstance(given, list):
            return self._any(given)
        return [self._entity(each) for each in cast(list[Json], given)]

    def _entity(self, entity: Json) -> Json:
        if not isinstance(entity, dict):
            return self._any(entity)
        known = cast(dict[str, Json], entity)
        return {
            key: value if key in _OF_THE_MODEL else self._any(value) for key, value in known.items()
        }

    def _any(self, value: Json) -> Json:
        match value:
            case str():
                return self.text(value)
            case bool() | None:
                return value
            case int() | float():
                return self._number(value)
            case list():
                return [self._any(each) for each in cast(list[Json], value)]
            case dict():
                pairs = cast(dict[str, Json], value).items()
                return {key: self._any(each) for key, each in pairs}
            case _:
                return value

    def _number(self, value: float) -> Json:
        """Return a number, or the name of what it is as a whole: a card's, say."""
        for pattern in self._patterns:
            if pattern.expression.fullmatch(str(value)):
                return f"[{pattern.name}]"
        return value


NOTHING_REDACTED = Redaction()
