"""Are answered messages ever lost, doubled or disordered? Servers die while conversations go on.

    python benchmarks/faults/campaign.py [--faults 220] [--seed 1] [--talkers 12] [--out FILE]

Two servers on one PostgreSQL, behind a network that can be cut; first with locks in PostgreSQL and
RabbitMQ as event broker, then with both in Redis; at last one server on an SQLite file whose disk
is full. All of them, PostgreSQL, Redis and RabbitMQ too, are this campaign's own. Ends with
status 1 when something was lost, or is stuck.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from audit import Found, compare, logs_of
from cutting import Network
from full_disk import fill
from mischief import ON_POSTGRES, ON_REDIS, Fault, Scene, inflict
from replicas import Replica, on_postgres, on_redis, told_rabbit, told_stream, train
from services import Postgres, Rabbit, Redis, Service
from talkers import Talkers
from told import compare_told, declare_queue, from_rabbit, from_stream

_SETTLED_WITHIN = 180.0
_PACE = 15.0


@dataclass
class Round:
    """One part of the campaign, and what became of it."""

    name: str
    faults: Counter[str]
    found: Found
    seconds: float
    repeats: int = 0
    latencies: list[float] = field(default_factory=list[float])


async def on_a_server(
    name: str, place: Path, options: argparse.Namespace, faults: dict[Fault, int], share: int
) -> Round:
    """Hurt two servers that share a database."""
    begun, chance = time.monotonic(), random.Random(f"{options.seed} {name}")
    folder = place / name.replace(" ", "-")
    folder.mkdir(mode=0o755)
    postgres, redis, rabbit = Postgres(folder), Redis(folder), Rabbit(folder)
    is_rabbit = faults is ON_POSTGRES
    for service in (postgres, redis, *((rabbit,) if is_rabbit else ())):
        service.start()
    if is_rabbit:
        await declare_queue(rabbit.port)
    services: dict[str, Service] = {"postgres": postgres, "redis": redis, "rabbit": rabbit}
    networks = {
        name: [Network(service.port) for _ in range(2)] for name, service in services.items()
    }
    for network in (each for all_of in networks.values() for each in all_of):
        await network.start()
    await asyncio.to_thread(train, folder / "bot")
    replicas = [
        Replica(
            f"replica-{number}",
            folder / "bot",
            on_postgres(
                networks["postgres"][number].port,
                told_rabbit(networks["rabbit"][number].port)
                if is_rabbit
                else on_redis(networks["redis"][number].port)
                + told_stream(networks["redis"][number].port),
            ),
        )
        for number in range(2)
    ]
    scene = Scene(replicas, postgres, redis, rabbit, networks, chance)
    try:
        return await _under_load(name, scene, options, faults, share, begun)
    finally:
        for replica in replicas:
            await replica.stop()
        for network in (each for all_of in networks.values() for each in all_of):
            network.stop()
        await asyncio.to_thread(postgres.kill)
        redis.kill()
        rabbit.kill()


async def _under_load(
    name: str,
    scene: Scene,
    options: argparse.Namespace,
    faults: dict[Fault, int],
    share: int,
    begun: float,
) -> Round:
    for replica in scene.replicas:
        replica.start()
        await replica.ready()
    talkers = Talkers(scene.replicas, options.talkers)
    talking = asyncio.create_task(talkers.talk())
    await talkers.begun.wait()
    print(f"{name}: {share} faults", flush=True)
    until = begun + options.limit * share / options.faults

    async def pace(left: int) -> None:
        # A fault shall meet servers that serve; a slow machine gets less time for that.
        seconds = max(0.2, (until - time.monotonic()) / left)
        await talkers.go_on(options.talkers, min(seconds, _PACE))

    await inflict(scene, faults, share, pace)
    await scene.heal()
    talkers.stop()
    stuck: list[str] = []
    try:
        async with asyncio.timeout(_SETTLED_WITHIN):
            await talking
    except TimeoutError:
        stuck = [f"{name}: conversations did not end within {_SETTLED_WITHIN:g} seconds"]
    logs, wrong = await logs_of(scene.postgres.port)
    found = compare(talkers.said, logs)
    receive = from_rabbit if faults is ON_POSTGRES else from_stream
    port = (scene.rabbit if faults is ON_POSTGRES else scene.redis).port
    found.told, untold = await compare_told(logs, lambda: receive(port))
    found.lost += stuck + wrong + untold
    seconds = time.monotonic() - begun
    return Round(name, scene.done, found, seconds, talkers.repeats, talkers.latencies)


async def on_a_full_disk(place: Path, times: int) -> Round:
    """Fill the disk of a server on a file."""
    begun, folder = time.monotonic(), place / "file"
    folder.mkdir()
    await asyncio.to_thread(train, folder)
    print(f"full disk: {times} times", flush=True)
    found, talkers = await fill(folder, times)
    seconds = time.monotonic() - begun
    faults = Counter(fill_disk=times)
    return Round("full disk", faults, found, seconds, talkers.repeats, talkers.latencies)


async def campaign(place: Path, options: argparse.Namespace) -> list[Round]:
    """Carry out all rounds in an empty folder."""
    disk = options.faults // 10
    first = (options.faults - disk) * 3 // 5
    second = options.faults - disk - first
    return [
        await on_a_server("locks in PostgreSQL", place, options, ON_POSTGRES, first),
        await on_a_server("locks in Redis", place, options, ON_REDIS, second),
        await on_a_full_disk(place, disk),
    ]


def report(rounds: list[Round], options: argparse.Namespace) -> int:
    """Print what was found, write it where it is wanted, and return the exit status."""
    lost = [line for each in rounds for line in each.found.lost]
    for each in rounds:
        found, kinds = each.found, ", ".join(f"{n} {k}" for k, n in sorted(each.faults.items()))
        print(f"\n{each.name}: {each.faults.total()} faults in {each.seconds:.0f} s ({kinds})")
        print(
            f"  {found.messages} messages answered, {found.cut_off} cut off,"
            f" {found.reminders} reminders, {found.events} events, {found.told} told to the broker,"
            f" {each.repeats} requests sent again"
        )
        if each.latencies:
            cut = statistics.quantiles(each.latencies, n=100)
            print(
                f"  answered after {cut[49]:.3f} s (median), {cut[98]:.2f} s (99 of 100),"
                f" {max(each.latencies):.2f} s (longest)"
            )
    print(f"\n{sum(each.faults.total() for each in rounds)} faults, {len(lost)} lost")
    for line in lost:
        print(f"  {line}")
    if options.out is not None:
        rows = [
            {
                "name": each.name,
                "seconds": round(each.seconds),
                "faults": dict(sorted(each.faults.items())),
                "sent_again": each.repeats,
                **asdict(each.found),
            }
            for each in rounds
        ]
        text = json.dumps({"seed": options.seed, "rounds": rows}, indent=1)
        options.out.write_text(text + "\n", "utf-8")
        options.out.with_suffix(".md").write_text(as_markdown(rounds, options), "utf-8")
    return 1 if lost else 0


def as_markdown(rounds: list[Round], options: argparse.Namespace) -> str:
    """Return the report as a page."""
    total = sum(each.faults.total() for each in rounds)
    lost = sum(len(each.found.lost) for each in rounds)
    lines = [
        "# Faults",
        "",
        "Written by `make faults` (`benchmarks/faults/campaign.py`), which says what is done.",
        "",
        f"**{total} faults, {lost} lost.** Seed {options.seed}, {options.talkers} conversations"
        f" at a time, Python {platform.python_version()}, {os.cpu_count()} cores, load average"
        f" {os.getloadavg()[0]:.1f} at the end.",
        "",
        "| round | faults | answered | cut off | reminders | events | told | sent again | waited |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in rounds:
        found = each.found
        lines.append(
            f"| {each.name}, {each.seconds:.0f} s | {each.faults.total()} | {found.messages} |"
            f" {found.cut_off} | {found.reminders} | {found.events} | {found.told} |"
            f" {each.repeats} |"
            f" {max(each.latencies, default=0.0):.1f} s |"
        )
    lines += ["", "| fault | " + " | ".join(each.name for each in rounds) + " |"]
    lines.append("|---|" + "---|" * len(rounds))
    for kind in sorted({kind for each in rounds for kind in each.faults}):
        counts = " | ".join(str(each.faults[kind] or "") for each in rounds)
        lines.append(f"| {kind.replace('_', ' ')} | {counts} |")
    lines += [f"- lost: {line}" for each in rounds for line in each.found.lost]
    return "\n".join(lines) + "\n"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faults", type=int, default=220)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--talkers", type=int, default=12)
    parser.add_argument("--limit", type=float, default=780.0, help="seconds for all faults")
    parser.add_argument("--out", type=Path, help="a JSON file for the report")
    return parser.parse_args()


if __name__ == "__main__":
    wanted = parse()
    with tempfile.TemporaryDirectory(prefix="faults-") as made:
        Path(made).chmod(0o755)  # PostgreSQL runs as another user
        done = asyncio.run(campaign(Path(made), wanted))
    sys.exit(report(done, wanted))
