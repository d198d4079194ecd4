"""Conversations as the originals keep them: one JSON text with all events, or a pickle.

Source: spec endpoints.md section 6 (redis).
"""

import json
from typing import Any, cast

from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.events.codec import decode_stored

_PICKLE = b"\x80"


def read_old(value: bytes, sender_id: str) -> list[Event] | None:
    """Return the events of a conversation; None when the value is something else.

    Raises:
        StoreUnavailable: a pickle, which could run anything when it is read (T643).
    """
    if value.startswith(_PICKLE):
        raise pickled(sender_id)
    try:
        content: object = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    events = cast(dict[str, Any], content).get("events")
    if not isinstance(events, list):
        return None
    raws = cast(list[Any], events)
    return [decode_stored(cast(dict[str, Any], raw)) for raw in raws if isinstance(raw, dict)]


def pickled(sender_id: str) -> StoreUnavailable:
    """Return what to raise for a conversation of 0.x or early 1.x."""
    return stored.refusal(
        "T643",
        f"the conversation {sender_id[:80]!r} is stored as a pickle",
        hint="Bring it over with `tertulia store import --allow-pickle`.",
        retry=False,
    )
