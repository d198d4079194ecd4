"""Fixtures of the whole suite, and how much of each recording is reproduced."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from .integration.peer_sdk import find_sdk

_scores: list[str] = []

# What is slow is not wrong: a machine may be busy.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Undo what a command that ran in the test's own process set for its log."""
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    yield
    root.setLevel(level)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    """A Python that has the SDK of the original's action servers."""
    return find_sdk()


@pytest.fixture
def scores() -> list[str]:
    """Lines for the end of the test report."""
    return _scores


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the lines to the process that reports, if several test together."""
    told: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["scores"] = list(_scores)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the lines of another process; one that died has none."""
    _scores.extend(getattr(node, "workeroutput", {}).get("scores", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _scores:
        terminalreporter.section("recordings reproduced")
        for line in sorted(_scores):
            terminalreporter.write_line(line)
