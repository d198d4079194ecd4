"""Figures: what is counted, and the text that Prometheus reads."""

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse

from tertulia.adapters.telemetry.exposition import write
from tertulia.adapters.telemetry.meters import BOUNDS, Durations, Family, Meters, Sample, gauge

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def values(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text.decode())
        for sample in family.samples
    }


def test_a_duration_counts_in_every_bucket_that_is_wide_enough() -> None:
    kept = Durations()
    for seconds in (0.0, BOUNDS[0], BOUNDS[-1], BOUNDS[-1] + 1):
        kept.add(seconds)
    buckets = dict(kept.sample().buckets)
    assert buckets[str(BOUNDS[0])] == 2
    assert buckets[str(BOUNDS[-1])] == 3
    assert buckets["+Inf"] == 4


def test_the_text_has_counters_gauges_and_histograms() -> None:
    meters = Meters()
    meters.turns["done"] += 3
    meters.steps["commit"].add(0.004)
    meters.called("action_server", "T603", 2.0)
    text, media_type = write([*meters.families(), gauge("live_trackers", "Held.", 7)], "")
    found = values(text)
    assert media_type.startswith("text/plain")
    assert found["tertulia_turns_total", (("outcome", "done"),)] == 3
    assert found["tertulia_step_seconds_count", (("step", "commit"),)] == 1
    assert found["tertulia_step_seconds_bucket", (("le", "0.005"), ("step", "commit"))] == 1
    assert found["tertulia_step_seconds_bucket", (("le", "0.0025"), ("step", "commit"))] == 0
    labels = (("outcome", "T603"), ("server", "action_server"))
    assert found["tertulia_calls_total", labels] == 1
    assert found["tertulia_live_trackers", ()] == 7


def test_who_asks_for_openmetrics_gets_it() -> None:
    text, media_type = write(Meters().families(), OPENMETRICS)
    assert media_type.startswith("application/openmetrics-text")
    assert any(family.name == "tertulia_turns" for family in parse_openmetrics(text.decode()))


def test_every_step_has_its_series_before_anything_happened() -> None:
    found = values(write(Meters().families(), "")[0])
    steps = {dict(labels)["step"] for name, labels in found if name == "tertulia_step_seconds_sum"}
    assert steps == {
        "receive", "admit", "load", "open", "understand", "note", "decide", "act", "commit", "say"
    }  # fmt: skip


def test_the_same_figures_of_two_processes_stand_under_one_name() -> None:
    of = [
        Family(
            name="tertulia_x", kind="gauge", help="x",
            samples=[Sample(labels={"worker": worker}, value=float(worker))],
        )
        for worker in ("1", "2")
    ]  # fmt: skip
    text = write(of, "")[0].decode()
    assert text.count("# TYPE tertulia_x gauge") == 1
    assert values(text.encode())["tertulia_x", (("worker", "2"),)] == 2


@pytest.mark.parametrize("method", ["BREW", "g" * 5000])
def test_a_caller_cannot_invent_labels(method: str) -> None:
    meters = Meters()
    meters.answered(method, 405, 0.1)
    assert list(meters.answers) == [("OTHER", 405)]
