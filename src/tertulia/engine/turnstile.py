"""Order within one conversation: turns wait for each other, different conversations do not."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tertulia.base.errors import LockTimeout, QueueFull
from tertulia.core.locks import ConversationLocks


class Turnstile:
    """First come, first served, per conversation. One event loop only.

    patience: seconds a turn waits at the most. queue: turns that may wait per conversation.
    locks: order the turns of this process with those of others.
    """

    def __init__(
        self,
        *,
        patience: float = 60.0,
        queue: int = 100,
        locks: ConversationLocks | None = None,
    ) -> None:
        self._locks = locks
        self._patience = patience
        self._queue = queue
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def admit(self, sender_id: str) -> AsyncGenerator[None]:
        """Hold the conversation for the body.

        Raises:
            LockTimeout: too many wait already, or the wait was too long.
            LockUnavailable: what orders the turns of several servers does not answer.
        """
        await self.enter(sender_id)
        try:
            yield
        finally:
            self.leave(sender_id)

    async def close(self) -> None:
        """Let go of what orders turns between processes."""
        if self._locks is not None:
            await self._locks.close()

    @property
    def busy(self) -> int:
        """Return how many conversations are in a turn."""
        return len(self._waiting)

    @property
    def waiting(self) -> int:
        """Return how many turns wait for another of their conversation."""
        return sum(map(len, self._waiting.values()))

    async def enter(self, sender_id: str) -> None:
        """Wait for the conversation and hold it until `leave`. Raises as `admit`."""
        await self._queue_up(sender_id)
        if self._locks is None:
            return
        held = False
        try:
            held = await self._locks.hold(sender_id, patience=self._patience)
        finally:
            if not held:
                self._pass_on(sender_id)
        if not held:
            raise self._too_long()

    def leave(self, sender_id: str) -> None:
        """Give a held conversation to whoever waits longest for it."""
        if self._locks is not None:
            self._locks.release(sender_id)
        self._pass_on(sender_id)

    def stamp(self, sender_id: str) -> int:
        """Return a number that changes when another process holds the conversation."""
        return 0 if self._locks is None else self._locks.stamp(sender_id)

    async def _queue_up(self, sender_id: str) -> None:
        queue = self._waiting.get(sender_id)
        if queue is None:
            self._waiting[sender_id] = deque()
            return
        if len(queue) >= self._queue:
            raise QueueFull(
                f"{len(queue)} messages already wait for this conversation",
                hint="Wait for answers before sending more.",
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        admitted = False
        try:
            async with asyncio.timeout(self._patience):
                await turn
            admitted = True
        except TimeoutError as error:
            raise self._too_long() from error
        finally:
            if not admitted:
                self._give_up(sender_id, turn, queue)

    def _give_up(
        self, sender_id: str, turn: asyncio.Future[None], queue: deque[asyncio.Future[None]]
    ) -> None:
        if turn.done() and not turn.cancelled():
            self._pass_on(sender_id)  # it was our turn already
        elif turn in queue:
            queue.remove(turn)

    def _pass_on(self, sender_id: str) -> None:
        queue = self._waiting[sender_id]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[sender_id]

    def _too_long(self) -> LockTimeout:
        return LockTimeout(
            f"the conversation was busy for more than {self._patience:g} seconds",
            hint="A turn hangs, probably in an action server; see the log.",
        )
