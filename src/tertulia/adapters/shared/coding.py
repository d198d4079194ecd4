"""Events to what stores keep, and back: many of them in a thread, beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from tertulia.core import stored
from tertulia.core.events import Event

A = TypeVar("A")
R = TypeVar("R")

_AT_ONCE = 200
"""Events that are few enough to be handled at once."""


async def handled(work: Callable[[Sequence[A]], R], many: Sequence[A]) -> R:
    """Return what the work makes of a sequence; in a thread when it is long."""
    if len(many) <= _AT_ONCE:
        return work(many)
    return await asyncio.to_thread(work, tuple(many))


async def encoded(events: Sequence[Event]) -> list[stored.StoredEvent]:
    """Return events as they are kept. Raises as `stored.encode_events`."""
    return await handled(stored.encode_events, events)


async def bodies_of(events: Sequence[Event]) -> list[str]:
    """Return events as JSON. Raises as `stored.encode_events`."""
    return [row.data for row in await encoded(events)]


async def decoded(bodies: Sequence[str] | Sequence[bytes]) -> Sequence[Event]:
    """Return the events of stored JSON. Raises as `stored.decode_events`."""
    return await handled(stored.decode_events, bodies)
