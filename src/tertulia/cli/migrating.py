"""What `data migrate` reads and writes. Rule: nothing that is there is ever overwritten."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from tertulia.cli.data_files import refuse_existing
from tertulia.cli.files import domain_files
from tertulia.cli.results import write_files
from tertulia.cli.validate import show_problems
from tertulia.training.migration.run import DOMAIN, Migration
from tertulia.training.project import Project, ProjectData, read_project


def read(domain: Path | None, data: Sequence[Path], config: Sequence[Path]) -> ProjectData:
    """Return the project.

    Raises:
        ProblemsFound: its files have mistakes.
    """
    places = tuple(data) or _if_there("data")
    project = Project(
        config=tuple(config) or _if_there("config.yml"),
        domain=domain_files(Path(), domain),
        nlu=places,
        stories=places,
        env=os.environ,
    )
    found = read_project(project)
    found.diagnostics.raise_if_errors()
    show_problems(found.diagnostics.warnings, err=True)
    return found


def _if_there(name: str) -> tuple[Path, ...]:
    path = Path(name)
    return (path,) if path.exists() else ()


def write_domain(migration: Migration, domain: Path, out: Path | None) -> None:
    """Write the new domain beside the old one, of which a copy is kept: as the original does.

    Raises:
        ConfigError: a file to be written is there already (T386).
    """
    is_folder = domain.is_dir()
    ending = "" if is_folder else domain.suffix or ".yml"
    backup = domain.parent / f"original_domain{ending}"
    target = out or domain.parent / f"new_domain{ending}"
    refuse_existing(backup)
    refuse_existing(target)
    if is_folder:
        shutil.copytree(domain, backup)
        write_files({DOMAIN: migration.files[DOMAIN].encode()}, target)
    else:
        shutil.copy2(domain, backup)
        write_files({target.name: migration.files[DOMAIN].encode()}, target.parent)
    click.echo(f"The old domain was copied to {backup}, the new one is {target}")
