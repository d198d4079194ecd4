"""Reads the answer of a custom action, whoever ran it.

Source: spec sdk.md section 2.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.base.errors import EventRejected
from tertulia.core.asks import ActionAnswer
from tertulia.core.events import Event
from tertulia.core.events.codec import decode

Json = Any


class _Fields(msgspec.Struct):
    events: list[dict[str, Json]] | None = None
    responses: list[dict[str, Json]] | None = None


def read_answer(found: Mapping[str, Json]) -> tuple[ActionAnswer, list[EventRejected]]:
    """Return the answer without the events that cannot be read, and what is wrong with those.

    Raises:
        msgspec.ValidationError: `events` or `responses` is no list of objects.
    """
    fields = msgspec.convert(found, _Fields)
    events: list[Event] = []
    faults: list[EventRejected] = []
    for raw in fields.events or ():
        if "event" not in raw:
            continue
        try:
            event = decode(raw, now=0.0)
        except EventRejected as error:
            faults.append(error)
            continue
        if event is not None:
            events.append(event)
    return ActionAnswer(events=events, responses=fields.responses or ()), faults
