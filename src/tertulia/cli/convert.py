"""`tertulia data convert nlu` and `core`: training data in another format.

Source: spec cli.md section 2.
"""

from pathlib import Path
from typing import Literal

import click

from tertulia.cli.command import PATH, Command, logging_options, together, without_effect

_options = together(
    click.option(
        "--data",
        "-s",
        "--stories",
        "-u",
        "--nlu",
        type=PATH,
        multiple=True,
        default=(Path("data"),),
        metavar="PATH...",
        help="Files or folders to read.  [default: data]",
    ),
    click.option(
        "--out",
        type=PATH,
        default=Path("converted_data"),
        help="The file to write, or a folder for it.  [default: converted_data]",
    ),
    logging_options(),
)


@click.command(cls=Command, help="Write NLU data in another format.")
@click.option(
    "-f",
    "--format",
    "kind",
    type=click.Choice(["yaml", "json", "md"]),
    default="yaml",
    show_default=True,
    help="The format to write.",
)
@without_effect("--language", "-l", takes_value=True, why="no format here states a language")
@_options
def convert_nlu(kind: Literal["yaml", "json", "md"], data: tuple[Path, ...], out: Path) -> int:
    """Convert examples, synonyms, patterns, tables and responses."""
    from tertulia.cli.data_files import nlu_of, nlu_text

    return _write(nlu_text(nlu_of(data), kind), out, "nlu", kind)


@click.command(cls=Command, help="Write stories and rules in another format.")
@click.option(
    "-f",
    "--format",
    "kind",
    type=click.Choice(["yaml", "md"]),
    default="yaml",
    show_default=True,
    help="The format to write.",
)
@_options
def convert_core(kind: Literal["yaml", "md"], data: tuple[Path, ...], out: Path) -> int:
    """Convert stories."""
    from tertulia.cli.data_files import stories_of, stories_text

    return _write(stories_text(stories_of(data), kind), out, "stories", kind)


def _write(text: str, out: Path, name: str, kind: Literal["yaml", "json", "md"]) -> int:
    from tertulia.cli.data_files import ENDINGS, refuse_existing
    from tertulia.cli.results import write_files

    is_folder = out.is_dir()
    path = out / f"{name}{ENDINGS[kind]}" if is_folder else out
    if not path.suffix:
        path = path.with_suffix(ENDINGS[kind])
    refuse_existing(path)
    write_files({path.name: text.encode()}, path.parent)
    click.echo(f"Read back and compared: the same. Written to {path}")
    return 0
