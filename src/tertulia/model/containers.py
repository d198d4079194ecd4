"""Bytes of a `.tar.gz` or `.zip` to entries. Nothing is written to disk, ever.

Rule: both formats can say much more than a model needs (links, devices, several names for one
file, sizes that lie). What a model does not need is refused, not interpreted.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tertulia.model.content import Collector, Limits, damaged, is_folder_name, refused
from tertulia.model.originals import raise_if_original

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK"

_BLOCK = 512
_CHUNK = 1 << 20
_PAX = frozenset({b"x", b"g"})
_FILES = frozenset({b"0", b"\0"})
_MAX_PAX = 1 << 16
_PER_MEMBER = 4 << 10
_PAX_THAT_CHANGES = (b"path=", b"linkpath=", b"size=", b"GNU.sparse", b"hdrcharset=")

_ZIP_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE = 20
_ZIP_PER_ENTRY = 512
_ENCRYPTED = 0x1
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def read_zip(data: bytes, collector: Collector, limits: Limits) -> None:
    """Put every file of a zip into `collector`.

    Raises:
        ModelError: the file is damaged, or holds more or other things than a model.
    """
    _check_zip_end(data, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if _is_wanted(info):
                    size = collector.admit(info.filename, info.file_size)
                    with archive.open(info) as stream:
                        read = stream.read(size + 1)
                    if len(read) != size:
                        raise damaged(f"'{info.filename}' has another size than stated")
                    collector.add(info.filename, read)
    except _ZIP_ERRORS as error:
        raise damaged(f"it is no whole zip file ({error})") from error


def _check_zip_end(data: bytes, limits: Limits) -> None:
    """Check the size of the table of contents before the library builds an object per line."""
    tail = len(data) - _ZIP_END.size
    if tail < 0:
        raise damaged("it is too short")
    magic, *_, table_size, _, comment = _ZIP_END.unpack_from(data, tail)
    if magic != b"PK\x05\x06" or comment:
        raise damaged("the end of the zip file is missing")
    locator = max(0, tail - _ZIP64_LOCATOR_SIZE)
    too_large = table_size > limits.entries * _ZIP_PER_ENTRY
    if too_large or data[locator : locator + 4] == _ZIP64_LOCATOR:
        raise damaged("its table of contents is too large")


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    """Return False for folders; raise for what is no plain file."""
    name = info.filename
    raise_if_original(name.rstrip("/"))
    mode = info.external_attr >> 16
    if name.endswith("/"):
        if not is_folder_name(name.rstrip("/")) or info.file_size:
            raise refused(name, "is a folder that no model has")
        return False
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise refused(name, "is no plain file")
    if info.flag_bits & _ENCRYPTED:
        raise refused(name, "is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(name, "is packed in a way that is not supported")
    return True


def read_tar_gz(data: bytes, collector: Collector, limits: Limits) -> None:
    """Put every file of a gzipped tar into `collector`.

    Raises:
        ModelError: the file is damaged, or holds more or other things than a model.
    """
    stream = _Unzipper(data, collector.most_bytes + limits.entries * _PER_MEMBER)
    for name, kind, size in _headers(stream):
        raise_if_original(name)
        if kind == b"5":
            if size or not (name in ("", ".") or is_folder_name(name)):
                raise refused(name, "is a folder that no model has")
        elif kind in _FILES:
            collector.add(name, stream.take(collector.admit(name, size)))
            stream.take(-size % _BLOCK)
        else:
            raise refused(name, "is no plain file")
    stream.finish()


def _headers(stream: "_Unzipper") -> Iterator[tuple[str, bytes, int]]:
    """Yield name, kind and size of each tar member; the consumer takes the bytes in between."""
    while True:
        header = stream.take(_BLOCK)
        if header.count(0) == _BLOCK:
            return
        # The checksum counts its own field as eight spaces.
        if _octal(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * 0x20:
            raise damaged("a header has a wrong checksum")
        name, kind, size = header[:100], header[156:157], _octal(header[124:136])
        if header[257:262] == b"ustar" and header[263:265] == b"00":
            prefix = header[345:500].partition(b"\0")[0]
            name = prefix + b"/" + name if prefix else name
        if kind in _PAX:
            _skip_pax(stream, size)
            continue
        yield _tar_name(name.partition(b"\0")[0]), kind, size


def _tar_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "backslashreplace")
    return name.removeprefix("./").rstrip("/")


def _skip_pax(stream: "_Unzipper", size: int) -> None:
    """Pass over a header of times and owners; one that changes names or sizes is refused."""
    if size > _MAX_PAX:
        raise refused("pax header", "is too long")
    records = stream.take(size)
    stream.take(-size % _BLOCK)
    if any(word in records for word in _PAX_THAT_CHANGES):
        raise refused("pax header", "renames or resizes a file")


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    if not all(0x30 <= digit <= 0x37 for digit in text):
        raise damaged("a header holds something that is no number")
    return int(text or b"0", 8)


class _Unzipper:
    """Unpacks gzip piece by piece, so that no more than asked for is ever in memory.

    most: how much may come out in all.
    """

    def __init__(self, data: bytes, most: int) -> None:
        self._engine = zlib.decompressobj(wbits=31)
        self._data = data
        self._at = 0
        self._left = most

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes, or raise ModelError when the stream ends before."""
        taken = bytearray()
        while len(taken) < size:
            piece = self._more(min(_CHUNK, size - len(taken)))
            if not piece:
                raise damaged("it ends too early")
            taken += piece
        return bytes(taken)

    def finish(self) -> None:
        """Read to the end: only zeros may follow, and the checksum of gzip must be right."""
        while rest := self._more(_CHUNK):
            if rest.count(0) != len(rest):
                raise damaged("something follows after its end")
        if not self._engine.eof or self._engine.unused_data or self._at < len(self._data):
            raise damaged("it does not end where it should")

    def _more(self, most: int) -> bytes:
        """Return up to `most` bytes; none only at the end."""
        piece = b""
        while not piece and not self._engine.eof:
            pending = self._engine.unconsumed_tail
            if not pending:
                pending = self._data[self._at : self._at + _CHUNK]
                self._at += len(pending)
            at_end = not pending
            try:
                piece = self._engine.decompress(pending, most)
            except zlib.error as error:
                raise damaged(f"it is no whole gzip file ({error})") from error
            if at_end:
                break
        self._left -= len(piece)
        if self._left < 0:
            raise damaged("far more comes out of it than a model holds")
        return piece
