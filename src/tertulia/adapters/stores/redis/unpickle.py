"""Reads pickles of 0.x and 1.x without building anything but plain values.

Rule: no name of a pickle is imported. Classes of the originals become records that only hold
attributes; what a dialogue of theirs never contains is refused.

Source: spec endpoints.md sections 6 and 10.
"""

import io
import pickle
import pickletools
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NoReturn

from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.events.codec import decode_stored

_PACKAGES = ("rasa_core.", "rasa.core.")
_PLAIN: dict[tuple[str, str], Any] = {
    ("collections", "deque"): deque,
    ("datetime", "datetime"): datetime,
}
_MOST_BYTES = 64 * 1024 * 1024


class _Record:
    """An object of the originals: its class's name, and attributes."""

    kind = ""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments


class _Plain(pickle.Unpickler):
    """Knows two classes of the standard library and, as records, those of the originals."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what may stand for a name."""
        known = _PLAIN.get((module_name, global_name))
        if known is not None:
            return known
        if global_name == "_reconstructor" and module_name in ("copyreg", "copy_reg"):
            return _reconstruct
        if (module_name, global_name) == ("_codecs", "encode"):
            return _bytes
        if (module_name, global_name) in (("builtins", "object"), ("__builtin__", "object")):
            return object
        if module_name.startswith(_PACKAGES) or module_name.partition(".")[0] in (
            "pytz",
            "tzlocal",
        ):
            return type("Record", (_Record,), {"kind": global_name})
        raise pickle.UnpicklingError(f"it names {module_name}.{global_name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        """Refuse what lies outside the pickle."""
        raise pickle.UnpicklingError("it refers to something outside")


def _reconstruct(kind: type[Any], base: type[Any], state: object) -> object:
    if not issubclass(kind, _Record) or base is not object:
        raise pickle.UnpicklingError("it rebuilds something else than a dialogue")
    return kind()


def _bytes(text: str, encoding: str) -> bytes:
    """Return the bytes that older pickles write as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it holds bytes as {encoding}")
    return text.encode("latin1")


def read_pickle(value: bytes, sender_id: str) -> list[Event]:
    """Return the events of a pickled dialogue.

    Raises:
        StoreUnavailable: it holds something else (T640).
    """
    try:
        if len(value) > _MOST_BYTES:
            raise pickle.UnpicklingError("it is too large")  # noqa: TRY301 - one way out
        _check_sizes(value)
        dialogue: Any = _Plain(io.BytesIO(value)).load()
        records: Sequence[Any] = dialogue.__dict__["events"]
        events = [_event(each) for each in records]
    except (pickle.UnpicklingError, *_BROKEN) as error:
        detail = f"the pickle of {sender_id[:80]!r} is no dialogue: {error}"
        raise stored.damaged(detail) from error
    return events


def _check_sizes(value: bytes) -> None:
    """Refuse what makes Python's reader of pickles ask for memory that has nothing to do with them.

    Raises:
        pickle.UnpicklingError: a number of its memory is greater than its length.
        ValueError: a length goes beyond its end.
    """
    for opcode, argument, _ in pickletools.genops(value):
        if opcode.name in _NUMBERING and int(argument) > len(value):  # pyright: ignore[reportArgumentType]
            raise pickle.UnpicklingError(f"it numbers something {argument}")


_NUMBERING = ("PUT", "BINPUT", "LONG_BINPUT")
_BROKEN = (
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the reader of pickles raises for bytes that are none."""


def _event(record: Any) -> Event:
    fields: dict[str, Any] = record.__dict__
    name, renamed = _EVENTS[record.kind]
    raw: dict[str, Any] = {"event": name, "timestamp": fields.get("timestamp")}
    raw |= {wire: _plain(fields.get(own)) for own, wire in renamed.items()}
    if name == "user" and not raw["parse_data"]:
        raw["parse_data"] = {
            "intent": _plain(fields.get("intent") or {}),
            "entities": _plain(fields.get("entities") or []),
            "text": raw["text"],
        }
    return decode_stored(raw)


def _plain(value: Any) -> Any:
    """Return JSON; times as the originals dump them."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in _items(value)]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in _pairs(value)}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"a value of {type(value).__name__}")


_items: Callable[[Any], list[Any]] = list
_pairs: Callable[[Any], Any] = dict[Any, Any].items

_NAMED = {"name": "name"}
_RAN = {"action_name": "name", "policy": "policy", "confidence": "confidence"}
_SAID = {"text": "text", "data": "data"}
_EVENTS: dict[str, tuple[str, dict[str, str]]] = {
    "UserUttered": (
        "user",
        {
            "text": "text",
            "parse_data": "parse_data",
            "input_channel": "input_channel",
            "message_id": "message_id",
        },
    ),
    "BotUttered": ("bot", _SAID),
    "AgentUttered": ("agent", _SAID),
    "SlotSet": ("slot", {"key": "name", "value": "value"}),
    "ActionExecuted": ("action", _RAN),
    "ActionExecutionRejected": ("action_execution_rejected", _RAN),
    "FollowupAction": ("followup", {"action_name": "name"}),
    "Form": ("form", _NAMED),
    "FormValidation": ("form_validation", {"validate": "validate"}),
    "ReminderScheduled": (
        "reminder",
        {
            "action_name": "action",
            "trigger_date_time": "date_time",
            "name": "name",
            "kill_on_user_message": "kill_on_user_msg",
        },
    ),
    "ReminderCancelled": ("cancel_reminder", {"action_name": "action"}),
    "Restarted": ("restart", {}),
    "AllSlotsReset": ("reset_slots", {}),
    "UserUtteranceReverted": ("rewind", {}),
    "ActionReverted": ("undo", {}),
    "ConversationPaused": ("pause", {}),
    "ConversationResumed": ("resume", {}),
    "StoryExported": ("export", {}),
    "SessionStarted": ("session_started", {}),
}
"""Class to the event's name on the wire, and attributes to its fields."""
