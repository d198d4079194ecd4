"""What every committed file must keep to."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import tertulia

ROOT = Path(__file__).parents[2]
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+)/")
LIMIT_BYTES = 1024 * 1024
# What tools/word_vectors.py makes of a model that is not in the repository.
LARGE = {"src/tertulia/ml/english.safetensors": 4 * LIMIT_BYTES}


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def test_no_file_names_a_folder_of_the_machine_it_was_written_on(committed: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in committed
        if (match := MACHINE_PATH.search(path.read_bytes()))
    ]
    assert found == []


def test_no_file_is_larger_than_one_mebibyte_but_one(committed: list[Path]) -> None:
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in committed}
    limits = {name: LARGE.get(name, LIMIT_BYTES) for name in sizes}
    assert {name: size for name, size in sizes.items() if size > limits[name]} == {}


def test_the_installed_version_is_the_one_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert tertulia.__version__ == project["version"]


def test_an_unknown_attribute_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tertulia.nothing


def test_every_decision_is_listed_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name for name in pages if f"({name})" not in index] == []
    assert len({name[:4] for name in pages}) == len(pages)


def test_every_dependency_has_a_line_with_its_reason() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = content["project"]["dependencies"] + content["dependency-groups"]["dev"]
    for extra in content["project"].get("optional-dependencies", {}).values():
        wanted += extra
    page = (ROOT / "docs/adr/0009-dependencies.md").read_text(encoding="utf-8")
    names = [re.split(r"[\[<>=;! ]", requirement)[0] for requirement in wanted]
    assert [name for name in names if f"| `{name}` |" not in page] == []
