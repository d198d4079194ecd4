"""Servers that share a store serve what one of them was told, if they have the same model."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tertulia.base.errors import ModelError, StoreUnavailable
from tertulia.core.agreed import Agreed, NamedModel
from tertulia.engine.agreement import Agreement, Standing
from tertulia.engine.keeper import ModelKeeper
from tertulia.model.packed import Packed, digest_of
from tests.unit.engine.test_keeper import BROKEN, ONE, TWO, load, name_of

OTHER_TWO = Packed("two", b"another two")


class Record:
    """The record of a store that may be away."""

    def __init__(self) -> None:
        self.kept: Agreed | None = None
        self.is_away = False

    async def read(self) -> Agreed | None:
        self._check()
        return self.kept

    async def write(self, agreed: Agreed) -> bool:
        self._check()
        if agreed.number != 1 + (self.kept.number if self.kept else 0):
            return False
        self.kept = agreed
        return True

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")


class Server:
    """keeper: of a server that has these models on its disk."""

    def __init__(self, record: Record, disk: Sequence[Packed] = (ONE, TWO), **options: Any) -> None:
        self.keeper = ModelKeeper(load(ONE), packed=ONE, load=load)
        self._disk = {packed.name: packed for packed in disk}
        options = {"told": False, "interval": 0.01, **options}
        self.agreement = Agreement(self.keeper, record, self._find, **options)

    def _find(self, name: str, digest: str) -> Packed:
        packed = self._disk.get(name)
        if packed is None or digest_of(packed) != digest:
            raise ModelError(f"{name} is not here", code="T402")
        return packed

    def put(self, packed: Packed) -> None:
        self._disk[packed.name] = packed

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Server"]:
        await self.agreement.start()
        try:
            yield self
        finally:
            await self.agreement.stop()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def serves(server: Server, name: str | None) -> Callable[[], bool]:
    return lambda: name_of(server.keeper) == name


async def test_what_one_server_is_told_the_others_serve() -> None:
    record = Record()
    async with Server(record).running() as first, Server(record).running() as second:
        await first.keeper.serve(TWO)
        await until(serves(second, "two"))
        await second.keeper.rollback()
        await until(serves(first, "one"))
        await first.keeper.unload()
        await until(serves(second, None))
        await second.keeper.rollback()
        await until(serves(first, "one"))
        assert record.kept is not None
        assert record.kept.number == 4


async def test_nothing_is_decided_by_a_server_that_starts() -> None:
    record = Record()
    async with Server(record).running() as server:
        assert record.kept is None
        assert await server.agreement.standing() is None


async def test_a_server_that_starts_serves_what_was_agreed_on() -> None:
    record = Record()
    await record.write(Agreed(number=1, served=NamedModel("two", digest_of(TWO))))
    async with Server(record).running() as server:
        assert name_of(server.keeper) == "two"
    await record.write(Agreed(number=2, served=None))
    async with Server(record).running() as server:
        assert name_of(server.keeper) is None


async def test_a_model_named_at_the_start_counts_until_the_next_decision(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = Record()
    await record.write(Agreed(number=1, served=NamedModel("two", digest_of(TWO))))
    async with Server(record, told=True).running() as server:
        await asyncio.sleep(0.1)
        assert name_of(server.keeper) == "one"
        assert "T888" in caplog.text
        standing = await server.agreement.standing()
        assert standing is not None
        assert (standing.number, standing.name, standing.is_served) == (1, "two", False)
        await record.write(Agreed(number=2, served=None))
        await until(serves(server, None))


@pytest.mark.parametrize("found", [(ONE,), (ONE, OTHER_TWO)])
async def test_a_server_without_the_model_keeps_its_own_and_tells(
    found: Sequence[Packed], caplog: pytest.LogCaptureFixture
) -> None:
    record = Record()
    async with Server(record).running() as first, Server(record, found).running() as second:
        await first.keeper.serve(TWO)
        await until(lambda: "T887" in caplog.text)
        assert name_of(second.keeper) == "one"
        standing = await second.agreement.standing()
        assert standing is not None
        assert not standing.is_served
        assert "two is not here" in (standing.problem or "")
        second.put(TWO)
        await until(serves(second, "two"))
        async with asyncio.timeout(30):
            while standing != Standing(1, "two", True):
                await asyncio.sleep(0.01)
                standing = await second.agreement.standing()
    assert len([each for each in caplog.records if "T887" in each.getMessage()]) == 1


async def test_a_model_that_cannot_be_loaded_here_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = Record()
    await record.write(Agreed(number=1, served=NamedModel("broken", digest_of(BROKEN))))
    async with Server(record, (BROKEN,)).running() as server:
        assert name_of(server.keeper) == "one"
        assert "T887" in caplog.text


async def test_a_decision_that_the_store_did_not_take_is_told_later() -> None:
    record = Record()
    async with Server(record).running() as first, Server(record).running() as second:
        record.is_away = True
        with pytest.raises(ModelError, match="T886"):
            await first.keeper.serve(TWO)
        assert name_of(first.keeper) == "two"
        record.is_away = False
        await until(serves(second, "two"))


async def test_a_later_decision_of_another_server_counts_more_than_one_untold() -> None:
    record = Record()
    async with Server(record).running() as first, Server(record).running() as second:
        record.is_away = True
        with pytest.raises(ModelError, match="T886"):
            await first.keeper.serve(TWO)
        record.kept = Agreed(number=1, served=None)
        record.is_away = False
        await until(lambda: name_of(first.keeper) is None and name_of(second.keeper) is None)
        assert record.kept.number == 1


async def test_servers_that_are_told_at_once_end_with_one_model() -> None:
    record = Record()
    async with Server(record).running() as first, Server(record).running() as second:
        await asyncio.gather(first.keeper.serve(TWO), second.keeper.unload())
        await until(lambda: name_of(first.keeper) == name_of(second.keeper))
        await asyncio.sleep(0.1)
        assert name_of(first.keeper) == name_of(second.keeper)


async def test_of_processes_that_serve_together_only_the_leader_follows() -> None:
    record = Record()
    leads = [False]
    async with Server(record, leads=lambda: leads[0]).running() as server:
        await record.write(Agreed(number=1, served=NamedModel("two", digest_of(TWO))))
        await asyncio.sleep(0.1)
        assert name_of(server.keeper) == "one"
        leads[0] = True
        await until(serves(server, "two"))


async def test_an_unreadable_record_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    record = Record()
    record.is_away = True
    with caplog.at_level(logging.WARNING):
        async with Server(record).running():
            await asyncio.sleep(0.1)
    assert caplog.text.count("T886") == 1
