"""Waiting, at a start, for a server that does not answer yet."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tertulia.base.errors import PortError

T = TypeVar("T")

_PAUSE = 1.0


async def patiently(attempt: Callable[[], Awaitable[T]], patience: float, log: logging.Logger) -> T:
    """Return what an attempt returns; one that failed is made again, each second.

    patience: seconds in which attempts begin. log: told of those that failed.

    Raises:
        PortError: of the last attempt, or of one that says that another will not do.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return await attempt()
        except PortError as error:
            if not error.retry or time.monotonic() >= deadline:
                raise
            log.warning("%s; trying again", error)
        await asyncio.sleep(_PAUSE)
