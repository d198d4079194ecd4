"""A model as a plain folder: the layout of the 0.x commands (`models/dialogue`, `models/nlu/...`).

Rule: a folder is replaced only when everything in it belongs to a model of ours.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tertulia.base.errors import ModelError
from tertulia.model.content import MANIFEST, Collector, is_entry_name, is_folder_name, refused
from tertulia.model.originals import raise_if_original_folder


def is_model_folder(path: Path) -> bool:
    """Whether this is a folder with a manifest in it."""
    return (path / MANIFEST).is_file()


def read_folder(path: Path, collector: Collector) -> None:
    """Put every file of a model folder into `collector`; names with a leading dot are passed over.

    Raises:
        ModelError: the folder holds links, devices or files that no model has.
        OSError: a file cannot be read.
    """
    if not is_model_folder(path):
        raise_if_original_folder(os.listdir(path))
    for name, entry in _walk(path, ""):
        if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
            raise refused(name, "is no plain file")
        size = collector.admit(name, entry.stat(follow_symlinks=False).st_size)
        collector.add(name, _read(Path(entry.path), name, size))


def write_folder(entries: Mapping[str, bytes], path: Path) -> None:
    """Write the entries as files, all or none; an older model there is replaced.

    Raises:
        ModelError: there is something else at `path`.
        OSError: the disk does not take it.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    _check_replaceable(target)
    fresh = Path(tempfile.mkdtemp(prefix=".tertulia-", dir=target.parent))
    try:
        for name, data in entries.items():
            file = fresh / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        fresh.chmod(0o755)
        _swap(fresh, target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power failure, where the system allows it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as listing:
        found = sorted(listing, key=lambda entry: entry.name)
    for entry in found:
        name = prefix + entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if not is_folder_name(name):
                raise refused(name, "is a folder that no model has")
            yield from _walk(Path(entry.path), f"{name}/")
        else:
            yield name, entry


def _read(path: Path, name: str, size: int) -> bytes:
    # The file may have been exchanged since it was listed: no link is followed, no device opened.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise refused(name, "is no plain file")
        return stream.read(size)


def _check_replaceable(target: Path) -> None:
    if not target.exists():
        return
    foreign = ""
    if not target.is_dir():
        foreign = f"'{target}' is a file"
    elif os.listdir(target):
        strange = [
            name
            for name in os.listdir(target)
            if not (is_entry_name(name) or is_folder_name(name) or name.startswith("."))
        ]
        if strange:
            foreign = f"'{target}' holds other things ('{min(strange)}')"
        elif not is_model_folder(target):
            foreign = f"'{target}' is no model of this program"
    if foreign:
        raise ModelError(
            f"the model cannot be written: {foreign}",
            hint="Name another folder, or remove this one first.",
            code="T412",
        )


def _swap(fresh: Path, target: Path) -> None:
    """Put `fresh` where `target` is. Between the two renames there is no model for a moment."""
    if not target.exists():
        fresh.rename(target)
        return
    with tempfile.TemporaryDirectory(prefix=".tertulia-old-", dir=target.parent) as aside:
        old = target.rename(Path(aside) / "old")
        try:
            fresh.rename(target)
        except OSError:
            old.rename(target)
            raise
