"""Trains a project and writes the model: what `train`, `init` and `demo` share.

Source: spec cli.md section 2, exit codes and outputs.
"""

import logging
import random
from enum import IntEnum
from pathlib import Path

import click
import msgspec

from tertulia.app import RandomIds, SystemClock
from tertulia.base.errors import ModelError
from tertulia.base.problem import Problem
from tertulia.cli.files import project_files
from tertulia.cli.progress import shown_progress
from tertulia.cli.validate import show_problems
from tertulia.model.archive import read_model, write_model
from tertulia.model.content import Content
from tertulia.model.find import find_model
from tertulia.training.names import model_name
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Settings, new_identity, plan_for, train
from tertulia.training.validate import Scope, failing, validate

_log = logging.getLogger("tertulia.cli")


class DryRun(IntEnum):
    """Exit statuses of `train --dry-run`."""

    NOTHING = 0
    NEEDED = 1
    FORCED = 8


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What is checked before training. max_history: None finds contradictions of any length."""

    skip: bool = False
    fail_on_warnings: bool = False
    max_history: int | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A training run. out: folder for models. name: of the file, None makes one up."""

    project: Project
    settings: Settings
    out: Path
    name: str | None = None
    checks: Checks = Checks()


class _Told:
    """Shows each warning once."""

    def __init__(self) -> None:
        self._problems: set[Problem] = set()

    def show(self, data: ProjectData) -> None:
        fresh = [one for one in data.diagnostics.warnings if one not in self._problems]
        self._problems.update(fresh)
        show_problems(fresh, err=True)


def train_job(job: Job) -> Path | None:
    """Train if something changed, and return where the model is; None when a check failed.

    Raises:
        InputProblem: the project cannot be trained as it is.
        ModelError: the model cannot be written.
    """
    told = _Told()
    data = read_project(job.project)
    data.diagnostics.raise_if_errors()
    old_path, old = _newest(job.out)
    steps, _ = plan_for(data, job.settings, old.manifest if old else None)
    if not steps.is_empty and not job.checks.skip and not _is_sound(data, job.checks, told):
        return None
    with shown_progress() as listener:
        content = train(
            data,
            new_identity(SystemClock(), RandomIds()),
            job.settings,
            previous=old,
            progress=listener,
        )
    told.show(data)
    if content is old and old_path is not None and _is_wanted(old_path, job.name):
        click.echo(f"Nothing changed; the model is {old_path}")
        return old_path
    path = job.out / _file_name(content, job.name)
    write_model(content, path, "tar.gz")
    click.echo(f"The model is {path}")
    return path


def train_folder(folder: Path) -> Path:
    """Train the project in a folder, its usual files, if something changed."""
    job = Job(project=project_files(folder=folder), settings=Settings(), out=folder / "models")
    path = train_job(msgspec.structs.replace(job, checks=Checks(skip=True)))
    if path is None:
        raise AssertionError("nothing was checked that could have failed")
    return path


def dry_run(job: Job) -> DryRun:
    """Return what training would do, and say it."""
    if job.settings.force:
        click.echo("Training would learn everything again: --force.")
        return DryRun.FORCED
    data = read_project(job.project)
    data.diagnostics.raise_if_errors()
    _, old = _newest(job.out)
    steps, _ = plan_for(data, job.settings, old.manifest if old else None)
    if steps.is_empty:
        click.echo("Nothing changed; there is nothing to train.")
        return DryRun.NOTHING
    parts = {"dialogue": steps.core, "NLU": steps.nlu}
    learned = [name for name, needed in parts.items() if needed]
    click.echo(
        f"Training would learn: {', '.join(learned)}."
        if learned
        else "Training would only take over new wordings."
    )
    return DryRun.NEEDED


def _is_sound(data: ProjectData, checks: Checks, told: _Told) -> bool:
    found = validate(data, Scope(max_history=checks.max_history, is_training=True))
    found.raise_if_errors()
    told.show(data)
    stopping = failing(found, fail_on_warnings=checks.fail_on_warnings)
    if stopping:
        codes = ", ".join(sorted({problem.code for problem in stopping}))
        click.echo(f"Nothing was trained: mend {codes}, or use --skip-validation.", err=True)
    return not stopping


def _newest(folder: Path) -> tuple[Path | None, Content | None]:
    """Return the newest model of a folder; neither when there is none that can be used."""
    try:
        path = find_model(folder)
        return path, read_model(path)
    except ModelError as error:
        _log.info("no earlier model is used: %s", error)
        return None, None


def _is_wanted(path: Path, name: str | None) -> bool:
    return name is None or path.name == model_name(
        SystemClock(), random.SystemRandom(), core=True, nlu=True, fixed=name
    )


def _file_name(content: Content, fixed: str | None) -> str:
    kinds = content.manifest.kinds
    return model_name(
        SystemClock(),
        random.SystemRandom(),
        core="core" in kinds,
        nlu="nlu" in kinds,
        fixed=fixed,
    )
