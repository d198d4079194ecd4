"""Places for jobs, counted for all processes that serve together by the one that started them."""

import asyncio
from collections import Counter
from typing import Any

from tertulia.base.errors import JobFailed
from tertulia.server.workers.wire import Handler, Wire, WireError

Json = Any

TAKE = "take_job"
LEAVE = "leave_job"
TAKEN = "jobs"


class CountedPlaces:
    """The count, by the number of the process; what one that died had is free again."""

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    def handlers(self, number: int) -> dict[str, Handler]:
        """Return what answers one process."""

        async def take(most: Json) -> Json:
            if self._taken.total() >= most:
                return False
            self._taken[number] += 1
            return True

        async def leave(data: Json) -> Json:
            self._taken[number] -= 1

        async def taken(data: Json) -> Json:
            return self._taken.total()

        return {TAKE: take, LEAVE: leave, TAKEN: taken}

    def forget(self, number: int) -> None:
        """Free the places of a process that has ended."""
        del self._taken[number]


class SharedPlaces:
    """The places as one of the processes knows them. most: how many there are for all."""

    def __init__(self, wire: Wire, most: int) -> None:
        self._wire = wire
        self._most = most

    async def take(self) -> bool:
        """Take a place; False when there is none.

        Raises:
            JobFailed: the process that counts is gone, so this one is about to end.
        """
        asked = asyncio.ensure_future(self._ask(TAKE, self._most))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(self._give_back)
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._wire.tell(LEAVE)

    async def taken(self) -> int:
        """Return how many are taken, by all. Raises what `take` does."""
        return await self._ask(TAKEN)

    def _give_back(self, asked: "asyncio.Future[Json]") -> None:
        """Nobody waits for the place any more."""
        if not asked.cancelled() and asked.exception() is None and asked.result():
            self.leave()

    async def _ask(self, verb: str, data: Json = None) -> Json:
        try:
            return await self._wire.call(verb, data)
        except WireError as error:
            raise JobFailed(
                "the process that counts jobs is gone", hint="The server is about to end."
            ) from error
