"""Models on disk: `.tar.gz`, `.zip` or a folder, the same content in each.

Rule: what a file is, its first bytes tell, never its name; and it is read in memory only.
"""

import gzip
import io
import os
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tertulia.base.errors import ModelError
from tertulia.model.containers import GZIP_MAGIC, ZIP_MAGIC, read_tar_gz, read_zip
from tertulia.model.content import MANIFEST, Collector, Content, Limits, check_names
from tertulia.model.folder import read_folder, sync_folder, write_folder
from tertulia.model.manifest import encode_manifest

ContainerKind = Literal["tar.gz", "zip", "folder"]

_MODE = 0o644
_LEVEL = 4
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def read_model(path: Path, *, limits: Limits | None = None) -> Content:
    """Return the model at `path`, verified: a file of either kind, or a folder.

    Raises:
        ModelError: there is none, Rasa made it, or it is damaged or hostile.
    """
    limits = limits or Limits()
    if not path.is_dir():
        return read_model_bytes(read_file(path, limits), limits=limits)
    collector = Collector(limits)
    try:
        read_folder(path, collector)
    except (OSError, ValueError) as error:
        raise _not_accessible("read", path, error) from error
    return collector.content()


def read_file(path: Path, limits: Limits) -> bytes:
    """Return the bytes of a model file, not looked into yet.

    Raises:
        ModelError: there is none, it cannot be read, or it is too large.
    """
    try:
        size = path.stat().st_size
        if size > limits.total_bytes:
            raise ModelError(
                f"the model is refused: the file has {size} bytes",
                hint="If it is yours, raise the limits of model reading; otherwise do not use it.",
                code="T407",
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"there is no model at '{path}'",
            hint="Train one with `tertulia train`.",
            code="T402",
        ) from error
    except (OSError, ValueError) as error:
        raise _not_accessible("read", path, error) from error


def read_model_bytes(data: bytes, *, limits: Limits | None = None) -> Content:
    """Return the model in these bytes of a `.tar.gz` or `.zip`, verified.

    Raises:
        ModelError: it is neither, Rasa made it, or it is damaged or hostile.
    """
    limits = limits or Limits()
    collector = Collector(limits, packed_bytes=len(data))
    if data.startswith(GZIP_MAGIC):
        read_tar_gz(data, collector, limits)
    elif data.startswith(ZIP_MAGIC):
        read_zip(data, collector, limits)
    else:
        raise ModelError(
            "this is no model: neither a .tar.gz nor a .zip file",
            hint="Name a model made by `tertulia train`.",
            code="T404",
        )
    return collector.content()


def write_model(content: Content, path: Path, kind: ContainerKind) -> None:
    """Write the model to `path`, all or nothing; the same content gives the same bytes.

    Raises:
        ModelError: something that is no model of ours is there, or the disk does not take it.
        ValueError: an entry has a name that no model entry has.
    """
    entries = _listed(content)
    try:
        if kind == "folder":
            write_folder(entries, path)
        else:
            _write_file(_tar_gz(entries) if kind == "tar.gz" else _zip(entries), path)
    except OSError as error:
        raise _not_accessible("written", path, error) from error


def model_bytes(content: Content, kind: Literal["tar.gz", "zip"] = "tar.gz") -> bytes:
    """Return what `write_model` would write to a file."""
    entries = _listed(content)
    return _tar_gz(entries) if kind == "tar.gz" else _zip(entries)


def _listed(content: Content) -> dict[str, bytes]:
    check_names(content.entries)
    entries = {MANIFEST: encode_manifest(content.manifest, content.entries)}
    return entries | {name: content.entries[name] for name in sorted(content.entries)}


def _tar_gz(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", _LEVEL, packed, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in entries.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), _MODE
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _zip(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | _MODE) << 16
            # Weights hardly shrink, and stored ones are read several times faster.
            readable = name.endswith((".json", ".md"))
            info.compress_type = zipfile.ZIP_DEFLATED if readable else zipfile.ZIP_STORED
            archive.writestr(info, data, compresslevel=_LEVEL)
    return packed.getvalue()


def write_packed(data: bytes, path: Path) -> None:
    """Write a model that is packed already, all or nothing.

    Raises:
        ModelError: a folder is there, or the disk does not take it.
    """
    try:
        _write_file(data, path)
    except OSError as error:
        raise _not_accessible("written", path, error) from error


def _write_file(data: bytes, path: Path) -> None:
    if path.is_dir():
        raise ModelError(
            f"the model cannot be written: '{path}' is a folder",
            hint="Name a file, or another folder.",
            code="T412",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".tertulia-", dir=path.parent)
    fresh = Path(name)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.chmod(_MODE)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def _not_accessible(done: str, path: Path, error: Exception) -> ModelError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ModelError(
        f"the model '{path}' cannot be {done}: {reason}",
        hint="Check the path, its rights, and the free space.",
        code="T413",
    )
