"""`tertulia telemetry`: there is none; scripts made for the original still call it."""

import click

from tertulia.cli.command import Command


@click.command(
    cls=Command, help="Nothing is collected or sent; this command exists for older scripts."
)
@click.argument("setting", required=False, type=click.Choice(["enable", "disable"]))
def telemetry(setting: str | None) -> int:
    """Say that there is no telemetry."""
    click.echo("Tertulia collects and sends nothing; there is nothing to switch.")
    return 0
