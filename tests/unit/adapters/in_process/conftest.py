"""Projects whose packages of actions are imported for one test only."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Write]:
    """Return what writes a project's modules; they are forgotten afterwards.

    `a__b` is a/b.py, `a__init` is a/__init__.py.
    """
    modules, path = set(sys.modules), list(sys.path)

    def write(**files: str) -> Path:
        for name, text in files.items():
            *parents, last = name.split("__")
            file = tmp_path.joinpath(*parents, "__init__.py" if last == "init" else f"{last}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip())
        return tmp_path

    yield write
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        place = getattr(sys.modules[name], "__file__", None) or ""
        if str(tmp_path) in place or not place:
            del sys.modules[name]
