"""Models side by side: how many stories each gets right, over runs and amounts of data.

Source: spec evaluation.md section 1.5.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from tertulia.cli.results import Results
from tertulia.evaluation.charts import Comparison
from tertulia.evaluation.nlu.compare import comparison_chart
from tertulia.evaluation.nlu.files import as_json
from tertulia.evaluation.page import Html, Section, chart, table
from tertulia.evaluation.results import Evaluation

Json = Any

PERCENTAGE_KEY = "__percentage__"
"""Stands in names of compared models between the configuration and the number of the share."""

STORY_COUNTS = "num_stories.json"
CHART = "model_comparison_graph"
_NAME = re.compile(rf"(.+){PERCENTAGE_KEY}(\d+)")
_OLD_NAME = re.compile(r"(.*\D)(\d+)")
_RUN = re.compile(r"run_(\d+)")


class _Place(msgspec.Struct, frozen=True, order=True):
    config: str
    run: int
    share: int


def comparison(found: Mapping[Path, Evaluation]) -> Results:
    """Print and return how the models compare; with curves where `train core` made them."""
    click.echo("Stories that passed:")
    rows: list[tuple[str, str, str]] = []
    for path, evaluation in found.items():
        passed = f"{len(evaluation.successful)} / {len(evaluation.stories)}"
        click.echo(f"  {passed}  {path}")
        right = sum(step.is_right for step in evaluation.actions)
        rows.append((str(path), passed, f"{right} / {len(evaluation.actions)}"))
    blocks: list[Html] = [table(("model", "stories passed", "actions right"), rows)]
    counts = by_configuration({path: len(one.successful) for path, one in found.items()})
    drawn = _curves(counts, next(iter(found)))
    charts = {CHART: drawn} if drawn else {}
    blocks += [chart(one) for one in charts.values()]
    section = Section(title="Comparison of models", facts={}, blocks=blocks)
    return Results(files={"results.json": as_json(counts)}, charts=charts, sections=[section])


def by_configuration(passed: Mapping[Path, int]) -> dict[str, list[list[int]]]:
    """Return per configuration and run the number of passed stories, by growing share kept out.

    A model that no comparison made stands for itself: one run, one share.
    """
    places = {_place(path): count for path, count in passed.items()}
    found: dict[str, dict[int, list[int]]] = {}
    for place in sorted(places):
        found.setdefault(place.config, {}).setdefault(place.run, []).append(places[place])
    return {name: list(runs.values()) for name, runs in found.items()}


def _place(path: Path) -> _Place:
    stem = path.name.removesuffix(".tar.gz")
    run = _RUN.fullmatch(path.parent.name)
    # 0.x put nothing between name and number, but always the folder of a run around them.
    named = _NAME.fullmatch(stem) or (_OLD_NAME.fullmatch(stem) if run else None)
    if named is None:
        return _Place(stem, 1, 0)
    return _Place(named[1], int(run[1]) if run else 1, int(named[2]))


def _curves(counts: Mapping[str, list[list[int]]], first: Path) -> Comparison | None:
    """Return the curves over the amounts of stories that `train core` noted beside the models."""
    file = first.parent.parent / STORY_COUNTS
    if not file.is_file():
        return None
    amounts: list[int] = json.loads(file.read_text(encoding="utf-8"))
    shape = {len(run) for runs in counts.values() for run in runs}
    if shape != {len(amounts)}:
        return None
    return comparison_chart(
        counts,
        dict(enumerate(amounts)),
        range(len(amounts)),
        title="Comparison of dialogue models",
        labels=("Stories in training", "Stories passed"),
    )
