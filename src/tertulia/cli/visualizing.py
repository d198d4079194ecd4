"""Reads stories and writes their graph; of large projects as much as can be looked at.

Source: spec evaluation.md section 4.
"""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import click
import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.cli.data_files import nlu_of
from tertulia.cli.files import domain_files
from tertulia.cli.results import write_files
from tertulia.core.domain.model import Domain
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.domain import read_domain
from tertulia.data.generate import generate
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories
from tertulia.evaluation.graph.build import Graph, Step, build, steps_of
from tertulia.evaluation.graph.draw import graph_page

MOST_NODES = 400
"""Nodes that a page can hold and still be looked at."""


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What to draw, and where. domain: None: the usual one."""

    stories: tuple[Path, ...]
    out: Path
    domain: Path | None = None
    nlu: tuple[Path, ...] = ()
    max_history: int = 2
    max_stories: int = 100


def draw_stories(drawing: Drawing) -> None:
    """Write the page, and say what it shows.

    Raises:
        ProblemsFound: the files have mistakes.
        DataError: there are no stories (T391).
    """
    data, domain = _read(drawing)
    told = _told(data, domain, drawing)
    graph, shown = _bounded(told, drawing.max_history)
    total = len(data.stories)
    count = f"{shown} of {total} stories" if shown < total else f"{shown} stories"
    about = f"{count}, {len(graph.nodes)} steps. Hover over a step to see its stories."
    text = graph_page(graph, title="Stories", about=about)
    write_files({drawing.out.name: text.encode()}, drawing.out.parent)
    click.echo(f"{count} are drawn in {drawing.out}")


def _read(drawing: Drawing) -> tuple[StoryData, Domain]:
    diagnostics = Diagnostics()
    paths = domain_files(Path(), drawing.domain)
    domain = read_domain(paths, env=os.environ, diagnostics=diagnostics)
    data = read_stories(drawing.stories, domain=None, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    if domain is None or not data.stories:
        raise DataError(
            "there are no stories to draw", hint="Name their files with --stories.", code="T391"
        )
    return data, domain


def _told(data: StoryData, domain: Domain, drawing: Drawing) -> list[tuple[str, list[Step]]]:
    """Return the steps of the first stories, every way through them on its own."""
    few = msgspec.structs.replace(data, stories=data.stories[: drawing.max_stories], rules=())
    examples = _examples(drawing.nlu)
    ways = generate(
        few,
        domain,
        rules_for(domain),
        augmentation=0,
        states=training_history(StateTable(domain)),
        use_story_concatenation=False,
    )
    return [(way.name, steps_of(way.events, examples)) for way in islice(ways, drawing.max_stories)]


def _examples(paths: Sequence[Path]) -> dict[str, str]:
    """Return the first example of each intent."""
    found: dict[str, str] = {}
    for one in nlu_of(paths).examples if paths else ():
        found.setdefault(one.intent or "", one.text)
    return found


def _bounded(told: Sequence[tuple[str, Sequence[Step]]], max_history: int) -> tuple[Graph, int]:
    """Return the graph of as many stories as fit, and how many these are."""
    while True:
        graph = build(told, max_history=max_history)
        if len(graph.nodes) <= MOST_NODES or len(told) == 1:
            return graph, len({name for name, _ in told})
        told = told[: len(told) // 2]
