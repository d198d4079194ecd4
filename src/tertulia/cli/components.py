"""`tertulia components`: what configurations may name, and where it comes from."""

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import click

from tertulia.cli.command import Command

if TYPE_CHECKING:
    from tertulia.base.registry import Registry

_COLUMNS = ("kind", "name", "stands for", "origin")


@click.command(cls=Command, help="List pipeline components and policies by name.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def components(as_json: bool) -> int:
    """Print all names that a configuration may use."""
    rows = list(_rows())
    if as_json:
        click.echo(json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows], indent=2))
        return 0
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    for row in (_COLUMNS, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    return 0


def _rows() -> Iterator[tuple[str, str, str, str]]:
    from tertulia.nlu.components import REGISTRY
    from tertulia.policies.registry import POLICIES

    yield from _names(REGISTRY)
    yield from _names(POLICIES)


def _names(registry: "Registry[Any]") -> Iterator[tuple[str, str, str, str]]:
    """Yield the short names; the class paths of the originals, which are many, stand for them."""
    for name in registry.names:
        canonical = registry.canonical(name)
        if "." not in name:
            stands_for = "" if canonical == name else canonical
            yield registry.kind, name, stands_for, _origin(registry, name)
    for point in sorted(entry_points(group=registry.group), key=lambda p: p.name):
        yield registry.kind, point.name, "", point.dist.name if point.dist else "a package"


def _origin(registry: "Registry[Any]", name: str) -> str:
    from tertulia.base.errors import ComponentError

    try:
        registry.find(name, dotted=False)
    except ComponentError:
        return "not available"
    return "built in"
