import asyncio
import logging
from collections.abc import Callable

import pytest

from tertulia.core.leases import LeaseKeeper
from tertulia.core.stored import unreachable
from tertulia.engine.duty import Duty


class Table(LeaseKeeper):
    """Leases in memory. down: the server does not answer."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.token = 0
        self.down = False

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        if self.down:
            raise unreachable("the test", "it is down")
        if self.holder is None:
            self.holder = holder
            self.token += 1
        return self.token if self.holder == holder else None

    async def drop(self, name: str, holder: str) -> None:
        if self.holder == holder:
            self.holder = None


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


async def test_one_of_two_has_the_duty_and_the_other_follows_when_it_stops() -> None:
    table, begun = Table(), list[str]()
    first, second = (Duty("fire", table, seconds=0.2) for _ in range(2))
    first.on_begin = lambda: begun.append("first")
    second.on_begin = lambda: begun.append("second")
    first.start()
    await until(first.is_ours)
    second.start()
    await asyncio.sleep(0.1)
    assert not second.is_ours()
    await first.stop()
    await until(second.is_ours)
    assert begun == ["first", "second"]
    assert (second.token, first.is_ours()) == (2, False)
    await second.stop()


async def test_who_cannot_renew_it_has_it_no_longer(caplog: pytest.LogCaptureFixture) -> None:
    table = Table()
    duty = Duty("fire", table, seconds=0.2)
    duty.start()
    await until(duty.is_ours)
    with caplog.at_level(logging.WARNING):
        table.down = True
        await until(lambda: not duty.is_ours())
    table.down = False
    await until(duty.is_ours)
    await duty.stop()
    assert [record.message.split()[0] for record in caplog.records] == ["T920"]


async def test_an_error_that_nobody_foresaw_does_not_end_the_asking(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Table):
        async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
            if self.down:
                raise AttributeError("of the driver")
            return await super().take(name, holder, seconds=seconds)

    table = Broken()
    table.down = True
    duty = Duty("fire", table, seconds=0.2)
    duty.start()
    await until(lambda: "T920" in caplog.text)
    assert "AttributeError: of the driver" in caplog.text
    table.down = False
    await until(duty.is_ours)
    await duty.stop()


async def test_without_a_shared_store_the_processes_decide_among_themselves() -> None:
    assert Duty("fire", None).is_ours()
    assert not Duty("fire", None, alone=lambda: False).is_ours()
