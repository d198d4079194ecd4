"""Which model a path means."""

import os
from pathlib import Path

import pytest
from tests.unit.model.samples import sample

from tertulia.base.errors import ModelError
from tertulia.model.archive import write_model
from tertulia.model.find import find_model, find_models


def put(path: Path, *, time: int) -> Path:
    """Write a model and say when it was modified last."""
    kind = "folder" if not path.suffix else "zip" if path.suffix == ".zip" else "tar.gz"
    write_model(sample(), path, kind)
    os.utime(path / "manifest.json" if kind == "folder" else path, (time, time))
    return path


def test_a_file_means_itself(tmp_path: Path) -> None:
    assert find_model(put(tmp_path / "a.tar.gz", time=1)) == tmp_path / "a.tar.gz"


def test_a_model_folder_means_itself(tmp_path: Path) -> None:
    assert find_model(put(tmp_path / "dialogue", time=1)) == tmp_path / "dialogue"


@pytest.mark.parametrize("newest", ["a.tar.gz", "b.zip", "c"])
def test_the_newest_by_time_is_found_whatever_its_name(tmp_path: Path, newest: str) -> None:
    for name in ["a.tar.gz", "b.zip", "c"]:
        put(tmp_path / name, time=9 if name == newest else 5)
    assert find_model(tmp_path) == tmp_path / newest


def test_of_equally_old_models_the_last_name_counts(tmp_path: Path) -> None:
    for name in ["b.tar.gz", "a.tar.gz"]:
        put(tmp_path / name, time=5)
    assert find_model(tmp_path) == tmp_path / "b.tar.gz"


def test_other_files_do_not_count(tmp_path: Path) -> None:
    put(tmp_path / "a.tar.gz", time=1)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".tertulia-half.tar.gz").write_text("x")
    (tmp_path / "folder").mkdir()
    assert find_model(tmp_path) == tmp_path / "a.tar.gz"


def test_a_model_of_the_originals_in_the_folder_is_left_to_the_reader(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text("{}")
    assert find_model(tmp_path) == tmp_path


@pytest.mark.parametrize("make", [False, True])
def test_without_a_model_the_error_says_how_to_train(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "models"
    if make:
        folder.mkdir()
    with pytest.raises(ModelError) as caught:
        find_model(folder)
    assert caught.value.code == "T402"
    assert "tertulia train" in caught.value.hint


def test_every_model_of_a_folder_can_be_had_the_newest_last(tmp_path: Path) -> None:
    for time, name in enumerate(["b.tar.gz", "a.zip", "c"]):
        put(tmp_path / name, time=time + 1)
    assert find_models(tmp_path) == [tmp_path / name for name in ("b.tar.gz", "a.zip", "c")]


def test_a_model_is_every_model_of_itself(tmp_path: Path) -> None:
    for name in ["a.tar.gz", "b"]:
        assert find_models(put(tmp_path / name, time=1)) == [tmp_path / name]


def test_a_folder_without_models_has_not_every_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="T402"):
        find_models(tmp_path)
