"""What becomes of a background task when its work fails, and when it shall end."""

import asyncio

import pytest

from tertulia.base.border import outcome

pytestmark = pytest.mark.asyncio


async def test_what_work_returns_and_raises_is_returned() -> None:
    async def work(error: Exception | None) -> int:
        if error is not None:
            raise error
        return 7

    error = ValueError("no")
    assert [await outcome(work(one)) for one in (None, error)] == [7, error]


async def test_a_task_lives_on_when_a_library_cancels_what_it_waits_for() -> None:
    async def work() -> None:
        answer = asyncio.get_running_loop().create_future()
        answer.cancel()
        await answer

    result = await outcome(work())
    assert isinstance(result, RuntimeError)
    assert isinstance(result.__cause__, asyncio.CancelledError)


async def test_a_task_that_is_cancelled_ends() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(outcome(work()))
    await begun.wait()
    task.cancel()
    await asyncio.wait((task,), timeout=30)
    assert task.cancelled()
