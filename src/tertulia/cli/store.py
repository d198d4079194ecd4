"""`tertulia store`: brings conversations here, erases those long unused, shows brokers' places."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.command import PATH, Command, logging_options
from tertulia.cli.options import store_options

if TYPE_CHECKING:
    from tertulia.engine.places import BrokerPlace
    from tertulia.engine.retention import Report as Pruned
    from tertulia.engine.transfer import Report
    from tertulia.stores import Wanted

_SHOWN_EVERY = 1000
_LISTED = 20


@click.command(
    "import",
    cls=Command,
    help="Bring the conversations of SOURCE into the tracker store of this project. SOURCE: the "
    "endpoints.yml of the bot that kept them, or an SQLite file. What `redaction` names is taken "
    "out. May be ended and begun again. "
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

    ours, folder = load_endpoints(endpoints), project_folder(None)
    config = ours.tracker_store
    old = None if is_sqlite_file(source) else load_endpoints(source).tracker_store
    check_apart(source, old, config if wanted is None else None, folder)
    report = Report()
    target = await open_store(wanted, config, folder, patience=0)
    try:
        for opened in await open_sources(source, old, allow_pickle=allow_pickle):
            try:
                await transfer(opened, target, report, redaction=ours.redaction, told=_show)
            finally:
                await opened.close()
    finally:
        await target.close()
    return report


def _show(report: "Report") -> None:
    seen = report.conversations + report.unchanged + len(report.problems)
    if seen % _SHOWN_EVERY == 0:
        click.echo(f"{seen} conversations seen", err=True)


_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}


class Age(click.ParamType[float]):
    """A time as a number and a unit; the value is in seconds."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds."""
        text = str(value)
        number, unit = text[:-1], _UNITS.get(text[-1:])
        if unit is None or not number.isascii() or not number.isdigit() or int(number) == 0:
            self.fail(f"'{text}' is no age. Write 90d, 12h or 8w.", param, ctx)
        return float(int(number) * unit)


@click.command(
    "prune",
    cls=Command,
    help="Erase conversations that have had no event for a time, with their snapshots, reminders "
    "and receipts. A conversation that is continued meanwhile stays.",
)
@click.option(
    "--older-than",
    type=Age(),
    required=True,
    help="Age of the newest event: 90d, 12h or 8w (days, hours, weeks).",
)
@click.option("--dry-run", is_flag=True, help="Erase nothing; list what would be erased.")
@store_options
@logging_options()
def prune_conversations(
    older_than: float, dry_run: bool, endpoints: Path | None, store: "Wanted | None"
) -> int:
    """Erase, or list, and print how many there were."""
    report = asyncio.run(_prune(older_than, dry_run, endpoints, store))
    done = "would be erased" if dry_run else "erased"
    count = report.idle if dry_run else report.erased
    click.echo(f"{count} of {report.seen} conversations {done}")
    return 0


async def _prune(
    older_than: float, dry_run: bool, endpoints: Path | None, wanted: "Wanted | None"
) -> "Pruned":
    from tertulia.app import SystemClock, load_endpoints
    from tertulia.cli.place import project_folder
    from tertulia.engine.conversations import Conversations
    from tertulia.engine.records import Records
    from tertulia.engine.retention import Report, idle_conversations, prune
    from tertulia.engine.turnstile import Turnstile
    from tertulia.stores import open_store

    config = load_endpoints(endpoints).tracker_store
    opened = await open_store(wanted, config, project_folder(None), patience=0)
    before = SystemClock().now() - older_than
    try:
        if dry_run:
            report = Report()
            async for idle in idle_conversations(opened, report, before=before):
                click.echo(idle.sender_id)
            return report
        records = Records(Conversations(opened, SystemClock(), turnstile=Turnstile()))
        return await prune(records, opened, before=before)
    finally:
        await opened.close()


@click.command(
    "brokers",
    cls=Command,
    help="List how far each event broker has been told, also those that endpoints.yml names no "
    "longer. Notes of erasures are kept until all of them have heard.",
)
@click.option(
    "--drop",
    multiple=True,
    metavar="NAME...",
    help="Forget the place of a broker that is configured no longer; if it comes back, it begins "
    "at the end.",
)
@store_options
@logging_options()
def list_brokers(drop: tuple[str, ...], endpoints: Path | None, store: "Wanted | None") -> int:
    """Print the places, or what was dropped."""
    for place in asyncio.run(_brokers(drop, endpoints, store)):
        done = "dropped" if drop else "configured" if place.configured else "not configured"
        click.echo(f"{place.name}  at {place.position}, {place.waiting} waiting  {done}")
    return 0


async def _brokers(
    drop: tuple[str, ...], endpoints: Path | None, wanted: "Wanted | None"
) -> "list[BrokerPlace]":
    from tertulia.app import load_endpoints
    from tertulia.cli.place import project_folder
    from tertulia.data.event_brokers import name_of
    from tertulia.engine.places import drop_place, places
    from tertulia.stores import open_store

    ours = load_endpoints(endpoints)
    configured = {name_of(each) for each in ours.event_brokers}
    opened = await open_store(wanted, ours.tracker_store, project_folder(None), patience=0)
    try:
        if not drop:
            return await places(opened, configured)
        return [await drop_place(opened, name, configured) for name in drop]
    finally:
        await opened.close()
