"""Which files make up a project, by the options of a command or by the usual names.

Rule: a path that a person named is used as it is; only usual names may be missing.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from tertulia.base.errors import ConfigError
from tertulia.training.project import Project

CONFIG, DATA = Path("config.yml"), Path("data")
DOMAINS = (Path("domain.yml"), Path("domain.yaml"), Path("domain"))


def project_files(
    *,
    folder: Path = Path(),
    config: Sequence[Path] = (),
    domain: Path | None = None,
    nlu: Sequence[Path] = (),
    stories: Sequence[Path] = (),
    only_nlu: bool = False,
) -> Project:
    """Return the project. folder: where the usual names are looked for. only_nlu: no dialogue.

    Raises:
        ConfigError: a named path or a file that every project has is not there.
    """
    return Project(
        config=tuple(_there(config, "config") or [_usual(folder / CONFIG, "configuration")]),
        domain=() if only_nlu and domain is None else domain_files(folder, domain),
        nlu=tuple(_there(nlu, "data") or [folder / DATA]),
        stories=() if only_nlu else tuple(_there(stories, "data") or [folder / DATA]),
        env=os.environ,
    )


def domain_files(folder: Path, named: Path | None) -> tuple[Path, ...]:
    """Return the domain that a person named, or that of the usual name.

    Raises:
        ConfigError: there is none (T157).
    """
    if named is not None:
        return tuple(_there([named], "domain"))
    found = tuple(folder / usual for usual in DOMAINS if (folder / usual).exists())
    if not found:
        raise _missing(folder / DOMAINS[0], "domain", "--domain")
    return found[:1]


def _there(paths: Sequence[Path], what: str) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise _missing(path, what, "another path")
    return list(paths)


def _usual(path: Path, what: str) -> Path:
    if not path.exists():
        raise _missing(path, what, "--config")
    return path


def _missing(path: Path, what: str, option: str) -> ConfigError:
    return ConfigError(
        f"there is no {what} at '{path}'",
        hint=f"Go to the project's folder, or name it with {option}.",
        code="T157",
    )
