"""Writes that are performed to their end, whatever becomes of those who asked for them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from tertulia.core import stored


class Writes:
    """The writes of a store that are under way. is_closed: nothing more is begun."""

    def __init__(self) -> None:
        self.is_closed = False
        self._under_way: set[asyncio.Task[int]] = set()

    async def whole(self, write: Coroutine[Any, Any, int]) -> int:
        """Perform one write to its end, also when the caller is gone meanwhile.

        Raises:
            StoreUnavailable: the store is closed; and whatever the write raises.
        """
        if self.is_closed:
            write.close()
            raise stored.closed()
        task = asyncio.ensure_future(write)
        self._under_way.add(task)
        task.add_done_callback(self._settled)
        return await asyncio.shield(task)

    def check_open(self) -> None:
        """Refuse what a closed store is asked for; a write that was begun before goes on.

        Raises:
            StoreUnavailable: the store is closed.
        """
        if self.is_closed and asyncio.current_task() not in self._under_way:
            raise stored.closed()

    async def close(self) -> None:
        """Refuse what comes later, and wait for what was begun."""
        self.is_closed = True
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _settled(self, task: asyncio.Task[int]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, for the case that its caller is gone
