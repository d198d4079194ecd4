"""Figures in the text that Prometheus reads. The only importer of its library.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from tertulia.adapters.telemetry.meters import Family, Sample

_Key = tuple[str, ...]


def write(families: Iterable[Family], accept: str) -> tuple[bytes, str]:
    """Return the text and its media type, in the format that the header `Accept` prefers.

    Families of the same name (of several processes) are told apart by their labels.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(families)))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class _Collected(Collector):
    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield the figures, all of one name together."""
        by_name: dict[str, list[Family]] = {}
        for family in self._families:
            by_name.setdefault(family.name, []).append(family)
        for same in by_name.values():
            samples = [sample for family in same for sample in family.samples]
            labels = tuple(samples[0].labels) if samples else ()
            yield _FORMS[same[0].kind](same[0], samples, labels)


def _counter(family: Family, samples: Sequence[Sample], labels: _Key) -> Metric:
    metric = CounterMetricFamily(family.name, family.help, labels=labels)
    for sample in samples:
        metric.add_metric(_values(sample.labels, labels), sample.value)
    return metric


def _gauge(family: Family, samples: Sequence[Sample], labels: _Key) -> Metric:
    metric = GaugeMetricFamily(family.name, family.help, labels=labels)
    for sample in samples:
        metric.add_metric(_values(sample.labels, labels), sample.value)
    return metric


def _histogram(family: Family, samples: Sequence[Sample], labels: _Key) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=labels)
    for sample in samples:
        metric.add_metric(_values(sample.labels, labels), list(sample.buckets), sample.value)
    return metric


def _values(labels: Mapping[str, str], names: _Key) -> list[str]:
    return [labels[name] for name in names]


_FORMS: Mapping[str, Callable[[Family, Sequence[Sample], _Key], Metric]] = {
    "counter": _counter,
    "gauge": _gauge,
    "histogram": _histogram,
}
