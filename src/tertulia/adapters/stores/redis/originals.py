"""Reads what the originals left in Redis, and changes nothing."""

from collections.abc import AsyncIterator
from typing import Any

from tertulia.adapters.shared.redis_client import DRIVER_ERRORS, open_client
from tertulia.adapters.stores.redis.keys import Names
from tertulia.adapters.stores.redis.old import read_old
from tertulia.adapters.stores.redis.unpickle import read_pickle
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.stored import Moved
from tertulia.schema.stores import RedisStore

_PICKLE = b"\x80"


class RedisOriginals:
    """Every conversation of a server under a key of the originals.

    allow_pickle: those of 0.x and early 1.x too, read without building anything but plain values.
    """

    def __init__(self, config: RedisStore, *, allow_pickle: bool) -> None:
        self._client, self._where = open_client(config, timeout=config.timeout)
        self._prefix = Names(config.key_prefix).originals
        self._allow_pickle = allow_pickle

    async def conversations(self) -> AsyncIterator[Moved]:
        """Yield conversations, each once, in no order.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        try:
            async for key in self._client.scan_iter(count=1000, _type="string"):
                moved = await self._read(key)
                if moved is not None:
                    yield moved
        except DRIVER_ERRORS as error:
            raise stored.unreachable(self._where, error) from error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _read(self, key: bytes) -> Moved | None:
        value: Any = await self._client.get(key)
        sender_id = key.removeprefix(self._prefix).decode(errors="replace")
        is_ours = key.startswith(self._prefix)
        if value is None or (not is_ours and b":" in key):
            return None
        try:
            if value.startswith(_PICKLE) and self._allow_pickle:
                events = read_pickle(value, sender_id)
            else:
                events = read_old(value, sender_id)
        except StoreUnavailable as error:
            return Moved(sender_id=sender_id, events=(), problem=str(error))
        return None if events is None else Moved(sender_id=sender_id, events=events)
