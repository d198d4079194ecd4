"""`tertulia data split nlu` and `stories`: parts for training and for testing.

Source: spec evaluation.md section 2.5, cli.md section 2.
"""

from pathlib import Path
from typing import Any

import click

from tertulia.cli.command import PATH, Command, logging_options, together

_options = together(
    click.option(
        "--training-fraction",
        "fraction",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.8,
        show_default=True,
        help="How much is for training.",
    ),
    click.option(
        "--random-seed",
        "seed",
        type=int,
        default=42,
        show_default=True,
        help="The same seed makes the same parts.",
    ),
    click.option(
        "--out",
        type=PATH,
        default=Path("train_test_split"),
        help="Folder to write.  [default: train_test_split]",
    ),
    logging_options(),
)


def _data(*names: str, about: str) -> Any:
    return click.option(
        *names, "data", type=PATH, multiple=True, default=(Path("data"),), metavar="PATH...",
        help=f"{about}  [default: data]",
    )  # fmt: skip


@click.command(cls=Command, help="Part NLU examples, each intent evenly.")
@_data("-u", "--nlu", "--data", about="Files or folders of NLU data.")
@_options
def split_nlu(data: tuple[Path, ...], fraction: float, seed: int, out: Path) -> int:
    """Write training_data and test_data, in the format of the files."""
    from tertulia.cli.splitting import nlu_parts, write_parts

    return write_parts(nlu_parts(data, fraction, seed), out)


@click.command(cls=Command, help="Part the stories of each file; rules are for training.")
@_data("-s", "--stories", "-u", "--nlu", "--data", about="Files or folders of stories.")
@_options
def split_stories(data: tuple[Path, ...], fraction: float, seed: int, out: Path) -> int:
    """Write train_<file> and test_<file> for each file."""
    from tertulia.cli.splitting import story_parts, write_parts

    return write_parts(story_parts(data, fraction, seed), out)
