"""What watching a server costs: the same messages unseen, counted, told in the log, and traced.

    python benchmarks/watching.py --rounds 15

Each round takes the same conversations through a service in this process, once per way of watching,
in changing order, and compares the CPU time of all threads with that of the unseen. The median of
the ratios is what counts. Lines of the log go to the null device, spans to an exporter that drops
them.
"""

import argparse
import asyncio
import logging
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from trace import cpu, trained

from bots import STARTER, TALKS, Talk
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from tertulia.adapters.telemetry.telemetry import Telemetry
from tertulia.adapters.telemetry.traces import open_traces
from tertulia.app import AppSettings, build_service
from tertulia.cli.log_lines import JsonLines
from tertulia.core.observer import UNOBSERVED
from tertulia.engine.service import Service

WAYS = ("unseen", "counted", "counted and told", "counted, told and traced")


class Dropping(SpanExporter):
    """Takes spans and forgets them."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def watch(service: Service, telemetry: dict[str, Telemetry], way: str) -> None:
    """Let a service be watched in one of the ways."""
    observer = UNOBSERVED if way == WAYS[0] else telemetry[way].observer
    processor = service.processor
    processor.conversations.observer = observer
    processor.outside = type(processor.outside)(
        **{
            name: getattr(processor.outside, name)
            for name in processor.outside.__struct_fields__
            if name != "observer"
        },
        observer=observer,
    )
    told = logging.INFO if "told" in way else logging.WARNING
    logging.getLogger("tertulia.turn").setLevel(told)


async def measure(talk: Talk, rounds: int, times: int) -> dict[str, list[float]]:
    """Return CPU seconds per way, one for each round."""
    model = trained(talk)
    traced = Telemetry(traces=open_traces(None, BatchSpanProcessor(Dropping())))
    telemetry = {WAYS[1]: Telemetry(), WAYS[2]: Telemetry(), WAYS[3]: traced}
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        service = await build_service(AppSettings(model=model, folder=Path(folder)))
        for number in range(-2, rounds):  # the first two warm up
            shift = number % len(WAYS)
            for way in (*WAYS[shift:], *WAYS[:shift]):
                watch(service, telemetry, way)
                took = await cpu(service, talk, f"{number}-{way}", times)
                if number >= 0:
                    found[way].append(took)
        await service.close()
    await traced.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--times", type=int, default=10, help="conversations in one measure")
    wanted = parser.parse_args()
    with Path(os.devnull).open("w") as nothing:
        handler = logging.StreamHandler(nothing)
        handler.setFormatter(JsonLines())
        logging.getLogger().handlers = [handler]
        for talk in [talk for talk in TALKS if talk.bot is STARTER]:
            found = asyncio.run(measure(talk, wanted.rounds, wanted.times))
            turns = wanted.times * len(talk.script)
            for way, took in found.items():
                ratios = [mine / bare for mine, bare in zip(took, found[WAYS[0]], strict=True)]
                low, middle, high = statistics.quantiles(ratios, n=4)
                micro = statistics.median(took) / turns * 1e6
                print(
                    f"{talk.name:10} {way:26} {micro:6.0f} µs a turn"
                    f"   ratio {middle:.3f} ({low:.3f} to {high:.3f})"
                )


if __name__ == "__main__":
    main()
