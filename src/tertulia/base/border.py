"""The border of background tasks: what fails there must not end them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tertulia.base.errors import TertuliaError

T = TypeVar("T")


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
