"""How the composition root chooses what runs custom actions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.app import AppSettings, load_endpoints, open_actions
from tertulia.base.errors import ComponentError
from tertulia.core.domain.model import Action, Domain, Generation

CODE = """
from tertulia.actions import action

@action("action_here")
async def here(ctx): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "app_actions.py").write_text(CODE)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("app_actions", None)


def opened(folder: Path, text: str | None, **more: Any) -> Any:
    path = folder / "endpoints.yml" if text is not None else None
    if path is not None and text is not None:
        path.write_text(text)
    settings = AppSettings(**{"model": None, "folder": folder, "endpoints": path, **more})
    return open_actions(settings, load_endpoints(path))[1]


def test_without_an_endpoint_nothing_runs_actions(folder: Path) -> None:
    assert opened(folder, None) is None


def test_a_url_is_called(folder: Path) -> None:
    assert isinstance(opened(folder, "action_endpoint:\n  url: http://a/b\n"), HttpActionServer)


def test_a_module_beside_the_endpoints_runs_here(folder: Path) -> None:
    runner = opened(folder, "action_endpoint:\n  module: app_actions\n")
    assert isinstance(runner, InProcessActions)
    assert runner.names == ("action_here",)


def test_a_package_of_the_command_line_counts_more_than_the_endpoints(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    text = "action_endpoint:\n  url: http://a/b\n"
    assert isinstance(opened(folder, text, actions="app_actions"), InProcessActions)


def test_a_module_that_is_not_there_stops_the_start(folder: Path) -> None:
    with pytest.raises(ComponentError, match="no package of actions 'gone_actions'"):
        opened(folder, "action_endpoint:\n  module: gone_actions\n")


def test_actions_of_the_domain_that_nobody_has_are_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listed = ("action_here", "action_gone", "utter_x", "action_listen")
    domain = Domain(
        generation=Generation.MODERN, actions=tuple(Action(name=name) for name in listed)
    )
    model = cast(Any, SimpleNamespace(domain=domain))
    opened(folder, "action_endpoint:\n  module: app_actions\n", model=model)
    assert [each.getMessage() for each in caplog.records] == [
        "T623 the domain lists the action 'action_gone', which no package has"
    ]
