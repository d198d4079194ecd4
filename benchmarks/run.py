"""Takes all figures of speed and memory, prints them as one table, and writes them down.

    python benchmarks/run.py --out benchmarks/RESULTS.json
    python benchmarks/run.py --only webhook --repeat 3
    python benchmarks/run.py --rasa /path/to/python   # the original beside it, if installed there

The machine should do nothing else; its load average is written down with the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cold_load
import long_conversation
import startup
import training
import webhook
from engines import Engine, rasa, tertulia
from machine import facts
from report import Row, print_table, write_json, write_markdown
from setting import Setting

_HERE = Path(__file__).parent

SERVING: dict[str, Callable[[Setting], None]] = {
    "training": training.measure,
    "startup": startup.measure,
    "webhook": webhook.measure,
    "long_conversation": long_conversation.measure,
    "cold_load": cold_load.measure,
}
LEARNING = ("nlu", "dialogue")
"""Programs of their own, for they need the package and its memory in their process."""


def main() -> None:
    """Measure as the command line says."""
    given = _parser().parse_args()
    engines: list[Engine] = [tertulia()]
    if given.rasa is not None:
        engines.append(rasa(given.rasa, sqlite=given.rasa_sqlite))
    machine: dict[str, Any] = dict(facts())
    machine |= {f"{engine.name} keeps conversations": engine.durable for engine in engines}
    wanted = given.only or [*SERVING, *LEARNING]
    rows: list[Row] = []
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=given.folder) as place:
            setting = _setting(engine, Path(place), given)
            for name, measure in SERVING.items():
                if name in wanted:
                    print(f"{engine.name}: {name}", file=sys.stderr, flush=True)
                    measure(setting)
            rows += setting.rows
    for name in LEARNING:
        if name in wanted and given.data is not None:
            print(f"tertulia: {name}", file=sys.stderr, flush=True)
            rows += _learn(name, given.data)
    machine["load average at end"] = round(os.getloadavg()[0], 2)
    rows = _together(rows)
    print_table(rows)
    for name, value in machine.items():
        print(f"{name}: {value}")
    if given.out is not None:
        write_json(given.out, machine, rows)
        write_markdown(given.out.with_suffix(".md"), machine, rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file; a Markdown file is put beside it")
    parser.add_argument("--only", action="append", choices=[*SERVING, *LEARNING])
    parser.add_argument("--repeat", type=int, default=5, help="how often each figure is taken")
    parser.add_argument("--turns", type=int, default=10_000, help="of the long conversations")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="the most that one run of clients may take"
    )
    parser.add_argument("--data", type=Path, help="folder with data sets, for nlu and dialogue")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; the temporary one")
    parser.add_argument("--rasa", type=Path, metavar="PYTHON", help="a Python with rasa installed")
    parser.add_argument("--rasa-sqlite", action="store_true", help="its SQL store, not memory")
    return parser


def _setting(engine: Engine, place: Path, given: argparse.Namespace) -> Setting:
    setting = Setting(engine, place, given.repeat, given.turns, given.seconds)
    if engine.name != "tertulia":
        # One training of it takes a minute or two.
        setting = replace(setting, repeat=min(2, given.repeat))
    return setting


def _learn(name: str, data: Path) -> list[Row]:
    ended = subprocess.run(
        (sys.executable, str(_HERE / f"{name}.py"), "--data", str(data), "--json"),
        stdout=subprocess.PIPE,
        check=True,
    )
    return [Row(**{**raw, "values": tuple(raw["values"])}) for raw in json.loads(ended.stdout)]


def _together(rows: Sequence[Row]) -> list[Row]:
    """Put the figures of all engines for the same thing side by side."""
    order: dict[tuple[str, str], int] = {}
    figures: dict[tuple[str, str, str], int] = {}
    for row in rows:
        order.setdefault((row.measure, ""), len(order))
        order.setdefault((row.measure, row.case), len(order))
        figures.setdefault((row.measure, row.case, row.figure), len(figures))
    return sorted(
        rows,
        key=lambda row: (
            order[row.measure, ""],
            order[row.measure, row.case],
            figures[row.measure, row.case, row.figure],
        ),
    )


if __name__ == "__main__":
    main()
