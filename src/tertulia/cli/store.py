"""`tertulia store import`: brings conversations of another store into this project's."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.command import PATH, Command, logging_options
from tertulia.cli.options import store_options

if TYPE_CHECKING:
    from tertulia.engine.transfer import Report
    from tertulia.stores import Wanted

_SHOWN_EVERY = 1000
_LISTED = 20


@click.command(
    "import",
    cls=Command,
    help="Bring the conversations of SOURCE into the tracker store of this project. SOURCE: the "
    "endpoints.yml of the bot that kept them, or an SQLite file. May be ended and begun again. "
    "Exit status 1: some conversations were not brought over.",
)
@click.argument("source", type=PATH)
@click.option(
    "--allow-pickle",
    is_flag=True,
    help="Read pickles of 0.x and early 1.x too (Redis); nothing in them is run.",
)
@store_options
@logging_options()
def import_conversations(
    source: Path, allow_pickle: bool, endpoints: Path | None, store: "Wanted | None"
) -> int:
    """Bring conversations over and print what was done."""
    report = asyncio.run(_import(source, allow_pickle, endpoints, store))
    click.echo(
        f"{report.conversations} conversations with {report.events} new events; "
        f"{report.unchanged} were there already; {len(report.problems)} not brought over"
    )
    for sender_id, problem in list(report.problems.items())[:_LISTED]:
        click.secho(f"  {sender_id}: {problem}", fg="red", err=True)
    if len(report.problems) > _LISTED:
        click.secho(f"  and {len(report.problems) - _LISTED} more", fg="red", err=True)
    return 1 if report.problems else 0


async def _import(
    source: Path, allow_pickle: bool, endpoints: Path | None, wanted: "Wanted | None"
) -> "Report":
    from tertulia.app import load_endpoints
    from tertulia.cli.place import project_folder
    from tertulia.engine.transfer import Report, transfer
    from tertulia.stores import check_apart, is_sqlite_file, open_sources, open_store

    config, folder = load_endpoints(endpoints).tracker_store, project_folder(None)
    old = None if is_sqlite_file(source) else load_endpoints(source).tracker_store
    check_apart(source, old, config if wanted is None else None, folder)
    report = Report()
    target = await open_store(wanted, config, folder, patience=0)
    try:
        for opened in await open_sources(source, old, allow_pickle=allow_pickle):
            try:
                await transfer(opened, target, report, told=_show)
            finally:
                await opened.close()
    finally:
        await target.close()
    return report


def _show(report: "Report") -> None:
    seen = report.conversations + report.unchanged + len(report.problems)
    if seen % _SHOWN_EVERY == 0:
        click.echo(f"{seen} conversations seen", err=True)
