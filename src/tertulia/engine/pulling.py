"""Pulls models from a model server: asks for news, serves what comes, and waits.

Rule: whatever the server does, the model in service stays until a better one is ready.

Source: spec endpoints.md section 2.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import ModelServerError
from tertulia.engine.keeper import ModelKeeper
from tertulia.model.packed import Packed, Pulled
from tertulia.schema.endpoints import ModelEndpoint

_log = logging.getLogger("tertulia.model")

FIRST_PULL = 10.0
"""Seconds that a start waits for the first model; after that it comes when it comes."""

_SHORTEST = 1.0
_LONGEST = 300.0


class ModelSource(Protocol):
    """A model server."""

    async def pull(self, tag: str | None) -> Pulled | None:
        """Return the newest model, None when that is the one with this tag, or there is none yet.

        Raises:
            ModelServerError: it did not answer, or sent something unusable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


OnSwitch = Callable[[ModelEndpoint, str | None], Awaitable[None]]


async def _nobody(endpoint: ModelEndpoint, tag: str | None) -> None:
    del endpoint, tag


class Pulling:
    """Follows one model server, or none. connect: how one is reached.

    asks: whether this process asks the server, where several serve together; the others follow.
    on_switch: told after a switch of the server that is followed now.
    """

    def __init__(
        self,
        keeper: ModelKeeper,
        connect: Callable[[ModelEndpoint], ModelSource],
        *,
        asks: Callable[[], bool] = lambda: True,
    ) -> None:
        self._asks = asks
        self.on_switch: OnSwitch = _nobody
        self._keeper = keeper
        self._connect = connect
        self._source: ModelSource | None = None
        self._task: asyncio.Task[None] | None = None
        self._tag: str | None = None

    async def start(self, endpoint: ModelEndpoint) -> None:
        """Follow a server from now on; return when its model is served, or after some seconds."""
        await self.stop()
        self._source = self._connect(endpoint)
        asked = asyncio.Event()
        self._task = asyncio.create_task(self._follow(self._source, endpoint.wait, asked))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_PULL):
                await asked.wait()

    async def switch(self, endpoint: ModelEndpoint) -> None:
        """Serve this server's model now, and follow it; when that fails, nothing changes.

        Raises:
            ModelServerError: it did not answer, has no model, or sent something unusable.
            ModelError, ComponentError: its model cannot be used.
        """
        source = self._connect(endpoint)
        tag: str | None = None
        try:
            tag = await self._serve_newest(source, None)
        finally:
            if tag is None:
                await source.close()
        if tag is None:
            raise ModelServerError("the model server has no model")
        await self._take(source, endpoint, tag)
        await self.on_switch(endpoint, tag)

    async def fetch(self, endpoint: ModelEndpoint) -> Packed:
        """Return the model that a server has now; nothing changes.

        Raises:
            ModelServerError: it did not answer, has no model, or sent something unusable.
        """
        source = self._connect(endpoint)
        try:
            pulled = await source.pull(None)
        finally:
            await source.close()
        if pulled is None:
            raise ModelServerError("the model server has no model")
        return pulled.packed

    async def adopt(self, endpoint: ModelEndpoint, tag: str | None) -> None:
        """Follow a server that another process has switched to. tag: of the model served."""
        await self._take(self._connect(endpoint), endpoint, tag)

    async def _take(self, source: ModelSource, endpoint: ModelEndpoint, tag: str | None) -> None:
        await self.stop()
        self._source, self._tag = source, tag
        if endpoint.wait is not None:
            self._task = asyncio.create_task(self._follow(source, endpoint.wait))

    async def stop(self) -> None:
        """Follow no server any more."""
        if self._task is not None:
            await end_tasks(self._task)
            self._task = None
        if self._source is not None:
            await self._source.close()
            self._source = None
        self._tag = None

    async def _follow(
        self, source: ModelSource, wait: float | None, asked: asyncio.Event | None = None
    ) -> None:
        failures = 0
        if asked is None:
            await asyncio.sleep(_pause(wait, failures))
        while True:
            error = await outcome(self._ask(source))
            failures = 0 if error is None else failures + 1
            if error is not None:
                _log.warning(
                    "T652 no new model could be pulled, the old one stays: %s",
                    error,
                    exc_info=unforeseen(error),
                )
            if asked is not None:
                asked.set()
            if wait is None and not failures:
                return
            await asyncio.sleep(_pause(wait, failures))

    async def _ask(self, source: ModelSource) -> None:
        if self._asks():
            self._tag = await self._serve_newest(source, self._tag)

    async def _serve_newest(self, source: ModelSource, tag: str | None) -> str | None:
        pulled = await source.pull(tag)
        if pulled is None:
            return tag
        await self._keeper.serve(pulled.packed)
        return pulled.tag


def _pause(wait: float | None, failures: int) -> float:
    """Return seconds until the next try: the interval, doubled with each failure up to minutes."""
    usual = max(wait or 0.0, _SHORTEST)
    if not failures:
        return usual
    return min(usual * 2.0 ** min(failures - 1, 16), max(usual, _LONGEST))
