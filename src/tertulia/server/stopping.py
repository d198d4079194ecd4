"""How a server ends: it refuses new turns, lets those under way end, then leaves.

Rule: from the first signal on there is one deadline for everything.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 30.0
"""Seconds that turns and answers under way get to end, unless a person says otherwise."""


Drain = Callable[[float], Awaitable[None]]
Farewell = Callable[[], Awaitable[None]]


class Stopping:
    """Whether the server still takes turns. patience: seconds from the signal to the end.

    The owner of a route that never ends by itself (a stream of events) waits for `begun` as well.
    drains: each waits for what it knows to be under way, at most as many seconds as it is given.
    farewells: performed after all of them, when nothing more will be said.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._deadline: float | None = None
        self._begun = asyncio.Event()
        self.drains: list[Drain] = []
        self.farewells: list[Farewell] = []
        self.is_quiet = False

    @property
    def is_begun(self) -> bool:
        """Tell whether the server is about to end, and is no longer ready for traffic."""
        return self._deadline is not None

    def begin(self) -> None:
        """Refuse new turns from now on; once."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._patience
            self._begun.set()

    def retire(self) -> None:
        """Let the server end without refusing anything: another process listens already."""
        self.is_quiet = True
        self._begun.set()

    async def begun(self) -> None:
        """Wait for the beginning of the end."""
        await self._begun.wait()

    def remaining(self) -> float:
        """Return the seconds that are left; all of them before the end has begun."""
        if self._deadline is None:
            return self._patience
        return max(0.0, self._deadline - time.monotonic())

    async def drain(self) -> None:
        """Begin, then let what is under way end, within the deadline. Requests are answered on."""
        self.begin()
        await asyncio.gather(*(drain(self.remaining()) for drain in self.drains))
        await asyncio.gather(*(farewell() for farewell in self.farewells))
