"""Writes the starter bot into a folder."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from tertulia.base.errors import ConfigError


def starter_files() -> dict[str, bytes]:
    """Return the starter bot: relative path to content."""
    return dict(_walk(files("tertulia.cli") / "starter", ""))


def write_starter(folder: Path) -> None:
    """Write the starter bot; nothing is written when one of its files would replace another.

    Raises:
        ConfigError: such a file is there, or the folder takes nothing.
    """
    content = starter_files()
    there = sorted(name for name in content if (folder / name).exists())
    if there:
        raise ConfigError(
            f"'{folder / there[0]}' is there already, and would be replaced",
            hint="Name an empty folder with --init-dir.",
            code="T155",
        )
    try:
        for name, data in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"the bot cannot be written to '{folder}': {error.strerror}",
            hint="Check the folder's rights and the free space.",
            code="T155",
        ) from error


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__")) or entry.name == "models":
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()
