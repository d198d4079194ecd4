"""`tertulia visualize`: the stories as one graph, in one HTML page.

Source: spec evaluation.md section 4, cli.md section 2.
"""

from pathlib import Path

import click

from tertulia.cli.command import PATH, Command, logging_options, without_effect


@click.command(cls=Command, help="Draw the stories as one graph, in one HTML page.")
@click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]")
@click.option(
    "-s",
    "--stories",
    type=PATH,
    multiple=True,
    default=(Path("data"),),
    metavar="PATH...",
    help="Files or folders.  [default: data]",
)
@click.option("--out", type=PATH, default=Path("graph.html"), help="[default: graph.html]")
@click.option(
    "--max-history",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Turns that have to go on alike for steps to be drawn as one.",
)
@click.option(
    "-u",
    "--nlu",
    type=PATH,
    multiple=True,
    metavar="PATH...",
    help="NLU data: a message is drawn in place of each intent.",
)
@click.option(
    "--max-stories",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Draw only the first N.",
)
@without_effect("--config", "-c", takes_value=True, why="the graph shows what stories say")
@logging_options()
def visualize(
    domain: Path | None,
    stories: tuple[Path, ...],
    out: Path,
    max_history: int,
    nlu: tuple[Path, ...],
    max_stories: int,
) -> int:
    """Draw."""
    from tertulia.cli.visualizing import Drawing, draw_stories

    draw_stories(
        Drawing(
            domain=domain,
            stories=stories,
            nlu=nlu,
            out=out,
            max_history=max_history,
            max_stories=max_stories,
        )
    )
    return 0
