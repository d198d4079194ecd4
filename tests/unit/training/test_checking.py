"""Every mistake is found at its place with a remedy, and training refuses just the errors."""

from itertools import count
from pathlib import Path

import pytest
from tests.unit.training.projects import modern, write
from tests.unit.training.wrong_projects import SOUND, WRONG, Wrong

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError, ProblemsFound
from tertulia.base.problem import Problem
from tertulia.schema.endpoints import Endpoints
from tertulia.training.prepare import Settings
from tertulia.training.project import read_project
from tertulia.training.run import Identity, train
from tertulia.training.validate import Scope, is_failed, validate

IDENTITY = Identity(model_id="0", created="2026-01-01T00:00:00+00:00")

ONLY_VALIDATED = {"T360", "T361"}
"""Errors that the original's validator has, and training has not."""

ONLY_WARNED = {"T503"}
"""Errors of the machine that trains, not of the project."""

SERVERS = Scope(endpoints=Endpoints())

_number = count()


def named(wrong: Wrong) -> str:
    return f"{wrong.code}-{next(_number)}"


def found_in(folder: Path, files: dict[str, str]) -> Diagnostics:
    return validate(read_project(modern(write(folder, files))), SERVERS)


def of_code(found: Diagnostics, code: str) -> list[Problem]:
    return [problem for problem in found.problems if problem.code == code]


def place(problem: Problem, folder: Path) -> tuple[str, int]:
    if problem.at is None:
        return "", 0
    return str(Path(problem.at.file).relative_to(folder)), problem.at.line


def expected(wrong: Wrong) -> tuple[str, int]:
    file, _, line = wrong.at[0].partition(":")
    return file, int(line or 0) or (wrong.line if file else 0)


def test_the_project_without_a_mistake_is_sound(tmp_path: Path) -> None:
    assert [str(one) for one in found_in(tmp_path, SOUND).problems] == []
    assert train(read_project(modern(tmp_path)), IDENTITY, Settings()).entries


@pytest.mark.parametrize("wrong", WRONG, ids=named)
def test_a_mistake_is_found_at_its_place_with_a_remedy(wrong: Wrong, tmp_path: Path) -> None:
    found = found_in(tmp_path, dict(wrong.files))
    problems = of_code(found, wrong.code)
    shown = "\n".join(map(str, found.problems))
    assert expected(wrong) in [place(one, tmp_path) for one in problems], shown
    (problem, *_) = [one for one in problems if place(one, tmp_path) == expected(wrong)]
    assert problem.severity is wrong.level
    assert wrong.hint in problem.hint
    assert all(one.hint for one in found.problems), shown


@pytest.mark.parametrize("wrong", WRONG, ids=named)
def test_a_mistake_fails_when_the_table_says_so(wrong: Wrong, tmp_path: Path) -> None:
    found = Diagnostics()
    found.extend(of_code(found_in(tmp_path, dict(wrong.files)), wrong.code))
    assert (is_failed(found), is_failed(found, fail_on_warnings=True)) == wrong.fails


def refusal(folder: Path) -> set[str]:
    """Return the codes with which training refuses a project."""
    try:
        train(read_project(modern(folder)), IDENTITY, Settings())
    except ProblemsFound as error:
        return {problem.code for problem in error.problems}
    except ConfigError as error:
        return {error.code}
    return set()


@pytest.mark.parametrize("wrong", WRONG, ids=named)
def test_training_refuses_what_is_an_error_and_nothing_else(wrong: Wrong, tmp_path: Path) -> None:
    found = found_in(tmp_path, dict(wrong.files))
    refused = refusal(tmp_path)
    errors = {problem.code for problem in found.errors}
    assert refused - ONLY_WARNED <= errors
    assert bool(refused - ONLY_WARNED) == bool(errors - ONLY_VALIDATED)
