"""Which folder keeps the conversations."""

from pathlib import Path

import pytest

from tertulia.cli.place import project_folder


def test_a_model_in_models_belongs_to_the_project_around_it(tmp_path: Path) -> None:
    assert project_folder(tmp_path / "models" / "a.tar.gz") == tmp_path


def test_the_dialogue_folder_of_the_old_commands_does_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_folder(Path("models/dialogue")) == tmp_path


@pytest.mark.parametrize("model", [None, Path("/somewhere/else/a.tar.gz")])
def test_anything_else_belongs_to_the_working_directory(
    model: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_folder(model) == tmp_path
