"""How many turns a second a tracker store takes in, and how long one of them waits.

    python benchmarks/store_writes.py --store sqlite --writers 1 8 32 --seconds 3

Each writer has a conversation of its own and appends turns of three events, one after the other.
The disk decides: a row `fdatasync` tells how long it takes to synchronise one page.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.events import ActionExecuted, BotUttered, Event, UserUttered
from tertulia.core.ports import TrackerStore


async def open_memory(_: Path) -> TrackerStore:
    return MemoryStore()


async def open_sqlite(folder: Path) -> TrackerStore:
    return await SqliteStore.open(folder / "conversations.db")


STORES: dict[str, Callable[[Path], Awaitable[TrackerStore]]] = {
    "memory": open_memory,
    "sqlite": open_sqlite,
}


def turn(number: int) -> list[Event]:
    text = f"I would like {number} pizzas, please"
    understood = {
        "intent": {"name": "order", "confidence": 0.97},
        "entities": [{"entity": "count", "value": number}],
        "text": text,
        "intent_ranking": [{"name": f"intent_{n}", "confidence": 0.1} for n in range(10)],
    }
    return [
        UserUttered(timestamp=1.0, text=text, parse_data=understood, input_channel="rest"),
        ActionExecuted(timestamp=1.1, name="utter_ask_size", policy="rules", confidence=1.0),
        BotUttered(timestamp=1.2, text="Which size?", metadata={"utter_action": "utter_ask_size"}),
    ]


async def write(store: TrackerStore, sender_id: str, until: float) -> list[float]:
    """Append until the time is over; return what each append took, in seconds."""
    took: list[float] = []
    version = 0
    while (begun := time.perf_counter()) < until:
        version = await store.append(sender_id, turn(len(took)), expected=version)
        took.append(time.perf_counter() - begun)
    return took


async def measure(name: str, writers: int, seconds: float, folder: Path) -> list[float]:
    store = await STORES[name](folder)
    until = time.perf_counter() + seconds
    took = await asyncio.gather(*(write(store, f"c{n}", until) for n in range(writers)))
    await store.close()
    return sorted(one for times in took for one in times)


def synchronisations(folder: Path, seconds: float) -> list[float]:
    """Write and synchronise one page again and again; return what each took, in seconds."""
    handle = os.open(folder / "page", os.O_CREAT | os.O_WRONLY, 0o600)
    took: list[float] = []
    until = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        os.pwrite(handle, b"x" * 4096, 4096 * len(took))
        os.fdatasync(handle)
        took.append(time.perf_counter() - begun)
    os.close(handle)
    return sorted(took)


def add_row(table: Table, name: str, writers: int, seconds: float, took: Sequence[float]) -> None:
    def percentile(share: float) -> str:
        return f"{took[min(len(took) - 1, int(share * len(took)))] * 1e3:.2f}"

    rate = f"{len(took) / seconds:,.0f}"
    load = f"{os.getloadavg()[0]:.2f}"
    table.add_row(name, str(writers), rate, percentile(0.5), percentile(0.99), load)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--store", choices=sorted(STORES), default="sqlite")
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; the temporary one")
    given = parser.parse_args()
    table = Table("store", "writers", "turns/s", "median ms", "p99 ms", "load average")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        took = synchronisations(Path(folder), given.seconds)
        add_row(table, "fdatasync", 1, given.seconds, took)
    for writers in given.writers:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            took = asyncio.run(measure(given.store, writers, given.seconds, Path(folder)))
            add_row(table, given.store, writers, given.seconds, took)
    Console().print(table)


if __name__ == "__main__":
    main()
