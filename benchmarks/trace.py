"""What explaining every action costs: the same messages with and without it, in turns.

    python benchmarks/trace.py --pairs 21

Each pair takes the same conversations through a service in this process, once without and once
with explanations, in changing order, and compares the CPU time of all threads. The median of the
pairs' ratios is what counts. The store is a file, as when serving.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
from bots import TALKS, Talk
from rich.console import Console
from rich.table import Table

from tertulia.app import AppSettings, build_service
from tertulia.core.events import ActionExecuted, BotUttered
from tertulia.core.events.codec import encode
from tertulia.core.incoming import Incoming
from tertulia.engine.assistant import Assistant
from tertulia.engine.service import Service
from tertulia.model.load import Model, load_model
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, train


class Nobody:
    """An output channel that nobody listens to."""

    name = "benchmark"

    async def deliver(self, said: BotUttered) -> None:
        """Take an utterance and do nothing with it."""


@dataclass
class Pair:
    """CPU seconds of the same messages."""

    without: float
    with_trace: float

    @property
    def ratio(self) -> float:
        return self.with_trace / self.without


def trained(talk: Talk) -> Model:
    folder = talk.bot.folder
    data = (folder / "data",)
    project = Project(
        config=(folder / "config.yml",), domain=(folder / "domain.yml",), nlu=data, stories=data
    )
    identity = Identity(model_id="0" * 32, created="2026-01-01T00:00:00+00:00")
    return load_model(train(read_project(project), identity), name=talk.bot.name)


async def cpu(service: Service, talk: Talk, sender: str, times: int) -> float:
    """Take conversations through their turns; return the CPU seconds that took."""
    begun = time.process_time()
    for number in range(times):
        for say in talk.script:
            incoming = Incoming(sender_id=f"{sender}-{number}", text=say.message)
            await service.handle(incoming, Nobody())
    return time.process_time() - begun


async def measure(talk: Talk, pairs: int, times: int) -> tuple[list[Pair], float, float]:
    """Return the pairs, and the bytes of an action event without and with its explanation."""
    model = trained(talk)
    choices = {trace: Assistant(model, trace=trace) for trace in (False, True)}
    with tempfile.TemporaryDirectory() as folder:
        service = await build_service(AppSettings(model=model, folder=Path(folder)))
        found: list[Pair] = []
        for number in range(-2, pairs):  # the first two warm up
            took: dict[bool, float] = {}
            for trace in (False, True) if number % 2 else (True, False):
                service.keeper.assistant = choices[trace]
                took[trace] = await cpu(service, talk, f"{number}-{trace}", times)
            if number >= 0:
                found.append(Pair(took[False], took[True]))
        loaded = await service.store.load("0-True-0")
        await service.close()
    actions = [event for event in loaded.events if isinstance(event, ActionExecuted)]
    sizes = [
        statistics.mean(len(msgspec.json.encode(encode(one, trace=trace))) for one in actions)
        for trace in (False, True)
    ]
    return found, sizes[0], sizes[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=21)
    parser.add_argument("--times", type=int, default=10, help="conversations in one measure")
    wanted = parser.parse_args()
    table = Table("bot", "talk", "CPU µs a turn", "with trace", "ratio", "quartiles", "bytes")
    for talk in TALKS:
        pairs, bare, explained = asyncio.run(measure(talk, wanted.pairs, wanted.times))
        turns = wanted.times * len(talk.script)
        ratios = [pair.ratio for pair in pairs]
        low, middle, high = statistics.quantiles(ratios, n=4)
        table.add_row(
            talk.bot.name,
            talk.name,
            f"{statistics.median(pair.without for pair in pairs) / turns * 1e6:.0f}",
            f"{statistics.median(pair.with_trace for pair in pairs) / turns * 1e6:.0f}",
            f"{middle:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{bare:.0f} and {explained - bare:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
