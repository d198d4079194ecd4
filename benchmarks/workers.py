"""How many messages a second one process answers, and several that serve together, in pairs.

    python benchmarks/workers.py --workers 2 --pairs 5

In each pair both servers run, one after the other is driven, in changing order; the median of the
pairs' ratios is what counts. The load generator takes part of the same cores: what it takes for a
message is told as well, and how much faster that lets so many workers be at the most on this
machine, if nothing else runs and nothing waits for the disk.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bots import STARTER, TEXT
from engines import Server, serve, tertulia
from load import Outcome
from machine import cpu_seconds

_LENGTH = 10
_CONVERSATIONS = 120


@dataclass(frozen=True)
class Driven:
    """What one server did. rate: messages a second. cpu: microseconds a message, all processes.

    own: those of the load generator.
    """

    rate: float
    cpu: float
    own: float


def drive(server: Server, clients: int, begin: str) -> Driven:
    """Let clients talk, each over a connection of its own."""
    names = [f"{begin}-{number}" for number in range(_CONVERSATIONS)]
    before = _cpu(server.pid)
    outcome: Outcome = server.drive(TEXT.script, names, _LENGTH, clients=clients, seconds=120)
    messages = sum(map(len, outcome.latencies))
    cpu = (_cpu(server.pid) - before) / messages * 1e6
    return Driven(messages / outcome.wall, cpu, outcome.own_cpu / messages * 1e6)


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and those it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(cpu_seconds(each) for each in (pid, *map(int, children)))


def _bound(bare: Driven, mine: Driven) -> float:
    """Return how much faster several can be: all cores, over one core or what is left of all."""
    cores = os.cpu_count() or 1
    alone = min(1 / bare.cpu, cores / (bare.cpu + bare.own))
    return cores / (mine.cpu + mine.own) / alone


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    wanted = parser.parse_args()
    alone = tertulia()
    together = replace(
        alone, environment={**alone.environment, "SANIC_WORKERS": str(wanted.workers)}
    )
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / name for name in ("alone", "together")]
        for folder in folders:
            for file in STARTER.files():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes((STARTER.folder / file).read_bytes())
            train = (str(Path(sys.executable).with_name("tertulia")), "train")
            subprocess.run(train, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with (
            serve(alone, folders[0], TEXT.script[0]) as one,
            serve(together, folders[1], TEXT.script[0]) as several,
        ):
            report(one, several, wanted.pairs, wanted.clients)


def report(one: Server, several: Server, pairs: int, clients: int) -> None:
    rates: list[float] = []
    costs: list[float] = []
    bounds: list[float] = []
    for number in range(-1, pairs):  # the first warms up
        order = (one, several) if number % 2 else (several, one)
        found = {server.pid: drive(server, clients, str(number)) for server in order}
        bare, mine = found[one.pid], found[several.pid]
        print(
            f"alone {bare.rate:5.0f} a second, {bare.cpu:5.0f} µs of CPU a message"
            f"   together {mine.rate:5.0f}, {mine.cpu:5.0f}   generator {mine.own:5.0f}"
        )
        if number >= 0:
            rates.append(mine.rate / bare.rate)
            costs.append(mine.cpu / bare.cpu)
            bounds.append(_bound(bare, mine))
    for name, ratios in (("rate", rates), ("CPU", costs), ("rate at the most", bounds)):
        middle = statistics.median(ratios)
        print(f"ratio of {name}: {middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
