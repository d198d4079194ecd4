"""Counts and durations, kept as plain numbers: a turn pays microseconds, a reader the formatting.

Rule: labels are taken from small fixed sets; nothing that a user or caller chose is one.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal, cast

import msgspec

from tertulia.core.observer import STEPS, Step

BOUNDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0
)  # fmt: skip
"""Upper bounds of the buckets of durations, in seconds."""

_METHODS = frozenset(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"))
_OTHER = "OTHER"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. value: of a histogram the sum; buckets: how many were up to each bound."""

    labels: Mapping[str, str] = {}
    value: float
    buckets: Sequence[tuple[str, float]] = ()


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one name. help: a sentence for readers."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Sequence[Sample]


class Durations:
    """A histogram of seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def sample(self, **labels: str) -> Sample:
        """Return the figures so far."""
        bounds = [*map(str, BOUNDS), "+Inf"]
        buckets = list(zip(bounds, accumulate(map(float, self.counts)), strict=True))
        return Sample(labels=labels, value=self.total, buckets=buckets)


class Meters:
    """The figures of one process since its start. One event loop only."""

    def __init__(self) -> None:
        self.turns: Counter[str] = Counter(done=0, failed=0)
        self.turn_seconds = Durations()
        self.steps: dict[Step, Durations] = {step: Durations() for step in STEPS}
        self.turn_errors: Counter[str] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.answer_seconds = Durations()
        self.refusals: Counter[str] = Counter()
        self.calls: Counter[tuple[str, str]] = Counter()
        self.call_seconds: dict[str, Durations] = {}

    def answered(self, method: str, status: int, seconds: float) -> None:
        """Count a request. status: 0 when the caller left before an answer began."""
        self.answers[method if method in _METHODS else _OTHER, status] += 1
        self.answer_seconds.add(seconds)

    def count_steps(self, times: Iterable[tuple[str, float]]) -> None:
        """Count the steps of one turn, by name and seconds."""
        steps = cast(Mapping[str, Durations], self.steps)
        for name, seconds in times:
            kept = steps[name]
            kept.counts[bisect_left(BOUNDS, seconds)] += 1
            kept.total += seconds

    def refused(self, code: str) -> None:
        """Count an answer that is an error, by its code."""
        self.refusals[code] += 1

    def called(self, server: str, outcome: str, seconds: float) -> None:
        """Count a call to another server. outcome: `done`, or the code of what went wrong."""
        self.calls[server, outcome] += 1
        self.call_seconds.setdefault(server, Durations()).add(seconds)

    def families(self) -> list[Family]:
        """Return all figures, in the order of the manual."""
        return [
            _counter("turns", "Turns of conversations, by how they ended.", "outcome", self.turns),
            _durations("turn_seconds", "Seconds of a whole turn, waiting included.",
                       [self.turn_seconds.sample()]),
            _durations("step_seconds", "Seconds of each step of a turn.",
                       [kept.sample(step=step) for step, kept in self.steps.items()]),
            _counter("turn_errors", "Turns that failed, by code.", "code", self.turn_errors),
            Family(name="tertulia_http_requests", kind="counter", help="Requests answered.",
                   samples=[Sample(labels={"method": method, "status": str(status)}, value=count)
                            for (method, status), count in sorted(self.answers.items())]),
            _durations("http_request_seconds", "Seconds from request to the end of the answer.",
                       [self.answer_seconds.sample()]),
            _counter("http_errors", "Answers that were errors, by code.", "code", self.refusals),
            Family(name="tertulia_calls", kind="counter", help="Calls to other servers.",
                   samples=[Sample(labels={"server": server, "outcome": outcome}, value=count)
                            for (server, outcome), count in sorted(self.calls.items())]),
            _durations("call_seconds", "Seconds of calls to other servers.",
                       [kept.sample(server=name) for name, kept in self.call_seconds.items()]),
        ]  # fmt: skip


def gauge(name: str, text: str, value: float, **labels: str) -> Family:
    """Return one figure that goes up and down."""
    sample = Sample(labels=labels, value=value)
    return Family(name=f"tertulia_{name}", kind="gauge", help=text, samples=[sample])


def counter(name: str, text: str, value: float, **labels: str) -> Family:
    """Return one figure that only grows."""
    sample = Sample(labels=labels, value=value)
    return Family(name=f"tertulia_{name}", kind="counter", help=text, samples=[sample])


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Family:
    samples = [Sample(labels={label: key}, value=count) for key, count in sorted(counts.items())]
    return Family(name=f"tertulia_{name}", kind="counter", help=text, samples=samples)


def _durations(name: str, text: str, samples: Sequence[Sample]) -> Family:
    return Family(name=f"tertulia_{name}", kind="histogram", help=text, samples=samples)
