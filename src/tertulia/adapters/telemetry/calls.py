"""Counts calls to action, response and NLU servers."""

from time import perf_counter
from typing import Any

from tertulia.adapters.telemetry.meters import Meters
from tertulia.adapters.telemetry.watch import code_of
from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Generation
from tertulia.core.ports import ActionServer, LanguageServer, ResponseWriter
from tertulia.core.understanding import Understanding

Json = Any


class MeteredActions:
    """An action server, each call of which is counted under `action_server`."""

    def __init__(self, inner: ActionServer, meters: Meters) -> None:
        self._inner = inner
        self._meters = meters

    async def run(self, name: str, body: dict[str, Json]) -> ActionAnswer:
        """Run one action; see the port."""
        with _Counted(self._meters, "action_server"):
            return await self._inner.run(name, body)

    async def close(self) -> None:
        """Close the server within."""
        await self._inner.close()


class MeteredResponses:
    """A response server, each call of which is counted under `response_server`."""

    def __init__(self, inner: ResponseWriter, meters: Meters) -> None:
        self._inner = inner
        self._meters = meters

    async def write(self, body: dict[str, Json]) -> dict[str, Json] | None:
        """Word one response; see the port."""
        with _Counted(self._meters, "response_server"):
            return await self._inner.write(body)

    async def close(self) -> None:
        """Close the server within."""
        await self._inner.close()


class MeteredLanguage:
    """An NLU server, each call of which is counted under `nlu_server`."""

    def __init__(self, inner: LanguageServer, meters: Meters) -> None:
        self._inner = inner
        self._meters = meters

    async def understand(self, text: str, message_id: str, generation: Generation) -> Understanding:
        """Understand one text; see the port."""
        with _Counted(self._meters, "nlu_server"):
            return await self._inner.understand(text, message_id, generation)

    async def close(self) -> None:
        """Close the server within."""
        await self._inner.close()


class _Counted:
    """Counts one call: how long it took and what it ended with."""

    def __init__(self, meters: Meters, server: str) -> None:
        self._meters = meters
        self._server = server
        self._began = perf_counter()

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        outcome = "done" if error is None else code_of(error)
        self._meters.called(self._server, outcome, perf_counter() - self._began)
