"""A message over HTTP, seen as spans, from the request to the action server."""

from typing import Any

import httpx2
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.http.bot import build_service
from tests.http.conftest import running

from tertulia.adapters.remote.client import EndpointClient
from tertulia.adapters.telemetry.telemetry import Telemetry
from tertulia.adapters.telemetry.traces import open_traces
from tertulia.core.domain.model import Generation
from tertulia.schema.endpoints import Endpoint
from tertulia.server.app import create_app
from tertulia.server.settings import ServerSettings


def parents(spans: tuple[ReadableSpan, ...]) -> dict[str, str | None]:
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


async def test_a_turn_is_a_span_within_its_request_and_each_step_one_within_the_turn() -> None:
    exporter = InMemorySpanExporter()
    telemetry = Telemetry(traces=open_traces(None, SimpleSpanProcessor(exporter)))
    service = build_service(Generation.MODERN, observer=telemetry.observer)
    app = create_app(service, ServerSettings(), telemetry=telemetry)
    transport = httpx2.ASGITransport(app=app)
    async with (
        running(app),
        httpx2.AsyncClient(transport=transport, base_url="http://server") as http,
    ):
        body = {"sender": "me", "message": "hello private words"}
        await http.post("/webhooks/rest/webhook?token=hidden", json=body)
    spans = exporter.get_finished_spans()
    found = parents(spans)
    request = "POST /webhooks/rest/webhook"
    assert found[request] is None
    assert {name for name, parent in found.items() if parent == request} == {"receive", "turn"}
    assert {"admit", "load", "open", "understand", "note", "decide", "commit"} <= {
        name for name, parent in found.items() if parent == "turn"
    } | {"commit"}
    written = "".join(span.to_json() for span in spans)
    assert "private" not in written
    assert "hidden" not in written


async def test_another_server_is_called_within_the_trace() -> None:
    seen: list[str] = []

    async def answer(request: Any) -> Any:
        seen.append(request.headers.get("traceparent", ""))
        return httpx2.Response(200, json={})

    telemetry = Telemetry(traces=open_traces(None, SimpleSpanProcessor(InMemorySpanExporter())))
    client = EndpointClient(
        Endpoint(url="http://actions/webhook"),
        transport=httpx2.MockTransport(answer),
        outgoing=telemetry.outgoing,
    )
    with telemetry.observer.turn("me"), telemetry.observer.step("act"):
        expected = telemetry.outgoing()["traceparent"]
        await client.post({})
    await client.close()
    assert seen == [expected]
