"""Models made to do harm are refused before anything in them is used."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import msgspec
import pytest
from tests.unit.model.samples import sample

from tertulia.base.errors import ModelError
from tertulia.model.archive import model_bytes, read_model, read_model_bytes, write_model
from tertulia.model.content import Limits
from tertulia.model.manifest import Listed, Manifest, decode_manifest, encode_manifest


def tar_of(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """Pack members as they are into a gzipped tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return packed.getvalue()


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Pack members as they are into a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def code_of(data: bytes, limits: Limits | None = None) -> str:
    """Return the code of the error that reading these bytes raises."""
    with pytest.raises(ModelError) as caught:
        read_model_bytes(data, limits=limits)
    assert caught.value.hint
    return caught.value.code


BAD_NAMES = [
    "../manifest.json",
    "/etc/passwd",
    "nlu/../manifest.json",
    "nlu//0/meta.json",
    "nlu/0/meta.json/x",
    "Manifest.json",
    "MANIFEST.JSON",
    "nlu/00/meta.json",
    "nlu/99999/meta.json",
    "nlu\\0\\meta.json",
    "C:manifest.json",
    "manifest.json\n",
    "nlu/0/blobs/0.bin ",
    "nlu/٣/meta.json",
    "evil.py",
    "a" * 99,
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_outside_the_pattern_is_refused_in_a_tar(name: str) -> None:
    assert code_of(tar_of((name, b"x"))) == "T406"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_outside_the_pattern_is_refused_in_a_zip(name: str) -> None:
    assert code_of(zip_of((name, b"x"))) == "T406"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused_in_a_tar(kind: bytes) -> None:
    member = tarfile.TarInfo("domain.json")
    member.type, member.linkname = kind, "/etc/passwd"
    assert code_of(tar_of(member)) == "T406"


def test_links_are_refused_in_a_zip() -> None:
    info = zipfile.ZipInfo("domain.json")
    info.external_attr = 0o120777 << 16
    assert code_of(zip_of((info, b"/etc/passwd"))) == "T406"


@pytest.mark.parametrize("target", ["/etc/hostname", "meta.json"])
def test_links_are_refused_in_a_folder(tmp_path: Path, target: str) -> None:
    write_model(sample(), tmp_path, "folder")
    (tmp_path / "nlu/0/blobs").mkdir()
    (tmp_path / "nlu/0/blobs/0.bin").symlink_to(target)
    with pytest.raises(ModelError, match="T406"):
        read_model(tmp_path)


def test_a_linked_folder_inside_a_model_is_refused(tmp_path: Path) -> None:
    write_model(sample(), tmp_path / "m", "folder")
    (tmp_path / "m/nlu/1").symlink_to(tmp_path / "m/nlu/0")
    with pytest.raises(ModelError, match="T406"):
        read_model(tmp_path / "m")


@pytest.mark.parametrize("name", ["nlu/0/extra", "extra", "extra.py", "nlu/0/blobs/x.bin"])
def test_a_file_that_no_model_has_is_refused_in_a_folder(tmp_path: Path, name: str) -> None:
    write_model(sample(), tmp_path, "folder")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    with pytest.raises(ModelError, match="T406"):
        read_model(tmp_path)


def test_the_same_name_twice_is_refused() -> None:
    assert code_of(tar_of(("domain.json", b"1"), ("domain.json", b"2"))) == "T406"
    with pytest.warns(UserWarning, match="Duplicate name"):
        double = zip_of(("domain.json", b"1"), ("domain.json", b"2"))
    assert code_of(double) == "T406"


def test_an_entry_that_the_manifest_does_not_list_is_refused() -> None:
    manifest = encode_manifest(sample().manifest, {})
    assert code_of(tar_of(("manifest.json", manifest), ("domain.json", b"1"))) == "T406"


def test_an_entry_that_the_manifest_lists_must_be_there() -> None:
    manifest = encode_manifest(sample().manifest, {"domain.json": b"1"})
    assert code_of(tar_of(("manifest.json", manifest))) == "T408"


def test_an_entry_with_another_hash_is_refused() -> None:
    manifest = encode_manifest(sample().manifest, {"domain.json": b"1"})
    assert code_of(tar_of(("manifest.json", manifest), ("domain.json", b"2"))) == "T408"


def test_a_container_without_a_manifest_is_no_model() -> None:
    assert code_of(tar_of(("domain.json", b"{}"))) == "T404"
    assert code_of(zip_of(("domain.json", b"{}"))) == "T404"


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_bomb_is_refused_by_its_ratio(pack: "object") -> None:
    assert callable(pack)
    bomb = pack(("nlu/0/arrays.safetensors", bytes(1 << 20)))
    assert isinstance(bomb, bytes)
    assert code_of(bomb, Limits(free_bytes=1 << 16)) == "T407"


def test_a_zip_whose_sizes_lie_is_refused() -> None:
    data = bytearray(zip_of(("domain.json", bytes(1000))))
    table = data.index(b"PK\1\2")
    data[table + 24 : table + 28] = struct.pack("<I", 10)
    assert code_of(bytes(data)) == "T405"


def test_a_tar_of_endless_zeros_behind_its_end_is_refused() -> None:
    data = gzip.compress(bytes(64 << 20))
    limits = Limits(entries=1, total_bytes=1 << 20)
    assert code_of(data, limits) == "T405"


def test_a_pax_header_that_renames_a_file_is_refused() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("domain.json")
        info.pax_headers = {"path": "../evil"}
        archive.addfile(info)
    assert code_of(packed.getvalue()) == "T406"


def test_a_zip_with_a_huge_table_of_contents_is_refused_before_it_is_built() -> None:
    entries = [(f"nlu/{n}/meta.json", b"") for n in range(50)]
    assert code_of(zip_of(*entries), Limits(entries=2)) == "T405"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(method: int) -> None:
    info = zipfile.ZipInfo("domain.json")
    info.compress_type = method
    assert code_of(zip_of((info, b"{}"))) == "T406"


def test_an_encrypted_zip_is_refused() -> None:
    data = bytearray(zip_of(("domain.json", b"{}")))
    data[data.index(b"PK\1\2") + 8] |= 1
    assert code_of(bytes(data)) == "T406"


def test_more_data_after_the_end_is_refused() -> None:
    assert code_of(model_bytes(sample()) + b"x") == "T405"
    assert code_of(model_bytes(sample()) + gzip.compress(b"x")) == "T405"
    assert code_of(gzip.compress(gzip.decompress(model_bytes(sample())) + b"x" * 512)) == "T405"


def test_a_wrong_checksum_at_the_end_of_gzip_is_damage() -> None:
    data = bytearray(model_bytes(sample()))
    data[-6] ^= 1
    assert code_of(bytes(data)) == "T405"


@pytest.mark.parametrize("tail", [b"", b"PK\3\4", b"PK\5\6" + bytes(18)])
def test_a_zip_of_nothing_is_no_model(tail: bytes) -> None:
    assert code_of(tail or b"PK") in {"T404", "T405"}


class TestManifest:
    def encoded(self, **changes: object) -> bytes:
        whole = msgspec.json.decode(encode_manifest(sample().manifest, {}))
        return msgspec.json.encode(whole | changes)

    def test_comes_back_as_it_was_written(self) -> None:
        entries = {"domain.json": b"abc"}
        data = encode_manifest(sample().manifest, entries)
        assert decode_manifest(data) == (
            sample().manifest,
            {"domain.json": Listed.of(b"abc")},
        )

    def test_any_change_of_a_fact_is_noticed(self) -> None:
        data = encode_manifest(sample().manifest, {})
        with pytest.raises(ModelError, match="T409"):
            decode_manifest(data.replace(b'"test"', b'"tess"'))

    def test_a_newer_format_asks_for_an_upgrade(self) -> None:
        with pytest.raises(ModelError) as caught:
            decode_manifest(self.encoded(format_version=2))
        assert caught.value.code == "T415"
        assert "Upgrade" in caught.value.hint

    def test_an_older_format_asks_for_training(self) -> None:
        with pytest.raises(ModelError) as caught:
            decode_manifest(self.encoded(format_version=0))
        assert caught.value.code == "T415"
        assert "tertulia train" in caught.value.hint

    def test_the_manifest_of_something_else_is_no_model(self) -> None:
        with pytest.raises(ModelError, match="T404"):
            decode_manifest(self.encoded(format="chrome-extension"))

    @pytest.mark.parametrize(
        "data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format":"tertulia-model"}']
    )
    def test_something_else_is_damage(self, data: bytes) -> None:
        with pytest.raises(ModelError, match="T409"):
            decode_manifest(data)

    @pytest.mark.parametrize("field", ["model", "entries", "unknown"])
    def test_a_field_of_the_wrong_type_is_damage(self, field: str) -> None:
        with pytest.raises(ModelError, match="T409"):
            decode_manifest(self.encoded(**{field: 5}))

    def test_a_model_id_is_32_hexadecimal_digits(self) -> None:
        wrong = msgspec.structs.replace(sample().manifest, model_id="../../etc")
        assert isinstance(wrong, Manifest)
        with pytest.raises(ModelError, match="T409"):
            decode_manifest(encode_manifest(wrong, {}))


def test_the_padding_of_gzip_itself_is_not_confused_with_content() -> None:
    raw = gzip.decompress(model_bytes(sample()))
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    assert read_model_bytes(engine.compress(raw) + engine.flush()) == sample()
