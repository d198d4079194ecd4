"""Figures: what they are called, how they are summed up, how they are written down."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One figure, taken several times.

    measure, case: what was done. values: one per repetition. goal: what it shall be, as a text.
    source: where a figure comes from that was not taken here.
    """

    measure: str
    case: str
    figure: str
    unit: str
    values: tuple[float, ...]
    goal: str = ""
    engine: str = "tertulia"
    source: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def as_dict(self) -> dict[str, Any]:
        return {
            "engine": self.engine,
            "measure": self.measure,
            "case": self.case,
            "figure": self.figure,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
            "goal": self.goal,
            "source": self.source,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all lies below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def shown(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


HEAD = ("measure", "case", "figure", "unit", "engine", "median", "min", "max", "goal")


def cells(row: Row) -> tuple[str, ...]:
    """Return a row of a table, as HEAD says."""
    low, high = shown(min(row.values)), shown(max(row.values))
    spread = (low, high) if len(row.values) > 1 else ("", "")
    name = f"{row.engine} ({row.source})" if row.source else row.engine
    return (
        row.measure, row.case, row.figure, row.unit, name, shown(row.median), *spread, row.goal
    )  # fmt: skip


def print_table(rows: Sequence[Row]) -> None:
    """Print all figures."""
    table = Table(*HEAD[:5])
    for name in HEAD[5:]:
        table.add_column(name, justify="right")
    before = ""
    for row in rows:
        if before and row.measure != before:
            table.add_section()
        before = row.measure
        table.add_row(*cells(row))
    Console(width=150).print(table)


def write_json(path: Path, machine: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write the figures for programs."""
    content = {"machine": dict(machine), "rows": [row.as_dict() for row in rows]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_markdown(path: Path, machine: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write the figures for people."""
    lines = [
        "# Measured figures",
        "",
        "Written by `benchmarks/run.py`; what each figure is, is said in [README.md](README.md).",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
    ]
    before = ""
    for row in rows:
        if row.measure != before:
            head = HEAD[1:]
            lines += ["", f"## {row.measure}", "", f"| {' | '.join(head)} |"]
            lines.append(f"|{'|'.join([' --- '] * 4 + [' ---: '] * 4)}|")
            before = row.measure
        lines.append(f"| {' | '.join(cells(row)[1:])} |")
    path.write_text("\n".join(lines) + "\n")
