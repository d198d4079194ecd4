import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.conformance.stores.network import Proxy
from tests.conformance.stores.servers import POSTGRES, PREFIX, REDIS, named, postgres_config

from tertulia.adapters.locks.session import Session
from tertulia.base.errors import ConfigError, LockUnavailable
from tertulia.core.locks import ConversationLocks
from tertulia.locks import open_locks
from tertulia.schema.locks import MemoryLocks, PostgresLocks, RedisLocks
from tertulia.schema.stores import SqlStore
from tertulia.testing.conversation_locks import PATIENCE, LockSuite


class NetworkLockSuite(LockSuite):
    """The suite of all locks, and what those on a server have to outlive."""

    server: tuple[str, int]

    @abstractmethod
    async def make_locks_at(self, place: Path, address: tuple[str, int]) -> ConversationLocks:
        """Return the locks of one more process, over another address of the server."""

    async def make_locks(self, place: Path) -> ConversationLocks:
        return await self.make_locks_at(place, self.server)

    @asynccontextmanager
    async def proxied(self, place: Path) -> AsyncIterator[tuple[Proxy, ConversationLocks]]:
        proxy = Proxy(self.server)
        locks = await self.make_locks_at(place, await proxy.start())
        yield proxy, locks
        await locks.close()
        await proxy.cut()

    async def test_locks_go_on_after_the_connection_was_lost(self, tmp_path: Path) -> None:
        async with self.proxied(tmp_path) as (proxy, locks):
            assert await locks.hold("a", patience=PATIENCE)
            await proxy.cut()
            locks.release("a")
            with pytest.raises(LockUnavailable) as caught:
                await locks.hold("b", patience=PATIENCE)
            assert caught.value.retry
            await proxy.start()
            other = await self.make_locks(tmp_path)
            for sender_id in ("a", "b"):
                assert await locks.hold(sender_id, patience=PATIENCE)
                assert not await other.hold(sender_id, patience=0.05)
                locks.release(sender_id)
                assert await other.hold(sender_id, patience=PATIENCE)
            await other.close()

    async def test_what_a_process_without_network_held_passes_on(self, tmp_path: Path) -> None:
        async with self.proxied(tmp_path) as (proxy, locks):
            assert await locks.hold("a", patience=PATIENCE)
            await proxy.cut()
            other = await self.make_locks(tmp_path)
            assert await other.hold("a", patience=PATIENCE)
            await proxy.start()
            assert await locks.hold("b", patience=PATIENCE)
            locks.release("a")  # of a lock that it has no longer
            await asyncio.sleep(0.1)
            assert not await locks.hold("a", patience=0.05)
            other.release("a")
            assert await locks.hold("a", patience=PATIENCE)
            await other.close()


@pytest.mark.usefixtures("postgres_server")
class TestOnPostgres(NetworkLockSuite):
    server = POSTGRES

    async def make_locks_at(self, place: Path, address: tuple[str, int]) -> ConversationLocks:
        store = postgres_config(named(place), url=f"{address[0]}:{address[1]}")
        locks = await open_locks(None, store, env={})
        assert locks is not None
        return locks

    async def test_bots_that_share_a_database_do_not_wait_for_each_other(
        self, tmp_path: Path
    ) -> None:
        bots = [await self.make_locks(tmp_path / name) for name in ("one", "two")]
        for locks in bots:
            assert await locks.hold("a", patience=PATIENCE)
        for locks in bots:
            await locks.close()

    async def test_an_error_that_nobody_foresaw_ends_the_session_and_not_the_locks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(*_: object) -> None:
            raise AttributeError("of the driver")

        locks = await self.make_locks(tmp_path)
        assert await locks.hold("a", patience=PATIENCE)
        with monkeypatch.context() as during:
            during.setattr(Session, "perform", broken)
            with pytest.raises(LockUnavailable, match=r"T921: .*AttributeError"):
                await locks.hold("b", patience=PATIENCE)
        assert await locks.hold("b", patience=PATIENCE)
        other = await self.make_locks(tmp_path)
        assert not await other.hold("a", patience=0.05)
        await other.close()
        await locks.close()


@pytest.mark.usefixtures("redis_server")
class TestOnRedis(NetworkLockSuite):
    server = REDIS
    lifetime = "1.5"

    async def make_locks_at(self, place: Path, address: tuple[str, int]) -> ConversationLocks:
        config = RedisLocks(
            url=f"{address[0]}:{address[1]}", db=9, key_prefix=PREFIX + named(place)
        )
        locks = await open_locks(config, None, env={"TICKET_LOCK_LIFETIME": self.lifetime})
        assert locks is not None
        return locks

    async def test_they_close_while_holds_are_renewed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All the time, so that the end of the renewals comes in the middle of one."""
        monkeypatch.setattr(self, "lifetime", "0.003")
        locks = await self.make_locks(tmp_path)
        held = [locks.hold(f"c{number}", patience=PATIENCE) for number in range(300)]
        await asyncio.gather(*held)
        await asyncio.wait_for(locks.close(), PATIENCE)

    async def test_a_turn_may_take_longer_than_a_lock_lives(self, tmp_path: Path) -> None:
        first, second = [await self.make_locks(tmp_path) for _ in range(2)]
        assert await first.hold("a", patience=PATIENCE)
        assert not await second.hold("a", patience=4.0)
        await first.close()
        await second.close()


async def test_one_server_needs_no_locks() -> None:
    assert await open_locks(None, None) is None
    assert await open_locks(None, SqlStore(db="x.db")) is None
    assert await open_locks(MemoryLocks(), postgres_config(None)) is None


async def test_locks_that_cannot_be_had_stop_the_start() -> None:
    with pytest.raises(ConfigError, match=r"T924: .* `url` and a `db`"):
        await open_locks(PostgresLocks(), None)
    with pytest.raises(ConfigError, match=r"T925: TICKET_LOCK_LIFETIME .*'soon'"):
        await open_locks(RedisLocks(), None, env={"TICKET_LOCK_LIFETIME": "soon"})
    with pytest.raises(LockUnavailable, match=r"T921: Redis at 127.0.0.1:1/1 does not answer"):
        await open_locks(RedisLocks(url="127.0.0.1:1"), None, env={})
    with pytest.raises(LockUnavailable, match=r"T921: .*PostgreSQL at 127.0.0.1:1/rasa"):
        await open_locks(PostgresLocks(url="127.0.0.1:1"), None, env={})
