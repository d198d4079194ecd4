"""`tertulia demo`: from nothing to a chat page in one step."""

from pathlib import Path

import click

from tertulia.cli.command import PATH, Command, logging_options
from tertulia.cli.options import port_option

FOLDER = Path("tertulia-demo")


@click.command(
    cls=Command,
    help="Write a bot where there is none, train it if something changed, serve the chat page.",
)
@click.option("--bot", type=PATH, help="A bot's folder.  [default: tertulia-demo, made if missing]")
@port_option
@logging_options()
def demo(bot: Path | None, port: int) -> int:
    """Serve the bot to this machine, API included."""
    from tertulia.base.errors import ConfigError
    from tertulia.cli.serving import ServeOptions, serve_project
    from tertulia.cli.starting import write_starter
    from tertulia.cli.training import train_folder

    folder = bot or FOLDER
    if bot is None and not folder.exists():
        write_starter(folder)
        click.echo(f"Wrote a bot into the folder {folder}: change its files and start again.")
    if not (folder / "config.yml").is_file():
        raise ConfigError(
            f"there is no bot in '{folder}': it has no config.yml",
            hint="Name another folder with --bot, or write a bot with `tertulia init`.",
            code="T156",
        )
    model = train_folder(folder)
    endpoints = folder / "endpoints.yml"
    return serve_project(
        ServeOptions(
            model=model,
            port=port,
            enable_api=True,
            connector="rest",
            endpoints=endpoints if endpoints.is_file() else None,
        )
    )
