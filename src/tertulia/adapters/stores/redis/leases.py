"""Leases as keys that run out by themselves, each beside the counter of its tokens."""

from collections.abc import Awaitable, Callable
from typing import Any

from tertulia.adapters.stores.redis.keys import Names
from tertulia.core.stored import check_text

_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if holder then return tonumber(redis.call('GET', KEYS[2]) or redis.call('INCR', KEYS[2])) end
return redis.call('INCR', KEYS[2])
"""
_DROP = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

Ask = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


class RedisLeases:
    """See `LeaseKeeper`. ask: performs a call. client: registers scripts. names: of keys."""

    def __init__(self, ask: Ask, client: Any, names: Names) -> None:
        self._ask = ask
        self._names = names
        self._take = client.register_script(_TAKE)
        self._drop = client.register_script(_DROP)

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        """Take or renew a lease."""
        values = (check_text(holder), max(1, int(seconds * 1000)))
        keys = self._names.of_lease(check_text(name))
        found = await self._ask(lambda: self._take(keys=keys, args=values))
        return None if found is None else int(found)

    async def drop(self, name: str, holder: str) -> None:
        """Let others take it."""
        keys = self._names.of_lease(check_text(name))
        await self._ask(lambda: self._drop(keys=keys, args=(check_text(holder),)))
