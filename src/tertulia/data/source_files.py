"""Finds the files of a project: paths that a person gave, to the files below them, in order."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan


def find_files(paths: Sequence[Path], *, diagnostics: Diagnostics) -> list[Path]:
    """Return the files that the paths name, each once, folders searched to the bottom.

    In the order of `paths`, inside a folder sorted by path. Links are followed; a folder
    reached a second time is not read again. Names below a folder that start with a dot are
    skipped. A path that does not exist or cannot be read is a problem.
    """
    found: dict[Path, Path] = {}
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            for file in sorted(_walk(path, seen, diagnostics)):
                found.setdefault(file.resolve(), file)
        elif path.exists():
            found.setdefault(path.resolve(), path)
        else:
            diagnostics.error(
                "T123",
                f"there is no file or folder '{path}'",
                hint="Check the path; it is read from the folder where the command runs.",
                at=SourceSpan(str(path)),
            )
    return list(found.values())


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Return each path as seen from the folder that all share: the same in every place.

    Paths from a root and others have a folder each.
    """
    found: dict[str, str] = {}
    listed = sorted(set(files))
    for is_rooted in (False, True):
        group = [file for file in listed if PurePath(file).is_absolute() is is_rooted]
        try:
            folder = os.path.commonpath([os.path.dirname(file) for file in group])
        except ValueError:  # none, or on different drives
            found |= {file: without_root(file) for file in group}
        else:
            found |= {file: os.path.relpath(file, folder or ".") for file in group}
    return found


def shown_names(files: Iterable[str]) -> dict[str, str]:
    """Return each path as a person may see it elsewhere: as given, or short if from a root."""
    short = short_names(files)
    return {file: short[file] if PurePath(file).is_absolute() else file for file in short}


def without_root(file: str) -> str:
    """Return a relative path as it is, of any other only the name."""
    path = PurePath(file)
    return path.name if path.is_absolute() else file


def _walk(folder: Path, seen: set[Path], diagnostics: Diagnostics) -> Iterator[Path]:
    here = folder.resolve()
    if here in seen:
        return
    seen.add(here)
    try:
        with os.scandir(folder) as listing:
            names = sorted(entry.name for entry in listing if not entry.name.startswith("."))
    except OSError as error:
        diagnostics.error(
            "T124",
            f"this folder cannot be read: {error.strerror}",
            hint="Check its rights.",
            at=SourceSpan(str(folder)),
        )
        return
    for name in names:
        path = folder / name
        if path.is_dir():
            yield from _walk(path, seen, diagnostics)
        elif path.is_file():
            yield path
