"""Prints how much of each recording is reproduced."""

import pytest

_scores: list[str] = []


@pytest.fixture
def scores() -> list[str]:
    """Lines for the end of the test report."""
    return _scores


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _scores:
        terminalreporter.section("recordings reproduced")
        for line in sorted(_scores):
            terminalreporter.write_line(line)
