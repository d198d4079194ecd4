"""What `data migrate` reads and writes. Rule: nothing that is there is ever overwritten."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from tertulia.base.errors import ConfigError
from tertulia.cli.data_files import refuse_existing
from tertulia.cli.files import domain_files
from tertulia.cli.results import write_files
from tertulia.cli.validate import show_problems
from tertulia.training.migration.run import DOMAIN, Migration
from tertulia.training.project import Project, ProjectData, read_project


def read(
    domain: Path | None, data: Sequence[Path], config: Sequence[Path], *, whole: bool
) -> ProjectData:
    """Return the project. whole: not only its domain is wanted.

    Raises:
        ConfigError: there is no data or no configuration, and the whole is wanted (T157).
        ProblemsFound: its files have mistakes.
    """
    places = tuple(data) or _if_there("data")
    settings = tuple(config) or _if_there("config.yml")
    if whole and not places:
        raise _missing("data", "--data", _MARKDOWN)
    if whole and not settings:
        raise _missing("config.yml", "--config", _SETTINGS)
    project = Project(
        config=settings,
        domain=domain_files(Path(), domain),
        nlu=places,
        stories=places,
        env=os.environ,
    )
    found = read_project(project)
    found.diagnostics.raise_if_errors()
    show_problems(found.diagnostics.warnings, err=True)
    return found


_MARKDOWN = ("*.md",)
_SETTINGS = ("*polic*.yml", "*config*.yml")
"""What such files of 0.x, which have no fixed names, are usually called."""


def _missing(usual: str, option: str, patterns: Sequence[str]) -> ConfigError:
    named = {path.name for pattern in patterns for path in Path().glob(pattern)}
    found = sorted(name for name in named if not name.lower().startswith("readme"))
    here = f"; here are {', '.join(found)}" if found else ""
    return ConfigError(
        f"there is no '{usual}', and without it no project can be migrated",
        hint=f"Name what takes its place with {option}{here}.",
        code="T157",
    )


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
