"""A model that another machine names is looked for by its name and its bytes, nowhere else."""

from pathlib import Path

import pytest

from tertulia.base.errors import ModelError
from tertulia.model.packed import Packed, digest_of, find_packed

DATA = b"a model"
DIGEST = digest_of(Packed("", DATA))


def test_the_file_with_the_same_bytes_is_found_in_any_folder(tmp_path: Path) -> None:
    roots = [tmp_path / "first", tmp_path / "second"]
    for root, data in zip(roots, (b"another", DATA), strict=True):
        root.mkdir()
        (root / "bot.tar.gz").write_bytes(data)
    assert find_packed(roots, "bot.tar.gz", DIGEST) == Packed("bot.tar.gz", DATA)


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bot.tar.gz").write_bytes(b"another")
    with pytest.raises(ModelError, match=r"T402.*has another content"):
        find_packed([tmp_path], "bot.tar.gz", DIGEST)


@pytest.mark.parametrize("name", ["../out.tar.gz", "sub/out.tar.gz", "..", "", "a\0"])
def test_only_a_plain_name_is_looked_for(tmp_path: Path, name: str) -> None:
    root = tmp_path / "models"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "out.tar.gz").write_bytes(DATA)
    (tmp_path / "out.tar.gz").write_bytes(DATA)
    with pytest.raises(ModelError, match=r"T402.* is not in "):
        find_packed([root], name, DIGEST)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out.tar.gz").write_bytes(DATA)
    root = tmp_path / "models"
    root.mkdir()
    (root / "bot.tar.gz").symlink_to(tmp_path / "out.tar.gz")
    with pytest.raises(ModelError, match=r"T402.* is not in "):
        find_packed([root], "bot.tar.gz", DIGEST)
