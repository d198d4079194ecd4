"""The server: performs scripts and other calls, and turns what fails into words.

A conversation of the originals is taken over before the first script that asks for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, cast

import msgspec
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from tertulia.adapters.stores.redis import scripts
from tertulia.adapters.stores.redis.keys import Names
from tertulia.adapters.stores.redis.old import read_old
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.schema.stores import RedisStore

_CALLS_AT_ONCE = 64
_DRIVER_ERRORS = (RedisError, OSError, TimeoutError)
_pack = msgspec.msgpack.Encoder().encode


class Server:
    """One client of one server. expire: milliseconds after which conversations go, or None."""

    def __init__(self, config: RedisStore) -> None:
        self.client, self._where = open_client(config)
        self.names = Names(config.key_prefix)
        self.expire = None if config.record_exp is None else int(config.record_exp * 1000)
        self._scripts = {
            text: self.client.register_script(text)
            for text in (scripts.WRITE, scripts.READ, scripts.ERASE, scripts.REMINDERS)
        }
        self._closed = False
        # With all its connections taken, the driver refuses calls in place of letting them wait.
        self._room = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._writing: set[asyncio.Task[int]] = set()

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
            "events": await encoded(events),
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
        if self._closed and asyncio.current_task() not in self._writing:
            raise stored.closed()
        async with self._room:
            return await self._guarded(call())

    async def _guarded(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except AuthenticationError as error:
            hint = "Check `username` and `password`."
            raise stored.rejected(self._where, error, hint) from error
        except ResponseError as error:
            raise _refused(self._where, error) from error
        except _DRIVER_ERRORS as error:
            raise stored.unreachable(self._where, error) from error

    async def whole(self, write: Coroutine[Any, Any, int]) -> int:
        """Perform one write to its end, also when the caller is gone meanwhile."""
        if self._closed:
            write.close()
            raise stored.closed()
        task = asyncio.ensure_future(write)
        self._writing.add(task)
        task.add_done_callback(self._settled)
        return await asyncio.shield(task)

    def _settled(self, task: asyncio.Task[int]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, for the case that its caller is gone

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        self._closed = True
        if self._writing:
            await asyncio.wait(self._writing)
        await self.client.aclose()


def open_client(config: RedisStore) -> tuple[Any, str]:
    """Return a client, not yet connected, and what it leads to, in words."""
    host, _, port = config.url.partition(":")
    number = int(port) if port.isdigit() else config.port
    settings: dict[str, Any] = {}
    if config.use_ssl:
        settings = {
            "ssl": True,
            "ssl_keyfile": config.ssl_keyfile,
            "ssl_certfile": config.ssl_certfile,
            "ssl_ca_certs": config.ssl_ca_certs,
        }
    client: Any = redis.asyncio.Redis(
        host=host,
        port=number,
        db=config.db,
        username=config.username,
        password=None if config.password is None else config.password.reveal(),
        socket_timeout=config.timeout,
        socket_connect_timeout=config.timeout,
        health_check_interval=15,
        # A script that is sent again would find its own write and call it a conflict.
        retry=Retry(NoBackoff(), 0),
        **settings,
    )
    return client, f"Redis at {host}:{number}/{config.db}"


async def encoded(events: Sequence[Event]) -> list[str]:
    """Return the events as JSON, many of them encoded in a thread."""
    if len(events) <= 200:
        return [row.data for row in stored.encode_events(events)]
    rows = await asyncio.to_thread(stored.encode_events, tuple(events))
    return [row.data for row in rows]


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
