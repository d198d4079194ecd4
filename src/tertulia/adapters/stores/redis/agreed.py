"""The agreed model as a hash of its number and its text."""

from tertulia.adapters.stores.redis.server import Server
from tertulia.core.agreed import Agreed, pack_agreed, unpack_agreed

_WRITE = """
local found = tonumber(redis.call('HGET', KEYS[1], 'number') or '0')
if found ~= tonumber(ARGV[1]) - 1 then return 0 end
redis.call('HSET', KEYS[1], 'number', ARGV[1], 'body', ARGV[2])
return 1
"""


class RedisAgreed:
    """See `AgreedModel`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._write = server.client.register_script(_WRITE)

    async def read(self) -> Agreed | None:
        """Return what was decided last."""
        name = self._server.names.agreed
        body = await self._server.ask(lambda: self._server.client.hget(name, "body"))
        return None if body is None else unpack_agreed(body)

    async def write(self, agreed: Agreed) -> bool:
        """Put a decision in place of the one before it."""
        keys, values = [self._server.names.agreed], [agreed.number, pack_agreed(agreed)]
        return bool(await self._server.ask(lambda: self._write(keys=keys, args=values)))
