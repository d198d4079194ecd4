"""What a store on a server has to do beyond the suite: share the server, and outlive the network.

The network is a proxy of the test's own; the server itself is never touched.
"""

import asyncio
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path

import pytest

from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_case import numbered, numbers, snapshot_of
from tertulia.testing.tracker_store import TrackerStoreSuite


class Proxy:
    """Passes connections on to a server until it is told to cut them."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self.deaf_after: int | None = None
        """Bytes of answers that are let through from now on, before connections are cut."""
        self.flowing = asyncio.Event()
        """While it is not set, connections stay and nothing passes."""
        self.flowing.set()

    async def start(self) -> tuple[str, int]:
        """Listen, on the same port each time; return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return "127.0.0.1", self._port

    async def cut(self) -> None:
        """Cut every connection, and refuse new ones until `start`."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(back)
        await asyncio.gather(
            self._pass(reader, back, answers=False), self._pass(there, writer, answers=True)
        )

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if answers and self.deaf_after is not None:
                    self.deaf_after -= len(data)
                    if self.deaf_after < 0:
                        break
                await self.flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


class NetworkStoreSuite(TrackerStoreSuite):
    """The suite of every store, and what servers add."""

    server: tuple[str, int]

    @abstractmethod
    async def make_store_at(self, place: Path, address: tuple[str, int]) -> TrackerStore:
        """Open the store of this place over another address of the server."""

    async def make_store(self, place: Path) -> TrackerStore:
        return await self.make_store_at(place, self.server)

    async def test_two_servers_that_share_it_lose_nothing(self, tmp_path: Path) -> None:
        stores = [await self.make_store(tmp_path), await self.make_store(tmp_path)]

        async def write(n: int) -> int:
            store = stores[n % 2]
            while True:
                version = await store.version("a")
                with suppress(StoreConflict):
                    return await store.append("a", numbered(n, n), expected=version)

        versions = await asyncio.gather(*(write(n) for n in range(40)))
        for store in stores:
            assert numbers((await store.load("a")).events) == sorted(
                range(40), key=lambda n: versions[n]
            )
            await store.close()

    async def test_of_two_servers_that_begin_a_conversation_one_wins(self, tmp_path: Path) -> None:
        stores = [await self.make_store(tmp_path), await self.make_store(tmp_path)]
        for n in range(10):
            tries = [store.append(f"c{n}", numbered(1, 2), expected=0) for store in stores]
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            assert sorted(isinstance(each, StoreConflict) for each in outcomes) == [False, True]
            assert numbers((await stores[0].load(f"c{n}")).events) == [1, 2]
        for store in stores:
            await store.close()

    async def test_a_store_goes_on_after_the_connection_was_lost(self, tmp_path: Path) -> None:
        proxy = Proxy(self.server)
        store = await self.make_store_at(tmp_path, await proxy.start())
        await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(2))
        await proxy.cut()
        for call in (
            store.append("a", numbered(8, 9), expected=2),
            store.load("a"),
            store.list_conversations(limit=3),
            store.erase("a"),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                await call
            assert caught.value.retry
        await proxy.start()
        assert numbers((await store.load("a")).events) == [1, 2]
        assert await store.append("a", numbered(3, 3), expected=2) == 3
        await store.close()
        await proxy.cut()

    @pytest.mark.parametrize("answers", [0, 1, 30, 60, 100, 200, 400])
    async def test_a_write_whose_answer_is_lost_is_whole_or_not_there(
        self, tmp_path: Path, answers: int
    ) -> None:
        proxy = Proxy(self.server)
        store = await self.make_store_at(tmp_path, await proxy.start())
        await store.append("a", numbered(1, 2), expected=0)
        proxy.deaf_after = answers
        try:
            await store.append("a", numbered(3, 7), expected=2, snapshot=snapshot_of(7))
            acknowledged = True
        except StoreUnavailable:
            acknowledged = False
        proxy.deaf_after = None
        await proxy.cut()
        await store.close()
        other = await self.make_store(tmp_path)
        loaded = await other.load_tail("a", fingerprint="rules", window=0)
        if loaded.version == 7:
            assert (numbers(loaded.events), loaded.snapshot) == ([], snapshot_of(7))
        else:
            assert not acknowledged
            assert (loaded.version, numbers(loaded.events), loaded.snapshot) == (2, [1, 2], None)
        version = await other.append("a", numbered(8, 8), expected=loaded.version)
        assert numbers((await other.load("a")).events)[-1] == 8
        assert version == loaded.version + 1
        await other.close()
