"""Places of event brokers in the feed, for those who look after a store: listed, and dropped.

A broker that is no longer configured keeps its place, since it may come back; until somebody
drops it, notes of erasures wait for it.
"""

from collections.abc import Collection

import msgspec

from tertulia.base.errors import ConfigError
from tertulia.core.feed import DurableFeed
from tertulia.core.ports import TrackerStore
from tertulia.engine.outbox import PREFIX

NOT_DROPPED = "T895"


class BrokerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """How far a broker has been told. waiting: entries of the feed after that, erased ones too.

    configured: the endpoints file at hand names this broker.
    """

    name: str
    position: int
    waiting: int
    configured: bool


async def places(store: TrackerStore, configured: Collection[str]) -> list[BrokerPlace]:
    """Return the places that a store keeps, by name; none where it has no feed.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    if not isinstance(store, DurableFeed):
        return []
    found, end = await store.cursors.read(), await store.feed_end()
    return [
        BrokerPlace(
            name=name.removeprefix(PREFIX),
            position=position,
            waiting=max(0, end - position),
            configured=name.removeprefix(PREFIX) in configured,
        )
        for name, position in sorted(found.items())
        if name.startswith(PREFIX)
    ]


async def drop_place(store: TrackerStore, name: str, configured: Collection[str]) -> BrokerPlace:
    """Forget how far a broker has been told; return how far that was.

    Raises:
        ConfigError: it is configured, has no place, or is being told just now (T895).
        StoreUnavailable: the store did not answer.
    """
    known = {place.name: place for place in await places(store, configured)}
    place = known.get(name)
    if place is None:
        shown = ", ".join(map(repr, known)) or "none"
        raise _refusal(f"there is no place of an event broker '{name}'", f"There are: {shown}.")
    if place.configured:
        raise _refusal(
            f"the event broker '{name}' is configured, and would miss what waits for it",
            "Take it out of endpoints.yml first, and restart the servers.",
        )
    if not isinstance(store, DurableFeed) or not await store.cursors.move(
        PREFIX + name, expected=place.position, to=None
    ):
        raise _refusal(
            f"the event broker '{name}' is being told just now",
            "Restart the servers that still have it in their endpoints.yml.",
        )
    return place


def _refusal(problem: str, hint: str) -> ConfigError:
    return ConfigError(problem, hint=hint, code=NOT_DROPPED)
