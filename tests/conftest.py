"""Fixtures of the whole suite."""

from pathlib import Path

import pytest

from .integration.peer_sdk import find_sdk


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    """A Python that has the SDK of the original's action servers."""
    return find_sdk()
