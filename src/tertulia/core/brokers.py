"""What event brokers are told of conversations: messages made of the feed, and who delivers them.

Source: spec endpoints.md section 7 (bodies).
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol, runtime_checkable

import msgspec

from tertulia.core.events import Event
from tertulia.core.events.codec import Family, encode, visible
from tertulia.core.feed import FeedEntry, forgotten_id

Json = Any

_encode = msgspec.json.Encoder().encode
_ID_DIGITS = 32


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to deliver.

    id: 32 hexadecimal digits; the same whenever it is sent again, and never that of another.
    lane: names a conversation, also one that was erased; messages of one lane stay in order.
    sender_id: whose it is; `forgotten_id` of it when it was erased. body: a JSON object in UTF-8.
    headers: of the message, for brokers whose messages have any.
    """

    id: str
    lane: str
    sender_id: str
    body: bytes
    headers: Mapping[str, str] = {}


@runtime_checkable
class EventBroker(Protocol):
    """Takes messages and keeps them for others. One call at a time."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Deliver messages, in order within each lane; return when all are confirmed.

        Messages that were delivered before may come again.

        Raises:
            BrokerUnavailable: some are not known to be delivered.
            MessageRefused: the broker will never take one of them; others may not be delivered.
        """
        ...

    async def check(self) -> str:
        """Try whether messages could be delivered, and deliver none; return what was found.

        Raises:
            BrokerUnavailable: they could not.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def event_message(
    sender_id: str,
    seq: int,
    event: Event,
    *,
    family: Family = Family.MODERN,
    offset: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Message:
    """Return the message of one event. seq: its sequence number. offset: added to its time.

    The id depends on conversation, number and the event's own time: a conversation that begins
    anew after it was erased counts from 1 again.
    """
    number = _id(sender_id, seq, event.timestamp)
    body: dict[str, Json] = {"sender_id": sender_id, **encode(event, family)}
    if offset:
        body["timestamp"] = event.timestamp + offset
    if family is Family.MODERN:
        body |= {"event_id": number, "seq": seq}
    return Message(
        id=number,
        lane=forgotten_id(sender_id),
        sender_id=sender_id,
        body=_encode(body),
        headers=headers or {},
    )


def message_of(entry: FeedEntry, family: Family = Family.MODERN) -> Message | None:
    """Return the message of an entry; None for events that readers of this family do not know."""
    if entry.event is not None:
        if not visible(entry.event, family):
            return None
        return event_message(entry.sender_id, entry.seq, entry.event, family=family)
    lane = entry.sender_id if entry.kind == "erased" else forgotten_id(entry.sender_id)
    number = _id(lane, entry.kind, entry.position)
    body = {"sender_id": entry.sender_id, "event": entry.kind, "event_id": number}
    return Message(id=number, lane=lane, sender_id=entry.sender_id, body=_encode(body))


def _id(*parts: Json) -> str:
    return sha256(_encode(parts)).hexdigest()[:_ID_DIGITS]
