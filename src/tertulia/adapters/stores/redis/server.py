"""The server: performs scripts and other calls, and turns what fails into words.

A conversation of the originals is taken over before the first script that asks for it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec
from redis.exceptions import AuthenticationError, ResponseError

from tertulia.adapters.shared.coding import bodies_of
from tertulia.adapters.shared.redis_client import DRIVER_ERRORS, open_client
from tertulia.adapters.shared.writes import Writes
from tertulia.adapters.stores.redis import scripts
from tertulia.adapters.stores.redis.keys import Names
from tertulia.adapters.stores.redis.old import read_old
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.schema.stores import RedisStore

_pack = msgspec.msgpack.Encoder().encode


class Server:
    """One client of one server. expire: milliseconds after which conversations go, or None.

    writes: those under way; other calls are refused once it is closed.
    """

    def __init__(self, config: RedisStore) -> None:
        self.client, self._where = open_client(config, timeout=config.timeout)
        self.names = Names(config.key_prefix)
        self.expire = None if config.record_exp is None else int(config.record_exp * 1000)
        self._scripts = {
            text: self.client.register_script(text)
            for text in (scripts.WRITE, scripts.READ, scripts.ERASE, scripts.REMINDERS)
        }
        self.writes = Writes()

    async def run(self, script: str, sender_id: str, call: dict[str, Any]) -> Any:
        """Return a script's answer; take the conversation over from the originals before."""
        keys = self.names.of(stored.check_text(sender_id))
        values = {"id": sender_id, **call}
        answer = await self._script(script, keys, values)
        if answer[0] != b"old":
            return answer
        for source in keys[9:11]:
            if await self._take_over(sender_id, keys, source):
                break
        return await self._script(script, keys, {**values, "seen": True})

    async def _take_over(self, sender_id: str, keys: Sequence[bytes], source: bytes) -> bool:
        if await self.ask(lambda: self.client.type(source)) != b"string":
            return False
        value = await self.ask(lambda: self.client.get(source))
        events = None if value is None else read_old(value, sender_id)
        if events is None:
            return False
        call = {
            "id": sender_id,
            "seen": True,
            "expected": 0,
            "events": await bodies_of(events),
            "source": source,
        }
        await self._script(scripts.WRITE, keys, call)
        return True

    async def _script(self, script: str, keys: Sequence[bytes], call: dict[str, Any]) -> Any:
        call = {**call, "expire": self.expire, "heads": self.names.heads}
        values = {name: value for name, value in call.items() if value is not None}
        arguments: list[bytes] = [b""]
        arguments[0] = _pack(_without_bytes(values, arguments))
        return await self.ask(lambda: self._scripts[script](keys=keys, args=arguments))

    async def ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Return what the server answers to a call.

        Raises:
            StoreUnavailable: closed, no answer, or a refusal.
        """
        self.writes.check_open()
        return await self._guarded(call())

    async def _guarded(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except AuthenticationError as error:
            hint = "Check `username` and `password`."
            raise stored.rejected(self._where, error, hint) from error
        except ResponseError as error:
            raise _refused(self._where, error) from error
        except DRIVER_ERRORS as error:
            raise stored.unreachable(self._where, error) from error

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        await self.writes.close()
        await self.client.aclose()


def _refused(where: str, error: ResponseError) -> StoreUnavailable:
    said = str(error)
    if said.startswith(("OOM", "MISCONF", "READONLY", "LOADING", "BUSY", "CLUSTERDOWN")):
        return stored.unreachable(where, error)
    return stored.rejected(where, error, "Check the server's rights and configuration.")


def _without_bytes(value: Any, arguments: list[bytes]) -> Any:
    """Return the value with numbers, counted from 1, of where its bytes are in `arguments`."""
    match value:
        case bytes():
            arguments.append(value)
            return len(arguments)
        case dict():
            pairs = cast(dict[str, Any], value).items()
            return {name: _without_bytes(each, arguments) for name, each in pairs}
        case list():
            return [_without_bytes(each, arguments) for each in cast(list[Any], value)]
        case _:
            return value
