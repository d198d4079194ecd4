"""The border of background tasks: what fails there must not end them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tertulia.base.errors import TertuliaError

T = TypeVar("T")


async def outcome(work: Awaitable[T]) -> T | Exception:
    """Return what the work returned, or what it raised.

    Raises:
        asyncio.CancelledError: the task shall end, also where the work went on as if nothing were.
    """
    try:
        result = await work
    except Exception as error:  # noqa: BLE001 - the task lives on, whatever fails
        result = error
    # redis-py 8.1 may lose a cancellation and answer all the same.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return result


def unforeseen(error: Exception) -> Exception | None:
    """Return the error if only its traceback explains it, None if it explains itself."""
    return None if isinstance(error, TertuliaError) else error
