"""Who imports whom, and what a bare import costs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "litestar", "uvicorn", "httpx2", "jwt", "rich", "yaml"}
LIGHT_MODULES = ["tertulia"] + [
    name
    for name, path in {
        "tertulia.cli.main": "src/tertulia/cli/main.py",
        "tertulia.client": "src/tertulia/client/__init__.py",
    }.items()
    if (ROOT / path).exists()
]


def test_the_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LIGHT_MODULES)
def test_importing_it_loads_no_heavy_library(name: str) -> None:
    code = f"import sys, {name}; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    "name", ["rasa_core", "rasa_nlu", "tertulia.actions", "tertulia.client", "tertulia.testing"]
)
def test_each_public_package_can_be_imported_alone(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {name}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
