"""Models as they travel: the same model whatever it was packed in, and nothing opened too early."""

from pathlib import Path

import pytest
from tests.unit.model.samples import KINDS, sample
from tests.unit.training.projects import MODERN, modern, write

from tertulia.base.errors import ModelError
from tertulia.engine.keeper import load_and_warm
from tertulia.model.archive import ContainerKind, read_model_bytes, write_model
from tertulia.model.packed import Packed, pack, unpack
from tertulia.training.project import read_project
from tertulia.training.run import Identity, train


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_model_has_the_content_and_the_name_of_what_it_was_packed_from(
    tmp_path: Path, kind: ContainerKind
) -> None:
    path = tmp_path / "bot"
    write_model(sample(), path, kind)
    packed = pack(path)
    assert packed.name == "bot"
    assert read_model_bytes(packed.data) == sample()


def test_a_model_that_is_not_there_cannot_be_packed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="T402"):
        pack(tmp_path / "none.tar.gz")


def test_the_bytes_of_a_model_are_not_written_into_logs() -> None:
    assert repr(Packed("m", b"secret" * 100)) == "Packed('m', 600 bytes)"


def test_a_trained_model_is_ready_when_it_was_loaded_and_warmed(tmp_path: Path) -> None:
    folder = write(tmp_path / "bot", MODERN)
    content = train(read_project(modern(folder)), Identity(model_id="a" * 32, created="now"))
    write_model(content, tmp_path / "m.tar.gz", "tar.gz")
    assistant = load_and_warm(pack(tmp_path / "m.tar.gz"))
    assert assistant.model.name == "m.tar.gz"
    assert assistant.model.manifest.model_id == "a" * 32


def test_what_is_no_model_is_found_when_it_is_opened() -> None:
    with pytest.raises(ModelError, match="T404"):
        unpack(Packed("m", b"not a model"))
