"""Uploads that are no models: nothing is written, memory stays bounded, the old model answers."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from tests.hostile.target import MIB, Target, error_code, request, status_of

ENTRY = "nlu/0/arrays.safetensors"
_BOUNDARY = "edge"


def upload(data: bytes, filename: str = "model.tar.gz") -> bytes:
    body = (
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="model"; filename="{filename}"\r\n\r\n'
    ).encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()  # fmt: skip
    kind = f"Content-Type: multipart/form-data; boundary={_BOUNDARY}"
    return request("POST", "/model", body, kind)


def tar(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        info.size = 4 if kind == tarfile.REGTYPE else 0
        archive.addfile(info, io.BytesIO(b"evil"))
    return found.getvalue()


def zipped(name: str, mode: int = stat.S_IFREG, text: bytes = b"evil") -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (mode | 0o777) << 16
        archive.writestr(info, text)
    return found.getvalue()


def zeros(size: int) -> bytes:
    """Return `size` zero bytes as a raw deflate stream, without packing them one by one."""
    block = 16 * MIB
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (size // block) + packer.flush()


def tar_bomb(claimed: int) -> bytes:
    info = tarfile.TarInfo(ENTRY)
    info.size = claimed
    head = zlib.compressobj(9, wbits=31)
    begin = head.compress(info.tobuf(tarfile.GNU_FORMAT)) + head.flush(zlib.Z_FULL_FLUSH)
    return begin + zeros(10 << 30) + struct.pack("<2L", 0, 0)


def zip_bomb(claimed: int) -> bytes:
    packed = zeros(2 << 30)
    name = ENTRY.encode()
    sizes = struct.pack("<3L", 0, len(packed), claimed)
    local = struct.pack("<4s5H", b"PK\3\4", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<2H", len(name), 0) + name + packed
    central = struct.pack("<4s6H", b"PK\1\2", 20, 20, 0, 8, 0, 0) + sizes
    central += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


TRAVERSALS = [
    "../evil",
    "/etc/tertulia-evil",
    "nlu/../../evil",
    "C:\\evil",
    "..\\evil",
    "nlu/0/\x01",
]


@pytest.mark.parametrize("name", TRAVERSALS)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_names_that_lead_outside_are_refused(
    target: Target, name: str, pack: Callable[[str], bytes]
) -> None:
    answer = target.send(upload(pack(name)))
    assert status_of(answer) == 400, answer
    assert error_code(answer) == "T830"


@pytest.mark.parametrize(
    "data",
    [
        tar(ENTRY, tarfile.SYMTYPE, "/etc/passwd"),
        tar(ENTRY, tarfile.LNKTYPE, "/etc/passwd"),
        tar(ENTRY, tarfile.CHRTYPE),
        tar(ENTRY, tarfile.BLKTYPE),
        tar(ENTRY, tarfile.FIFOTYPE),
        zipped(ENTRY, stat.S_IFLNK, b"/etc/passwd"),
        zipped(ENTRY, stat.S_IFCHR),
        zipped(ENTRY, stat.S_IFIFO),
    ],
    ids=["tar symlink", "tar link", "tar character device", "tar block device", "tar pipe",
         "zip symlink", "zip device", "zip pipe"],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(target: Target, data: bytes) -> None:
    assert status_of(target.send(upload(data))) == 400


@pytest.mark.parametrize(
    "make",
    [
        lambda: tar_bomb(10 << 30),
        lambda: tar_bomb(900 * MIB),
        lambda: tar_bomb(1000),
        lambda: zip_bomb(1000),
        lambda: zip_bomb((2 << 30) - 1),
        lambda: gzip.compress(bytes(64 * MIB)),
    ],
    ids=["tar of 10 GB", "tar claiming 900 MB", "tar that lies", "zip that lies", "zip of 2 GB",
         "zeros"],
)  # fmt: skip
def test_bombs_do_not_unfold(target: Target, make: Callable[[], bytes]) -> None:
    sent = upload(make())
    before = target.peak()
    answer = target.send(sent)
    assert status_of(answer) == 400
    # The upload itself lies in memory a few times: as pieces, as a body, as a file of the form.
    assert target.peak() - before < 256 * MIB + 4 * len(sent)


@pytest.mark.parametrize(
    "filename", ["../../evil.tar.gz", "/etc/cron.d/evil", "a\\..\\b", "x" * 5000, "\u202egz.rat"]
)
def test_the_name_of_an_upload_is_no_path(target: Target, filename: str) -> None:
    assert status_of(target.send(upload(b"no model at all", filename))) == 400


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6" + bytes(18), b"\x1f\x8b", b"\x80\x04."])
def test_what_is_no_archive_is_refused(target: Target, data: bytes) -> None:
    assert status_of(target.send(upload(data))) == 400


@pytest.mark.parametrize("path", ["/etc/passwd", "../..", "models/../../..", "file:///etc/passwd"])
def test_a_model_is_loaded_from_no_other_folder(target: Target, path: str) -> None:
    answer = target.send(request("PUT", "/model", b'{"model_file": "%s"}' % path.encode()))
    assert status_of(answer) == 400
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://x"],
)
def test_the_server_calls_no_host_that_a_request_names(target: Target, url: str) -> None:
    body = b'{"model_server": {"url": "%s"}}' % url.encode()
    assert status_of(target.send(request("PUT", "/model", body))) == 400
