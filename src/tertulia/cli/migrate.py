"""`tertulia data migrate`: a domain, or a whole project, of 0.x or 2.x for version 3.1.

Source: spec cli.md section 2, domain.md section 9.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.command import PATH, Command, logging_options

if TYPE_CHECKING:
    from tertulia.training.migration.replay import Proof
    from tertulia.training.migration.run import Migration


_UNTOUCHED = ("endpoints.yml", "credentials.yml", "actions.py", "actions")
"""Files of a project beside those that are rewritten."""


@click.command(cls=Command, help="Rewrite a domain or a project for version 3.1.")
@click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]")
@click.option("--out", type=PATH, help="New file; with --project, new folder.")
@click.option("--project", is_flag=True, help="Rewrite configuration, stories and examples, too.")
@click.option("--data", type=PATH, multiple=True, metavar="PATH...", help="[default: data]")
@click.option(
    "-c", "--config", type=PATH, multiple=True, metavar="PATH...", help="[default: config.yml]"
)
@click.option("--actions", type=PATH, help="Python file of 0.x whose forms are read, not run.")
@logging_options()
def migrate(
    domain: Path | None,
    out: Path | None,
    project: bool,
    data: tuple[Path, ...],
    config: tuple[Path, ...],
    actions: Path | None,
) -> int:
    """Migrate, and show that the stories go the same way."""
    from tertulia.cli.data_files import refuse_existing
    from tertulia.cli.migrating import read, write_domain
    from tertulia.cli.results import write_files
    from tertulia.training.migration.run import migrate_domain, migrate_project

    if project:
        refuse_existing(out or Path("migrated"))
    found = read(domain, data, config, whole=project)
    code = actions.read_text("utf-8") if actions else ""
    if not project:
        migration = migrate_domain(found, code)
        _show(migration)
        if migration.proof.differences:
            return 1
        write_domain(migration, domain or Path("domain.yml"), out)
        return 0
    target = out or Path("migrated")
    migration = migrate_project(found, code)
    _show(migration)
    if migration.proof.differences:
        return 1
    write_files({name: text.encode() for name, text in migration.files.items()}, target)
    _show_end(target)
    return 0


def _show_end(target: Path) -> None:
    click.echo(f"The project for 3.1 is in {target}")
    left = [name for name in _UNTOUCHED if Path(name).exists()]
    if left:
        click.echo(f"Copy what belongs to it yourself: {', '.join(left)}")


def _show(migration: "Migration") -> None:
    for note in migration.notes:
        click.secho(f"note: {note}", fg="yellow")
    _show_proof(migration.proof)


def _show_proof(proof: "Proof") -> None:
    for one in proof.differences:
        click.secho(f"'{one.story}' differs at step {one.step}:", fg="red", err=True)
        click.echo(f"  before {one.before}\n  after  {one.after}", err=True)
    if not proof.stories:
        click.echo("there are no stories to replay; name their files with --data, if there are any")
    elif not proof.differences:
        click.echo(
            f"replayed {proof.stories} stories, {proof.steps} steps, before and after: the same "
            "actions, intents, entities, slots and forms at each step"
        )
    else:
        click.secho("Nothing was written.", fg="red", err=True)
