"""Turns and their steps as OpenTelemetry spans. The only importer of its libraries.

A span names the step, the action and the conversation, and the code of an error; texts, slots and
messages of exceptions are in none.

Source: https://opentelemetry.io/docs/specs/otel/ and https://www.w3.org/TR/trace-context/.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any, Self

from opentelemetry import propagate
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from tertulia.adapters.telemetry.watch import code_of
from tertulia.base.errors import ConfigError
from tertulia.core.observer import Step
from tertulia.schema.tracing import Tracing

_SERVICE = "tertulia"


class Traces:
    """An observer that makes spans; also of requests, which carry on the caller's trace."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer: Tracer = provider.get_tracer(_SERVICE)

    def turn(self, sender_id: str) -> "_Entered":
        """Return the span of one turn."""
        return self._span("turn", {"tertulia.conversation": _plain(sender_id)})

    def step(self, name: Step, detail: str = "") -> "_Entered":
        """Return the span of one step."""
        return self._span(name, {"tertulia.action": detail} if detail else {})

    def request(self, method: str, headers: Mapping[str, str]) -> "RequestSpan":
        """Return the span of a request, within the trace that its headers name."""
        context = propagate.extract(headers)
        begin = self._starter(method, {"http.request.method": method}, SpanKind.SERVER, context)
        return RequestSpan(begin)

    def outgoing(self) -> dict[str, str]:
        """Return the headers that carry the trace on to another server."""
        headers: dict[str, str] = {}
        propagate.inject(headers)
        return headers

    async def close(self) -> None:
        """Send what is not sent yet, for a few seconds at the most."""
        await asyncio.to_thread(self._provider.shutdown)

    def _span(self, name: str, attributes: Mapping[str, str]) -> "_Entered":
        return _Entered(self._starter(name, attributes))

    def _starter(
        self,
        name: str,
        attributes: Mapping[str, str],
        kind: SpanKind = SpanKind.INTERNAL,
        context: Context | None = None,
    ) -> Callable[[], Span]:
        return lambda: self._tracer.start_span(
            name, context, kind=kind, attributes=dict(attributes)
        )


class _Entered:
    """A span that is the current one while it is entered."""

    __slots__ = ("_begin", "_token", "span")

    def __init__(self, begin: Callable[[], Span]) -> None:
        self._begin = begin
        self._token: Token[Context] | None = None
        self.span: Span | None = None

    def __enter__(self) -> Self:
        self.span = self._begin()
        self._token = attach(set_span_in_context(self.span))
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._token is not None:
            detach(self._token)
        if self.span is None:
            return
        if error is not None:
            self.span.set_attribute("error.type", code_of(error))
            self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()


class RequestSpan(_Entered):
    """The span of a request."""

    __slots__ = ()

    def answered(self, status: int, route: str) -> None:
        """Note how it ended. route: the template of its path, empty when there is none."""
        if self.span is None:
            return
        self.span.set_attribute("http.response.status_code", status)
        if route:
            self.span.set_attribute("http.route", route)
            method: Any = getattr(self.span, "name", "")
            self.span.update_name(f"{method} {route}")
        if status >= 500:
            self.span.set_status(Status(StatusCode.ERROR))


def open_traces(settings: Tracing | None, exporter: SpanProcessor | None = None) -> Traces:
    """Return traces that are sent where settings or the variables `OTEL_...` say.

    exporter: takes the spans in place of them.

    Raises:
        ConfigError: a variable names an exporter that is not available.
    """
    name = settings.service_name if settings is not None else None
    name = name or (None if os.environ.get("OTEL_SERVICE_NAME") else _SERVICE)
    resource = Resource.create({SERVICE_NAME: name} if name else {})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(exporter or BatchSpanProcessor(_exporter(settings)))
    return Traces(provider)


def _exporter(settings: Tracing | None) -> SpanExporter:
    if settings is not None and settings.endpoint is not None:
        return OTLPSpanExporter(
            endpoint=settings.endpoint,
            headers={name: value.reveal() for name, value in settings.headers.items()},
            certificate_file=settings.root_certificates,
        )
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    if wanted == "console":
        return ConsoleSpanExporter()
    if wanted != "otlp":
        raise ConfigError(
            f"OTEL_TRACES_EXPORTER names '{wanted}', which is not available",
            hint="Set it to otlp, console or none.",
            code="T873",
        )
    return OTLPSpanExporter()


def _plain(text: str) -> str:
    """Return text that can be written as UTF-8, whatever was sent as an id."""
    return text.encode("utf-8", "replace").decode()
