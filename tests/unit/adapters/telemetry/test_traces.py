"""Spans of turns, steps and requests; when traces are on, and what is imported when not."""

import json
import logging
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tertulia.adapters.telemetry.telemetry import Telemetry, open_telemetry
from tertulia.adapters.telemetry.traces import Traces, open_traces
from tertulia.base.errors import ConfigError, MissingExtra, StoreUnavailable
from tertulia.schema.tracing import Tracing

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter: InMemorySpanExporter) -> Traces:
    return open_traces(Tracing(service_name="bot"), SimpleSpanProcessor(exporter))


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_steps_are_children_of_their_turn(traces: Traces, exporter: InMemorySpanExporter) -> None:
    observer = Telemetry(traces=traces).observer
    with observer.turn("me"), observer.step("act", "utter_hi"), observer.step("commit"):
        pass
    spans = by_name(exporter)
    turn, act, commit = spans["turn"], spans["act"], spans["commit"]
    assert turn.parent is None
    assert act.parent is not None
    assert commit.parent is not None
    assert act.parent.span_id == turn.context.span_id
    assert commit.parent.span_id == act.context.span_id
    assert dict(turn.attributes or {}) == {"tertulia.conversation": "me"}
    assert dict(act.attributes or {}) == {"tertulia.action": "utter_hi"}
    assert turn.resource.attributes["service.name"] == "bot"


def test_figures_are_kept_beside_the_traces(traces: Traces) -> None:
    telemetry = Telemetry(traces=traces)
    with telemetry.observer.turn("me"), telemetry.observer.step("decide"):
        pass
    assert telemetry.meters.turns["done"] == 1
    assert sum(telemetry.meters.steps["decide"].counts) == 1


def test_an_error_is_named_by_its_code_and_never_quoted(
    traces: Traces, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(StoreUnavailable), traces.turn("me"):
        raise StoreUnavailable("private words")
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert (span.attributes or {})["error.type"] == "T601"
    assert "private" not in span.to_json()
    assert span.events == ()


def test_a_request_carries_on_the_trace_of_its_caller(
    traces: Traces, exporter: InMemorySpanExporter
) -> None:
    with traces.request("POST", {"traceparent": CALLER}) as request:
        with traces.turn("me"):
            passed_on = traces.outgoing()
        request.answered(503, "/webhooks/rest/webhook")
    spans = by_name(exporter)
    span, turn = spans["POST /webhooks/rest/webhook"], spans["turn"]
    assert f"{span.context.trace_id:032x}" == CALLER.split("-")[1]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == CALLER.split("-")[2]
    assert span.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 503,
        "http.route": "/webhooks/rest/webhook",
    }
    trace_id, span_id = turn.context.trace_id, turn.context.span_id
    assert passed_on["traceparent"] == f"00-{trace_id:032x}-{span_id:016x}-01"


def test_an_id_that_is_no_text_still_makes_a_span(
    traces: Traces, exporter: InMemorySpanExporter
) -> None:
    with traces.turn("me\udc80"):
        pass
    (span,) = exporter.get_finished_spans()
    assert json.loads(span.to_json())["attributes"] == {"tertulia.conversation": "me?"}


@pytest.mark.parametrize(
    ("section", "env", "is_on"),
    [
        (None, {}, False),
        (Tracing(endpoint="http://127.0.0.1:9/v1/traces"), {}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, True),
        (Tracing(), {"OTEL_SDK_DISABLED": "true"}, False),
        (Tracing(), {"OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
async def test_traces_are_on_where_somebody_says_where_they_go(
    section: Tracing | None, env: dict[str, str], is_on: bool
) -> None:
    telemetry = open_telemetry(section, env)
    assert (telemetry.traces is not None) == is_on
    await telemetry.close()


def test_an_exporter_that_is_not_available_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(ConfigError) as caught:
        open_telemetry(None, {"OTEL_TRACES_EXPORTER": "zipkin"})
    assert caught.value.code == "T873"


@pytest.fixture
def without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tertulia.adapters.telemetry.traces")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)


@pytest.mark.usefixtures("without_the_package")
def test_a_section_without_the_package_names_the_extra() -> None:
    with pytest.raises(MissingExtra) as caught:
        open_telemetry(Tracing(), {})
    assert 'pip install "tertulia[otel]"' in caught.value.hint


@pytest.mark.usefixtures("without_the_package")
def test_a_variable_without_the_package_is_only_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        telemetry = open_telemetry(None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"})
    assert telemetry.traces is None
    assert "T503" in caplog.text


def test_serving_imports_neither_traces_nor_the_text_of_figures() -> None:
    code = (
        "import sys, tertulia.cli.serving\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*loaded & {'opentelemetry', 'prometheus_client'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == ""
