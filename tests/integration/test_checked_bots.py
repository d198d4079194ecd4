"""Bots that are known to work have no errors when they are checked."""

from pathlib import Path

import pytest

from tertulia.schema.endpoints import Endpoints
from tertulia.training.project import Project, read_project
from tertulia.training.validate import Scope, validate

ROOT = Path(__file__).parents[2]
MODERN = [
    *(ROOT / "tests" / "conformance" / "modern" / "bots").iterdir(),
    *(path.parent for path in (ROOT / "examples").glob("*/config.yml")),
]
LEGACY = [
    *(
        path.parent
        for path in (ROOT / "tests" / "conformance" / "legacy").glob("bots/*/policies.yml")
    ),
    *(path.parent for path in (ROOT / "examples").glob("*/policies.yml")),
]


def errors(project: Project) -> list[str]:
    found = validate(read_project(project), Scope(endpoints=Endpoints()))
    return [str(problem) for problem in found.errors]


@pytest.mark.parametrize("bot", MODERN, ids=lambda bot: bot.name)
def test_a_bot_of_today_has_no_errors(bot: Path) -> None:
    data = (bot / "data",)
    project = Project(
        config=(bot / "config.yml",), domain=(bot / "domain.yml",), nlu=data, stories=data
    )
    assert errors(project) == []


@pytest.mark.parametrize("bot", LEGACY, ids=lambda bot: bot.name)
def test_a_bot_of_0x_has_no_errors(bot: Path) -> None:
    project = Project(
        config=(bot / "nlu_config.yml", bot / "policies.yml"),
        domain=(bot / "domain.yml",),
        nlu=(bot / "nlu.md",),
        stories=(bot / "stories.md",),
    )
    assert errors(project) == []
