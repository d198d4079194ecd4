"""The end of a server: no new turns, one deadline, those under way end."""

import asyncio

import pytest

from tertulia.base.errors import RequestError
from tertulia.server.stopping import Stopping
from tertulia.server.turns import Turns


async def answer() -> str:
    return "answer"


async def test_no_turn_begins_once_the_end_has_begun() -> None:
    stopping = Stopping()
    turns = Turns(1.0, stopping)
    assert await turns.run(answer()) == "answer"
    stopping.begin()
    with pytest.raises(RequestError) as caught:
        await turns.run(answer())
    assert caught.value.code == "T870"


async def test_a_turn_under_way_is_waited_for() -> None:
    stopping = Stopping()
    turns = Turns(60.0, stopping)
    stopping.drains.append(turns.drain)
    go = asyncio.Event()
    under_way = turns.start(go.wait())
    leaving = asyncio.create_task(stopping.drain())
    await stopping.begun()
    assert not leaving.done()
    go.set()
    await leaving
    assert under_way.done()


async def test_a_turn_that_hangs_is_waited_for_only_so_long() -> None:
    stopping = Stopping(patience=0.01)
    turns = Turns(60.0, stopping)
    stopping.drains.append(turns.drain)
    under_way = turns.start(asyncio.Event().wait())
    await stopping.drain()
    assert stopping.remaining() == 0.0
    assert not under_way.done()
    under_way.cancel()


async def test_the_time_that_is_left_counts_from_the_first_signal() -> None:
    stopping = Stopping(patience=1000.0)
    assert stopping.remaining() == 1000.0
    stopping.begin()
    first = stopping.remaining()
    stopping.begin()
    assert first >= stopping.remaining() > 900.0
