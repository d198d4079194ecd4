"""`tertulia init`: the starter bot in a folder, trained.

Source: spec cli.md section 2.
"""

from pathlib import Path

import click

from tertulia.cli.command import PATH, Command, logging_options


@click.command(cls=Command, help="Write a starter bot into a folder and train it.")
@click.option("--no-prompt", is_flag=True, help="Ask nothing; train at once.")
@click.option("--init-dir", type=PATH, help="The folder.  [default: asked for, or this one]")
@logging_options()
def init(no_prompt: bool, init_dir: Path | None) -> int:
    """Write, then train."""
    from tertulia.base.errors import ConfigError
    from tertulia.cli.starting import write_starter

    folder = init_dir or Path()
    if no_prompt and not folder.is_dir():
        raise ConfigError(
            f"there is no folder '{folder}'",
            hint="Make it first; without --no-prompt it is made for you.",
            code="T155",
        )
    if not no_prompt and init_dir is None:
        folder = Path(str(click.prompt("Folder for the bot", default=".")))
    write_starter(folder)
    click.echo(f"The bot is in {folder.resolve()}: start reading with README.md.")
    if no_prompt or click.confirm("Train it now?", default=True):
        from tertulia.cli.training import train_folder

        train_folder(folder)
        click.echo(f"Talk to it:\n  cd {folder}\n  tertulia shell")
    return 0
