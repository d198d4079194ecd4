"""Writes what a test found out into a folder: JSON, stories, pictures, one page.

Source: spec evaluation.md sections 1.3 and 2.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from tertulia.base.errors import ConfigError, MissingExtra
from tertulia.evaluation.charts import Chart
from tertulia.evaluation.page import Section, page

PAGE = "report.html"


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What to write. files: name to text. charts: name without ending to what is to be drawn."""

    files: Mapping[str, str]
    charts: Mapping[str, Chart] = {}
    sections: Sequence[Section] = ()

    def __add__(self, other: "Results") -> "Results":
        """Return both together."""
        return Results(
            files={**self.files, **other.files},
            charts={**self.charts, **other.charts},
            sections=[*self.sections, *other.sections],
        )


NOTHING = Results(files={})


def write_results(
    results: Results, out: Path, *, plots: bool, title: str, kinds: Mapping[str, str] | None = None
) -> None:
    """Write everything into `out`, pictures if they are wanted and can be drawn.

    kinds: name of a chart to `pdf`, for those that are no PNG.

    Raises:
        ConfigError: something cannot be written (T199).
    """
    contents = {name: text.encode() for name, text in results.files.items()}
    if results.sections:
        contents[PAGE] = page(title, results.sections, about=" ".join(sys.argv[1:])).encode()
    if plots:
        contents |= _pictures(results.charts, kinds or {})
    write_files(contents, out)
    click.echo(f"The results are in {out}" + (f": {out / PAGE}" if results.sections else ""))


def write_files(contents: Mapping[str, bytes], out: Path) -> None:
    """Write files below a folder, which is made where it is missing.

    Raises:
        ConfigError: something cannot be written (T199).
    """
    try:
        for name, data in contents.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"the results cannot be written to '{out}': {error.strerror}",
            hint="Name another folder with --out.",
            code="T199",
        ) from error


def _pictures(charts: Mapping[str, Chart], kinds: Mapping[str, str]) -> dict[str, bytes]:
    """Return the pictures; without the library for them none, and say so once."""
    from tertulia.evaluation.draw import check_library, draw

    if not charts:
        return {}
    try:
        check_library()
    except MissingExtra as error:
        click.echo(f"No pictures: {error}", err=True)
        return {}
    return {
        f"{name}.{kind}": draw(chart, kind)
        for name, chart in charts.items()
        for kind in ("pdf" if kinds.get(name) == "pdf" else "png",)
    }
