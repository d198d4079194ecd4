"""The starter bot that travels with the package."""

from pathlib import Path

import pytest

from tertulia.base.errors import ConfigError
from tertulia.cli.starting import starter_files, write_starter

EXAMPLE = Path(__file__).parents[3] / "examples" / "smalltalk"


def own_files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if not name.startswith((".", "models/"))}


def test_the_starter_bot_is_the_smalltalk_example() -> None:
    assert starter_files() == own_files(EXAMPLE)


def test_it_is_written_whole(tmp_path: Path) -> None:
    write_starter(tmp_path / "new" / "bot")
    assert own_files(tmp_path / "new" / "bot") == starter_files()


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "domain.yml").write_text("mine")
    with pytest.raises(ConfigError) as caught:
        write_starter(tmp_path)
    assert caught.value.code == "T155"
    assert own_files(tmp_path) == {"domain.yml": b"mine"}


def test_a_place_that_takes_nothing_is_an_error_with_a_code(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="T155: the bot cannot be written"):
        write_starter(tmp_path / "file" / "bot")
