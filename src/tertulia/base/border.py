"""The border of background tasks: what fails there must not end them."""

from collections.abc import Awaitable
from typing import TypeVar

from tertulia.base.errors import TertuliaError

T = TypeVar("T")


async def outcome(work: Awaitable[T]) -> T | Exception:
    """Return what the work returned, or what it raised."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - the task lives on, whatever fails
        return error


def unforeseen(error: Exception) -> Exception | None:
    """Return the error if only its traceback explains it, None if it explains itself."""
    return None if isinstance(error, TertuliaError) else error
