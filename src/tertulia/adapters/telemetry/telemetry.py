"""Everything that watches a server, as one thing to hand around: figures always, traces if asked.

Rule: what traces need is imported only where they are asked for.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from tertulia.adapters.telemetry.meters import Meters
from tertulia.adapters.telemetry.watch import Watch
from tertulia.base.errors import MissingExtra
from tertulia.core.observer import Observer, Step
from tertulia.schema.tracing import Tracing

if TYPE_CHECKING:
    from tertulia.adapters.telemetry.traces import Traces

_log = logging.getLogger("tertulia.telemetry")
_ASKING = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


class Telemetry:
    """Figures, and traces where they are on. observer: told of turns and steps."""

    def __init__(self, meters: Meters | None = None, traces: "Traces | None" = None) -> None:
        self.meters = meters or Meters()
        self.traces = traces
        watch = Watch(self.meters)
        self.observer: Observer = watch if traces is None else _Both(traces, watch)

    def outgoing(self) -> Mapping[str, str]:
        """Return the headers that carry the present trace to another server."""
        return {} if self.traces is None else self.traces.outgoing()

    async def close(self) -> None:
        """Send what is not sent yet."""
        if self.traces is not None:
            await self.traces.close()


def open_telemetry(tracing: Tracing | None, env: Mapping[str, str]) -> Telemetry:
    """Return what watches a server. tracing: the section of endpoints.yml; env: variables.

    Traces are on with the section, or with a variable that says where they go; `OTEL_SDK_DISABLED`
    and `OTEL_TRACES_EXPORTER=none` switch them off.

    Raises:
        MissingExtra: the section asks for traces, and the package for them is not installed.
        ConfigError: a variable names an exporter that is not available.
    """
    if not _is_asked(tracing, env):
        return Telemetry()
    try:
        from tertulia.adapters.telemetry.traces import open_traces
    except ModuleNotFoundError as error:
        missing = MissingExtra(
            f"traces need the package '{error.name}'",
            hint='Install it: pip install "tertulia[otel]".',
        )
        if tracing is not None:
            raise missing from error
        # The variables may be meant for another program on this machine.
        _log.warning("%s %s %s", missing.code, missing.message, missing.hint)
        return Telemetry()
    return Telemetry(traces=open_traces(tracing))


def _is_asked(tracing: Tracing | None, env: Mapping[str, str]) -> bool:
    if env.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if env.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return tracing is not None or any(env.get(name) for name in _ASKING)


class _Both:
    """Two observers; the first is entered first and left last."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._first = first
        self._second = second

    def turn(self, sender_id: str) -> AbstractContextManager[object]:
        return _Pair(self._first.turn(sender_id), self._second.turn(sender_id))

    def step(self, name: Step, detail: str = "") -> AbstractContextManager[object]:
        return _Pair(self._first.step(name, detail), self._second.step(name, detail))


class _Pair:
    __slots__ = ("_inner", "_outer")

    def __init__(
        self, outer: AbstractContextManager[object], inner: AbstractContextManager[object]
    ) -> None:
        self._outer = outer
        self._inner = inner

    def __enter__(self) -> None:
        self._outer.__enter__()
        self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inner.__exit__(kind, error, trace)
        self._outer.__exit__(kind, error, trace)
