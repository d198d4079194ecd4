"""`tertulia data validate`: what is wrong with a project's files, one problem a line.

Source: spec cli.md section 2, evaluation.md section 3.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.command import PATH, Command, Decorated, logging_options

if TYPE_CHECKING:
    from tertulia.base.problem import Problem


def _options(function: Decorated) -> Decorated:
    options = (
        click.option("-c", "--config", type=PATH, help="[default: config.yml]"),
        click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]"),
        click.option("--data", type=PATH, multiple=True, metavar="PATH...", help="[default: data]"),
        click.option("--fail-on-warnings", is_flag=True, help="Let warnings count as well."),
        click.option(
            "--max-history",
            type=click.IntRange(min=1),
            help="States that policies look back, for finding contradictions.  [default: all]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print a JSON list."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=Command, help="Check the project's files. Exit status 1: something is wrong.")
@_options
@logging_options()
def validate(
    config: Path | None,
    domain: Path | None,
    data: tuple[Path, ...],
    fail_on_warnings: bool,
    max_history: int | None,
    as_json: bool,
) -> int:
    """Check everything."""
    return _validate(
        (config, domain, data), (fail_on_warnings, max_history, as_json), only_stories=False
    )


@click.command(cls=Command, help="Check only the stories: contradictions, loose ends.")
@_options
@logging_options()
def validate_stories(
    config: Path | None,
    domain: Path | None,
    data: tuple[Path, ...],
    fail_on_warnings: bool,
    max_history: int | None,
    as_json: bool,
) -> int:
    """Check the stories."""
    return _validate(
        (config, domain, data), (fail_on_warnings, max_history, as_json), only_stories=True
    )


def _validate(
    places: tuple[Path | None, Path | None, tuple[Path, ...]],
    ways: tuple[bool, int | None, bool],
    *,
    only_stories: bool,
) -> int:
    from tertulia.cli.files import project_files
    from tertulia.training.project import read_project
    from tertulia.training.validate import is_failed, validate

    config, domain, data = places
    fail_on_warnings, max_history, as_json = ways
    project = project_files(
        config=(config,) if config else (), domain=domain, nlu=data, stories=data
    )
    found = validate(read_project(project), max_history=max_history, only_stories=only_stories)
    if as_json:
        click.echo(json.dumps([_as_dict(problem) for problem in found.problems], indent=2))
    else:
        show_problems(found.problems)
        click.echo(
            f"{_count(found.errors, 'error')}, {_count(found.warnings, 'warning')}", err=True
        )
    return 1 if is_failed(found, fail_on_warnings=fail_on_warnings) else 0


def show_problems(problems: "list[Problem]", *, err: bool = False) -> None:
    """Print problems like a compiler does: place, code, what, remedy."""
    from tertulia.base.problem import Severity

    for problem in problems:
        color = "red" if problem.severity is Severity.ERROR else "yellow"
        click.secho(str(problem), fg=color, err=err)


def _count(problems: "list[Problem]", name: str) -> str:
    return f"{len(problems)} {name}{'' if len(problems) == 1 else 's'}"


def _as_dict(problem: "Problem") -> dict[str, object]:
    at = problem.at
    return {
        "code": problem.code,
        "severity": problem.severity.name.lower(),
        "message": problem.message,
        "hint": problem.hint,
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
    }
