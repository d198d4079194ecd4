"""The feed as a stream: what it tells of events is where they are, and they are read from there.

An entry and its event are written by one script. The events of a conversation that was taken over
from the originals are not in it: these have told them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tertulia.adapters.stores.redis import scripts
from tertulia.adapters.stores.redis.server import Server
from tertulia.core import stored
from tertulia.core.feed import FeedEntry, Kind, forgotten_id

_LAST_NUMBER = 2**52
_KINDS: dict[bytes, Kind] = {b"event": "event", b"replaced": "replaced", b"erased": "erased"}
_pack = msgspec.msgpack.Encoder().encode


class RedisFeed:
    """See `DurableFeed`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._read = server.client.register_script(scripts.READ_FEED)
        self.cursors = RedisCursors(server)

    async def read(self, after: int, limit: int, sender_id: str | None) -> Sequence[FeedEntry]:
        """Return the next entries. Cost: those, and those of conversations that have expired."""
        call: dict[str, Any] = {"after": max(0, after), "limit": min(max(0, limit), _LAST_NUMBER)}
        if sender_id is not None:
            stored.check_text(sender_id)
            call |= {"id": sender_id, "forgotten": forgotten_id(sender_id)}
        keys = self._server.names.of_feed(sender_id or "")
        found = await self._server.ask(lambda: self._read(keys=keys, args=[_pack(call)]))
        return [_entry(*each) for each in found]

    async def end(self) -> int:
        """Return the newest position."""
        name = self._server.names.feed_end
        return int(await self._server.ask(lambda: self._server.client.get(name)) or 0)


class RedisCursors:
    """See `FeedCursors`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._move = server.client.register_script(scripts.MOVE_CURSOR)

    async def read(self) -> Mapping[str, int]:
        """Return all positions by their names."""
        name = self._server.names.cursors
        found = await self._server.ask(lambda: self._server.client.hgetall(name))
        return {each.decode(): int(position) for each, position in found.items()}

    async def move(self, name: str, *, expected: int | None, to: int | None) -> bool:
        """Move a cursor that stands where it is expected; return whether it did."""
        call = {"name": stored.check_text(name), "expected": expected, "to": to}
        known = {key: value for key, value in call.items() if value is not None}
        keys = [self._server.names.cursors]
        return bool(await self._server.ask(lambda: self._move(keys=keys, args=[_pack(known)])))


def _entry(position: int, kind: bytes, name: bytes, seq: int, body: bytes | None) -> FeedEntry:
    event = None if body is None else stored.decode_events([body])[0]
    return FeedEntry(
        position=position, kind=_KINDS[kind], sender_id=name.decode(), seq=seq, event=event
    )
