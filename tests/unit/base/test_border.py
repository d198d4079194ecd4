"""What becomes of a background task when its work fails, and when it shall end."""

import asyncio
from contextlib import suppress

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


@pytest.mark.parametrize("fails", [False, True])
async def test_a_task_ends_although_its_work_loses_the_cancellation(*, fails: bool) -> None:
    begun = asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        if fails:
            raise ConnectionError

    async def forever() -> None:
        while True:
            await outcome(deaf())

    task = asyncio.create_task(forever())
    await begun.wait()
    task.cancel()
    done, _ = await asyncio.wait((task,), timeout=30)
    assert done
    assert task.cancelled()
