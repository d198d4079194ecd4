"""Names of items, and values of any size as items of a bounded one.

A value is compressed where that pays; one that is still too large for a transaction is written
before it in pieces, under a name that nobody else has, and only its mention is committed.
"""

import secrets
import zlib
from collections.abc import Sequence
from hashlib import sha256

from tertulia.adapters.stores.documents.service import (
    LARGEST_INLINE,
    LARGEST_ITEM,
    Entry,
    Service,
)
from tertulia.core import stored
from tertulia.core.reminders import Reminder

END = "~"
"""Follows every letter and digit, which names consist of after the part that is given."""

IDS, DUE, GARBAGE = "ids", "due", "garbage"
"""Parts: known conversations; reminders of all of them; what is to be removed."""

REMINDERS, RECEIPT_ORDER = "m", "q"
"""Names within a conversation's own part."""

_PLAIN, _SMALLER, _PIECES = b"p", b"z", b"c"
_WORTH_IT = 1024


def token() -> str:
    """Return a name that nothing else has."""
    return secrets.token_hex(12)


def head_part(sender_id: str) -> str:
    """Return the part of a conversation's head."""
    return f"h{sender_id}"


def data_part(known: str) -> str:
    """Return the part of a log, or of what outlives it."""
    return f"d{known}"


def block_name(last: int) -> str:
    """Return the name of events that end with this sequence number."""
    return f"e{last:016d}"


def receipt_name(key: str) -> str:
    """Return the name of a receipt, whatever its key is."""
    return f"r{sha256(key.encode()).hexdigest()[:40]}"


def due_name(due: float) -> str:
    """Return text that is in the order of times."""
    return f"{stored.ordinal(due):016x}"


def reminder_name(reminder: Reminder) -> str:
    """Return the name of a reminder among those of all conversations."""
    own = f"{len(reminder.sender_id)}:{reminder.sender_id}{reminder.name}"
    return due_name(reminder.due) + sha256(own.encode()).hexdigest()[:40]


def packed(
    part: str, name: str, value: bytes, *, stem: str, pieces_in: str
) -> tuple[Entry, list[Entry]]:
    """Return the item to commit, and the pieces to write before.

    stem: begins the names of the pieces. pieces_in: the part that they lie in.
    """
    data = _PLAIN + value
    if len(value) > _WORTH_IT:
        data = _SMALLER + zlib.compress(value, 1)
    if len(data) <= LARGEST_INLINE:
        return (part, name, data), []
    starts = range(0, len(data), LARGEST_ITEM)
    pieces = [
        (pieces_in, f"{stem}x{n:06d}", data[start : start + LARGEST_ITEM])
        for n, start in enumerate(starts)
    ]
    return (part, name, _PIECES + f"{len(pieces)}:{stem}:{pieces_in}".encode()), pieces


async def unpacked(service: Service, data: bytes) -> bytes | None:
    """Return the value of an item; None when its pieces have gone meanwhile."""
    if data[:1] == _PIECES:
        count, stem, part = data[1:].decode().split(":")
        pieces = await service.scan(
            part, after=f"{stem}x", last=f"{stem}x{END}", limit=int(count) + 1
        )
        if len(pieces) != int(count):
            return None
        data = b"".join(piece for _, piece in pieces)
    try:
        return data[1:] if data[:1] == _PLAIN else zlib.decompress(data[1:])
    except zlib.error as error:
        raise stored.damaged(f"a stored value cannot be unpacked: {error}") from error


def as_blocks(bodies: Sequence[str], first: int, *, most: int) -> list[tuple[int, bytes]]:
    """Return events as up to `most` blocks: the sequence number of its last event, and lines."""
    size = max(100, -(-len(bodies) // most))
    found: list[tuple[int, bytes]] = []
    for start in range(0, len(bodies), size):
        block = bodies[start : start + size]
        found.append((first + start + len(block) - 1, "\n".join(block).encode()))
    return found
