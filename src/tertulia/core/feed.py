"""Everything that is stored, in the order in which it was stored: for those who follow live.

A store may have a feed or not; those that have one implement `EventFeed` beside `TrackerStore`.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Literal, Protocol, runtime_checkable

import msgspec

from tertulia.core.events import Event

Kind = Literal["event", "replaced", "erased"]

KEPT_ERASURES = 1000
"""How many notes of erasures a feed keeps: the newest ones, and all that a cursor has before it."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was stored.

    position: greater than that of everything stored before, and never used twice. kind: `event`;
    `replaced`, the conversation begins anew with the entries that follow; `erased`, it was
    forgotten. sender_id: whose; `forgotten_id` of it when it was erased. seq: the event's sequence
    number in its conversation, 0 without event.
    """

    position: int
    kind: Kind
    sender_id: str
    seq: int = 0
    event: Event | None = None


@runtime_checkable
class EventFeed(Protocol):
    """The feed of a store.

    An entry is readable only once all entries with smaller positions are, so whoever reads on
    after the last position seen misses nothing. Entries of a conversation that was erased or
    replaced go with its events; a note of it takes their place.
    """

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return up to `limit` entries, the next after position `after`, in order.

        sender_id: only of this conversation. Cost: those entries.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        ...

    async def feed_end(self) -> int:
        """Return the newest position that was given out, 0 before the first. Cost: constant."""
        ...


class FeedCursors(Protocol):
    """How far readers of the feed are whose places outlive them. Their names are few."""

    async def read(self) -> Mapping[str, int]:
        """Return the position of every cursor by its name.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        ...

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor durably, if it still stands where it is expected; return whether it did.

        None is the place of a cursor that does not exist: it is made from it, and removed to it.

        Raises:
            StoreUnavailable: it is not known to have moved.
        """
        ...


@runtime_checkable
class DurableFeed(EventFeed, Protocol):
    """A feed whose readers may keep their places in the store."""

    @property
    def cursors(self) -> FeedCursors:
        """Return the places. Notes of erasures stay until every cursor has passed them."""
        ...


def forgotten_id(sender_id: str) -> str:
    """Return the name of an erased conversation: one that knows the id can recognise it by.

    SHA-256 of the id in UTF-8, 64 hexadecimal digits.
    """
    return sha256(sender_id.encode("utf-8", "surrogatepass")).hexdigest()
