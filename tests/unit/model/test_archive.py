"""Models on disk: what goes in comes out, whatever it is packed in."""

import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest
from tests.unit.model.samples import KINDS, sample

from tertulia.base.errors import ModelError
from tertulia.model.archive import ContainerKind, model_bytes, read_model, write_model
from tertulia.model.content import Content, Limits


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_comes_back_as_it_was_written(tmp_path: Path, kind: ContainerKind) -> None:
    write_model(sample(), tmp_path / "model", kind)
    assert read_model(tmp_path / "model") == sample()


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_the_first_bytes_tell_the_kind_and_not_the_name(
    tmp_path: Path, kind: ContainerKind
) -> None:
    wrong = tmp_path / ("model.zip" if kind == "tar.gz" else "model.tar.gz")
    write_model(sample(), wrong, kind)
    assert read_model(wrong) == sample()


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_the_same_content_gives_the_same_bytes(kind: ContainerKind) -> None:
    turned = Content(manifest=sample().manifest, entries=dict(reversed(sample().entries.items())))
    assert kind != "folder"
    assert model_bytes(sample(), kind) == model_bytes(turned, kind)


def test_ordinary_tar_reads_what_we_write(tmp_path: Path) -> None:
    write_model(sample(), tmp_path / "m.tar.gz", "tar.gz")
    with tarfile.open(tmp_path / "m.tar.gz") as archive:
        assert archive.getnames() == ["manifest.json", *sorted(sample().entries)]


def test_ordinary_zip_reads_what_we_write(tmp_path: Path) -> None:
    write_model(sample(), tmp_path / "m.zip", "zip")
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", *sorted(sample().entries)]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_model_packed_again_by_ordinary_tar_is_read(tmp_path: Path, form: int) -> None:
    write_model(sample(), tmp_path / "m", "folder")
    with tarfile.open(tmp_path / "again.tar.gz", "w:gz", format=form) as archive:
        archive.add(tmp_path / "m", arcname=".")
    assert read_model(tmp_path / "again.tar.gz") == sample()


def test_a_model_packed_again_by_ordinary_zip_is_read(tmp_path: Path) -> None:
    write_model(sample(), tmp_path / "m", "folder")
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((tmp_path / "m").rglob("*")):
            archive.write(file, file.relative_to(tmp_path / "m"))
    assert read_model(tmp_path / "again.zip") == sample()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_replaced_whole_and_nothing_is_left_beside_it(
    tmp_path: Path, kind: ContainerKind
) -> None:
    write_model(sample(), tmp_path / "m", kind)
    write_model(_smaller(), tmp_path / "m", kind)
    assert read_model(tmp_path / "m") == _smaller()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def _smaller() -> Content:
    whole = sample()
    return msgspec.structs.replace(whole, entries={"domain.json": whole.entries["domain.json"]})


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write_model(sample(), tmp_path / "m", "folder")
    assert read_model(tmp_path / "m") == sample()


@pytest.mark.parametrize("name", ["notes.txt", "data/nlu.md"])
def test_a_folder_with_other_things_is_never_replaced(tmp_path: Path, name: str) -> None:
    write_model(sample(), tmp_path / "m", "folder")
    kept = tmp_path / "m" / name
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    with pytest.raises(ModelError) as caught:
        write_model(sample(), tmp_path / "m", "folder")
    assert caught.value.code == "T412"
    assert "another folder" in caught.value.hint
    assert kept.read_text() == "mine"


def test_a_folder_that_only_looks_like_a_model_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "domain.json").write_text("{}")
    with pytest.raises(ModelError, match="T412"):
        write_model(sample(), tmp_path, "folder")


def test_a_file_does_not_replace_a_folder_nor_a_folder_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ModelError, match="T412"):
        write_model(sample(), tmp_path / "folder", "tar.gz")
    with pytest.raises(ModelError, match="T412"):
        write_model(sample(), tmp_path / "file", "folder")


def test_hidden_files_of_the_system_do_not_harm_a_folder(tmp_path: Path) -> None:
    write_model(sample(), tmp_path, "folder")
    (tmp_path / ".DS_Store").write_text("x")
    assert read_model(tmp_path) == sample()


def test_nothing_at_the_path_says_how_to_train(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        read_model(tmp_path / "none.tar.gz")
    assert caught.value.code == "T402"
    assert "tertulia train" in caught.value.hint


def test_a_path_no_system_takes_is_an_error_of_ours() -> None:
    with pytest.raises(ModelError, match="T413"):
        read_model(Path("a\0b"))


def test_a_file_that_is_no_model_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(b"hello")
    with pytest.raises(ModelError, match="T404"):
        read_model(tmp_path / "m.tar.gz")


def test_a_name_that_no_reader_takes_is_not_written(tmp_path: Path) -> None:
    bad = Content(manifest=sample().manifest, entries={"../evil": b""})
    with pytest.raises(ValueError, match="evil"):
        write_model(bad, tmp_path / "m", "tar.gz")


def test_an_unwritable_place_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="T413"):
        write_model(sample(), tmp_path / "file" / "m.tar.gz", "tar.gz")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "limits", [Limits(entries=3), Limits(entry_bytes=1000), Limits(total_bytes=1500)]
)
def test_more_than_the_limits_is_refused(
    tmp_path: Path, kind: ContainerKind, limits: Limits
) -> None:
    write_model(sample(), tmp_path / "m", kind)
    with pytest.raises(ModelError, match="T407"):
        read_model(tmp_path / "m", limits=limits)
