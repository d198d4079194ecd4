"""Where endpoints.yml lets custom actions run."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.endpoints import read_endpoints
from tertulia.schema.endpoints import ActionEndpoint, ActionModule

Found = tuple[object, list[str]]


def read(folder: Path, text: str) -> Found:
    path = folder / "endpoints.yml"
    path.write_text(text)
    diagnostics = Diagnostics()
    endpoints = read_endpoints(path, env={}, diagnostics=diagnostics)
    return endpoints.action_endpoint, [f"{p.at}: {p.message}" for p in diagnostics.problems]


def test_a_url_is_an_action_server(tmp_path: Path) -> None:
    found = read(tmp_path, "action_endpoint:\n  url: http://a/webhook\n  timeout: 5\n")
    assert found == (ActionEndpoint(url="http://a/webhook", timeout=5), [])


def test_a_module_is_run_here(tmp_path: Path) -> None:
    text = "action_endpoint:\n  module: bot.actions\n  timeout: 2.5\n  tracker_events: 10\n"
    found = read(tmp_path, text)
    assert found == (ActionModule(module="bot.actions", timeout=2.5, tracker_events=10), [])


def test_both_are_refused(tmp_path: Path) -> None:
    endpoint, problems = read(
        tmp_path, "action_endpoint:\n  url: http://a/webhook\n  module: actions\n"
    )
    assert endpoint is None
    assert "both a url and a module" in problems[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  module: actions/here", 2),
        ("  module: 1st", 2),
        ("  module: [actions]", 2),
        ("  module: actions\n  timeout: 0", 3),
        ("  module: actions\n  timeout: soon", 3),
        ("  module: actions\n  token: x", 3),
        ("  timeout: 3", 2),
        ("  module:", 2),
        (" actions", 2),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    endpoint, problems = read(tmp_path, f"action_endpoint:\n{text}\n")
    assert endpoint is None
    assert len(problems) == 1
    assert f"endpoints.yml:{line}:" in problems[0]
