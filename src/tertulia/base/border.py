"""The border of background tasks: what fails there must not end them, but they end when told."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from tertulia.base.errors import TertuliaError

T = TypeVar("T")

_ASKED_AGAIN_AFTER = 2.0
"""Seconds a cancelled task has before it is cancelled once more."""


async def outcome(work: Awaitable[T]) -> T | Exception:
    """Return what the work returned, or what it raised.

    Raises:
        asyncio.CancelledError: the task was cancelled itself.
    """
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the task lives on, whatever fails
        return error
    except asyncio.CancelledError as error:
        if was_cancelled():
            raise
        given_up = RuntimeError("a library gave up what it was asked for")
        given_up.__cause__ = error
        return given_up


async def end_tasks(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks, and return when they have ended.

    They are asked again: redis-py 8.1 may lose a cancellation and answer all the same.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_ASKED_AGAIN_AFTER)


def was_cancelled() -> bool:
    """Tell whether somebody cancelled the present task.

    If not, a cancellation that it sees is that of something it waits for, which drivers use to
    say that a connection has ended.
    """
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def unforeseen(error: Exception) -> Exception | None:
    """Return the error if only its traceback explains it, None if it explains itself."""
    return None if isinstance(error, TertuliaError) else error
