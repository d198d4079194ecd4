"""Questions and answers between two processes; here both ends are in one."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tertulia.server.workers.wire import Handler, Wire, WireError


async def double(data: Any) -> Any:
    return data * 2


async def fail(data: Any) -> Any:
    raise ValueError(f"no {data}")


@asynccontextmanager
async def wires(handlers: dict[str, Handler]) -> AsyncGenerator[tuple[Wire, Wire]]:
    one, other = socket.socketpair()
    asking, answering = await Wire.over(one, {}), await Wire.over(other, handlers)
    listening = [asyncio.create_task(wire.listen()) for wire in (asking, answering)]
    yield asking, answering
    asking.close()
    answering.close()
    await asyncio.gather(*listening)


async def test_answers_find_their_questions_whatever_their_order() -> None:
    async def slow(data: Any) -> Any:
        await asyncio.sleep(0.01)
        return "slow"

    async with wires({"double": double, "slow": slow}) as (asking, _):
        first = asyncio.create_task(asking.call("slow"))
        assert await asking.call("double", 21) == 42
        assert await first == "slow"


async def test_a_failure_is_an_answer_too() -> None:
    async with wires({"fail": fail}) as (asking, _):
        with pytest.raises(WireError, match="ValueError: no luck"):
            await asking.call("fail", "luck")


async def test_who_waits_is_told_when_the_other_end_is_gone() -> None:
    async def never(data: Any) -> Any:
        await asyncio.Event().wait()

    async with wires({"never": never}) as (asking, answering):
        waiting = asyncio.create_task(asking.call("never"))
        await asyncio.sleep(0.01)
        answering.close()
        with pytest.raises(WireError, match="gone"):
            await waiting
        with pytest.raises(WireError, match="gone"):
            await asking.call("never")


async def test_what_is_told_needs_no_answer() -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(data: Any) -> Any:
        heard.put_nowait(data)

    async with wires({"hear": hear}) as (asking, _):
        asking.tell("hear", {"a": [1, None]})
        assert await heard.get() == {"a": [1, None]}


async def test_a_large_message_is_carried_whole() -> None:
    async with wires({"double": double}) as (asking, _):
        text = "ä" * 500_000
        assert await asking.call("double", text) == text * 2
