"""`tertulia data validate`: what is wrong with a project's files, one problem a line.

Source: spec cli.md section 2, evaluation.md section 3.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tertulia.cli.command import PATH, Command, Decorated, logging_options
from tertulia.cli.options import DEFAULT_ENDPOINTS, if_there

if TYPE_CHECKING:
    from tertulia.base.diagnostics import Diagnostics
    from tertulia.base.problem import Problem
    from tertulia.schema.endpoints import Endpoints
    from tertulia.training.project import Project, ProjectData


def _options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "-c",
            "--config",
            type=PATH,
            multiple=True,
            metavar="PATH...",
            help="The configuration; of 0.x NLU and policies.  [default: config.yml]",
        ),
        click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]"),
        click.option("--data", type=PATH, multiple=True, metavar="PATH...", help="[default: data]"),
        click.option("--fail-on-warnings", is_flag=True, help="Let warnings count as well."),
        click.option(
            "--max-history",
            type=click.IntRange(min=1),
            help="States that policies look back, for finding contradictions.  [default: as the "
            "policies are configured]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print a JSON list."),
    )
    for option in reversed(options):
        function = option(function)
    return function


class _Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What fails, and how problems are printed."""

    fail_on_warnings: bool
    as_json: bool


@click.command(cls=Command, help="Check the project's files. Exit status 1: something is wrong.")
@_options
@click.option(
    "--endpoints",
    type=PATH,
    callback=if_there(DEFAULT_ENDPOINTS),
    help="Where the other servers are.  [default: endpoints.yml, if it is there]",
)
@logging_options()
def validate(
    config: tuple[Path, ...],
    domain: Path | None,
    data: tuple[Path, ...],
    fail_on_warnings: bool,
    max_history: int | None,
    as_json: bool,
    endpoints: Path | None,
) -> int:
    """Check everything."""
    from tertulia.training.project import read_project
    from tertulia.training.validate import Scope
    from tertulia.training.validate import validate as check

    project = read_project(_project(config, domain, data))
    scope = Scope(max_history=max_history, endpoints=_read_endpoints(endpoints, project))
    ways = _Ways(fail_on_warnings=fail_on_warnings, as_json=as_json)
    return _show(check(project, scope), ways)


@click.command(cls=Command, help="Check only the stories: contradictions, loose ends.")
@_options
@logging_options()
def validate_stories(
    config: tuple[Path, ...],
    domain: Path | None,
    data: tuple[Path, ...],
    fail_on_warnings: bool,
    max_history: int | None,
    as_json: bool,
) -> int:
    """Check the stories."""
    from tertulia.training.project import read_project
    from tertulia.training.validate import Scope
    from tertulia.training.validate import validate as check

    project = read_project(_project(config, domain, data))
    found = check(project, Scope(max_history=max_history, only_stories=True))
    ways = _Ways(fail_on_warnings=fail_on_warnings, as_json=as_json)
    return _show(found, ways)


def show_problems(problems: "list[Problem]", *, err: bool = False) -> None:
    """Print problems like a compiler does: place, code, what, remedy."""
    from tertulia.base.problem import Severity

    for problem in problems:
        color = {Severity.ERROR: "red", Severity.WARNING: "yellow"}.get(problem.severity)
        click.secho(str(problem), fg=color, err=err)


def _project(config: tuple[Path, ...], domain: Path | None, data: tuple[Path, ...]) -> "Project":
    from tertulia.cli.files import project_files

    return project_files(config=config, domain=domain, nlu=data, stories=data)


def _read_endpoints(path: Path | None, project: "ProjectData") -> "Endpoints":
    """Return the endpoints; what is wrong with them is a warning, as it only stops the server."""
    from tertulia.base.diagnostics import Diagnostics
    from tertulia.data.endpoints import read_endpoints
    from tertulia.schema.endpoints import Endpoints
    from tertulia.training.checking.settings import of_server

    if path is None:
        return Endpoints()
    own = Diagnostics()
    endpoints = read_endpoints(path, env=os.environ, diagnostics=own)
    project.diagnostics.extend(map(of_server, own.problems))
    return endpoints


def _show(found: "Diagnostics", ways: _Ways) -> int:
    from tertulia.training.validate import is_failed

    if ways.as_json:
        click.echo(json.dumps([_as_dict(problem) for problem in found.problems], indent=2))
    else:
        show_problems(found.problems)
        counted = [_count(found.errors, "error"), _count(found.warnings, "warning")]
        if found.hints:
            counted.append(_count(found.hints, "hint"))
        click.echo(", ".join(counted), err=True)
    return 1 if is_failed(found, fail_on_warnings=ways.fail_on_warnings) else 0


def _count(problems: "list[Problem]", name: str) -> str:
    return f"{len(problems)} {name}{'' if len(problems) == 1 else 's'}"


def _as_dict(problem: "Problem") -> dict[str, object]:
    at = problem.at
    return {
        "code": problem.code,
        "severity": problem.severity.name.lower(),
        "message": problem.message,
        "hint": problem.hint,
        "conversation": list(problem.details),
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
    }
