"""What becomes of a background task when its work fails, and when it shall end."""

import asyncio
from contextlib import suppress

import pytest

from tertulia.base import border
from tertulia.base.border import end_tasks, outcome

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


async def test_tasks_end_although_their_work_loses_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(border, "_ASKED_AGAIN_AFTER", 0.01)

    async def forever(deaf: int) -> None:
        for _ in range(deaf):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await outcome(asyncio.Event().wait())

    tasks = [asyncio.create_task(forever(deaf)) for deaf in range(3)]
    await asyncio.sleep(0)
    await asyncio.wait_for(end_tasks(*tasks), 30)
    assert all(task.cancelled() for task in tasks)
