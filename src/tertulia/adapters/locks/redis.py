"""Conversation locks as keys of Redis that run out unless they are renewed.

Each hold has a token, greater than all before it, which the key names: only this very hold can
renew its key or delete it. Who waits keeps a second key, the gate, which goes before newcomers.

Rule: a lease that was lost is found out by the version that appends name, not by the clock.

Source: spec endpoints.md section 8 (key: `lock:<sender_id>`); the originals' queue of tickets in
the value is not atomic and is not written.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from tertulia.adapters.locks.waiting import wait_for
from tertulia.adapters.shared.redis_client import DRIVER_ERRORS, open_client
from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import LockUnavailable
from tertulia.schema.locks import RedisLocks as RedisConfig

_log = logging.getLogger("tertulia.locks")

_GATE_MS = 1000
"""How long a place before newcomers is kept for a process that does not ask again."""

_TAKE = """
local ours = ARGV[1] .. ':'
local gate = redis.call('GET', KEYS[2])
if not redis.call('GET', KEYS[1]) and (not gate or gate == ARGV[1]) then
  local token = redis.call('INCR', KEYS[3])
  redis.call('SET', KEYS[1], ours .. token, 'PX', ARGV[2])
  redis.call('DEL', KEYS[2])
  return token
end
if not gate or gate == ARGV[1] then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3]) end
return 0
"""
_RENEW = """
local lost = {}
for number, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[number + 1] then redis.call('PEXPIRE', key, ARGV[1])
  else lost[#lost + 1] = number end
end
return lost
"""
_DELETE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class _Server:
    """The server, its keys, and what is deleted beside everything else."""

    def __init__(self, config: RedisConfig) -> None:
        self.client, self._where = open_client(config, timeout=config.socket_timeout)
        self._prefix = f"{config.key_prefix}:" if config.key_prefix else ""
        self._delete = self.client.register_script(_DELETE)
        self._deleting: set[asyncio.Task[None]] = set()

    async def ask(self, call: Awaitable[Any]) -> Any:
        """Return what the server answers to a call.

        Raises:
            LockUnavailable: no answer, or a refusal.
        """
        try:
            return await call
        except DRIVER_ERRORS as error:
            raise LockUnavailable(
                f"{self._where} does not answer, no conversation can be locked:"
                f" {' '.join(str(error).split())}",
                hint="Check that the server of `lock_store` runs, its address and password.",
            ) from error

    def delete(self, key: bytes, value: str) -> None:
        """Delete a key that has this value."""
        task = asyncio.get_running_loop().create_task(self._delete_quietly(key, value))
        self._deleting.add(task)
        task.add_done_callback(self._deleting.discard)

    async def _delete_quietly(self, key: bytes, value: str) -> None:
        try:
            await self.ask(self._delete(keys=(key,), args=(value,)))
        except LockUnavailable as error:
            _log.info("a lock is free when its time has run out: %s", error)

    def key(self, kind: str, sender_id: str = "") -> bytes:
        """Return the name of a key."""
        return f"{self._prefix}tertulia:{kind}:{sender_id}".encode("utf-8", "surrogatepass")

    async def close(self) -> None:
        """Delete what is being deleted, and let go of the connections."""
        if self._deleting:
            await asyncio.wait(self._deleting)
        await self.client.aclose()


class RedisLocks:
    """process: a name that no other process ever had. lifetime: seconds a hold lasts unrenewed."""

    def __init__(self, config: RedisConfig, *, process: str, lifetime: float) -> None:
        self._server = _Server(config)
        self._process = process
        self._lifetime = lifetime
        self._milliseconds = max(1, int(lifetime * 1000))
        self._held: dict[str, str] = {}
        self._take = self._server.client.register_script(_TAKE)
        self._renew = self._server.client.register_script(_RENEW)
        self._renewing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Ask the server, so that a start tells what is wrong.

        Raises:
            LockUnavailable: it does not answer, or refuses.
        """
        await self._server.ask(self._server.client.ping())
        self._renewing = asyncio.get_running_loop().create_task(self._keep())

    async def hold(self, sender_id: str, *, patience: float) -> bool:
        """Wait for the conversation; see the port."""
        try:
            return await wait_for(lambda: self._try(sender_id), patience)
        finally:
            if sender_id not in self._held:
                self._server.delete(self._server.key("gate", sender_id), self._process)

    def release(self, sender_id: str) -> None:
        """Let others hold it."""
        value = self._held.pop(sender_id, None)
        if value is not None:
            self._server.delete(self._server.key("lock", sender_id), value)

    def stamp(self, sender_id: str) -> int:
        """Return 0: the version in the store tells whether others have written."""
        return 0

    async def close(self) -> None:
        """Let everything go."""
        if self._renewing is not None:
            await end_tasks(self._renewing)
        for sender_id in tuple(self._held):
            self.release(sender_id)
        await self._server.close()

    async def _try(self, sender_id: str) -> bool:
        key = self._server.key
        keys = (key("lock", sender_id), key("gate", sender_id), key("lock-token"))
        values = (self._process, self._milliseconds, _GATE_MS)
        # To its end, also when the turn is cancelled: it may be ours by then.
        asking = asyncio.ensure_future(self._server.ask(self._take(keys=keys, args=values)))
        try:
            token = int(await asyncio.shield(asking))
        except asyncio.CancelledError:
            asking.add_done_callback(lambda done: self._give_back(sender_id, done))
            raise
        if token:
            self._held[sender_id] = f"{self._process}:{token}"
        return bool(token)

    def _give_back(self, sender_id: str, asked: "asyncio.Future[Any]") -> None:
        if asked.cancelled() or asked.exception() is not None or not asked.result():
            return
        value = f"{self._process}:{int(asked.result())}"
        self._server.delete(self._server.key("lock", sender_id), value)

    async def _keep(self) -> None:
        """Renew what is held, three times in its time."""
        while True:
            await asyncio.sleep(self._lifetime / 3)
            held = list(self._held.items())
            if not held:
                continue
            keys = [self._server.key("lock", sender_id) for sender_id, _ in held]
            values = (self._milliseconds, *[value for _, value in held])
            lost = await outcome(self._server.ask(self._renew(keys=keys, args=values)))
            if isinstance(lost, Exception):
                _log.warning("%s", lost, exc_info=unforeseen(lost))
                continue
            self._miss([held[number - 1] for number in lost])

    def _miss(self, lost: list[tuple[str, str]]) -> None:
        for sender_id, value in lost:
            if self._held.get(sender_id) == value:
                del self._held[sender_id]
                _log.warning("T923 the lock of a conversation in a turn passed to another server")
