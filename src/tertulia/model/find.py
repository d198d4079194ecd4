"""Finds the model that a path means: itself, or the newest in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from tertulia.base.errors import ModelError
from tertulia.model.content import MANIFEST
from tertulia.model.folder import is_model_folder
from tertulia.model.originals import is_original_folder

_ENDINGS = (".tar.gz", ".zip")


def find_models(folder: Path) -> list[Path]:
    """Return every model in a folder, the newest last; `folder` itself when it is a model.

    Raises:
        ModelError: no folder, or no model in it.
    """
    newest = find_model(folder)
    if newest == folder:
        return [folder]
    return [path for _, path in sorted(_models(folder))]


def find_model(path: Path) -> Path:
    """Return `path` when it is a file or a model folder, else the newest model in the folder.

    Newest is what was modified last, whatever the names say; of equals, the last by name.

    Raises:
        ModelError: nothing there, or no model in the folder.

    Source: cli.md section 2, "newest model".
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise ModelError(
            f"there is no model at '{path}'", hint="Train one with `tertulia train`.", code="T402"
        )
    try:
        if is_model_folder(path) or is_original_folder(os.listdir(path)):
            return path
        found = sorted(_models(path))
    except OSError as error:
        raise ModelError(
            f"the folder '{path}' cannot be read: {error.strerror}",
            hint="Check its rights.",
            code="T413",
        ) from error
    if not found:
        raise ModelError(
            f"there is no model in the folder '{path}'",
            hint="Train one with `tertulia train`.",
            code="T402",
        )
    return found[-1][1]


def _models(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield time of modification (nanoseconds) and path of every model directly in the folder."""
    with os.scandir(folder) as listing:
        for entry in listing:
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            if entry.is_file() and entry.name.endswith(_ENDINGS):
                yield entry.stat().st_mtime_ns, path
            elif entry.is_dir() and is_model_folder(path):
                yield (path / MANIFEST).stat().st_mtime_ns, path
