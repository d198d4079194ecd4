"""Where the log goes: standard error, a file when one is named, or what a file of its own says.

Rule: the log never holds message texts or secrets; those who write to it see to that.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TextIO

from tertulia.base.errors import ConfigError
from tertulia.cli.log_lines import JsonLines, TextLines

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("text", "json")
Format = Literal["text", "json"]

_chosen: dict[str, str] = {}

_SOURCE: str | None = getattr(logging, "_srcfile")  # noqa: B009 - private to type checkers

_CHATTY = ("asyncio", "httpx2", "httpcore2", "uvicorn")
_lines: dict[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}


class _Terminal(logging.StreamHandler[TextIO]):
    """The handler that writes to standard error, told from those of others."""


def log_to_stderr(level: str, form: Format = "text") -> None:
    """Log from this level on to standard error.

    Raises:
        ConfigError: there is no such level.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_Terminal())
    for handler in root.handlers:
        if isinstance(handler, _Terminal):
            handler.setFormatter(_lines[form]())
    set_level(level)
    _note_origins(wanted=False)
    _chosen.update(level=level, form=form)
    libraries = _level(os.environ.get("LOG_LEVEL_LIBRARIES") or "WARNING")
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(libraries)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # only the last attempt is news


def set_level(level: str) -> None:
    """Log from this level on.

    Raises:
        ConfigError: there is no such level.
    """
    logging.getLogger().setLevel(_level(level))


def log_to_file(path: Path) -> None:
    """Log to a file as well; what is in it stays, new lines come after. Form: as on the terminal.

    Raises:
        ConfigError: the file cannot be written.
    """
    root = logging.getLogger()
    forms = [handler.formatter for handler in root.handlers if isinstance(handler, _Terminal)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the log file '{path}' cannot be written: {error.strerror}",
            hint="Name another with --log-file.",
            code="T158",
        ) from error
    handler.setFormatter(forms[0] if forms else TextLines())
    root.addHandler(handler)


def log_as_configured(path: Path) -> None:
    """Log as a file says that holds the settings of Python's `logging.config.dictConfig` in YAML.

    Raises:
        ProblemsFound: the file cannot be read.
        ConfigError: it is no such configuration.
    """
    import logging.config

    _note_origins(wanted=True)
    _chosen["config"] = str(path)
    from tertulia.base.diagnostics import Diagnostics
    from tertulia.data.yaml import read_file

    diagnostics = Diagnostics()
    node = read_file(path, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    settings = node.plain() if node is not None and node.is_map else None
    try:
        if not isinstance(settings, dict):
            raise TypeError("it is no mapping")  # noqa: TRY301 - the one place that says it
        logging.config.dictConfig({"disable_existing_loggers": False, **settings})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        raise ConfigError(
            f"'{path}' is no configuration of the log: {error}{_cause(error)}",
            hint="It has the keys of Python's logging.config.dictConfig, `version: 1` among them.",
            code="T871",
        ) from error


def _note_origins(*, wanted: bool) -> None:
    """Say whether records tell file, line, thread and process they come from.

    Our own lines show none of it, and to find it out costs every one of them.
    Source: https://docs.python.org/3/howto/logging.html#optimization
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = wanted
    setattr(logging, "_srcfile", _SOURCE if wanted else None)  # noqa: B010 - private to type checkers


def chosen() -> dict[str, str]:
    """Return how this process logs, for another one that is to do the same."""
    return dict(_chosen)


def log_as_chosen(choice: Mapping[str, str]) -> None:
    """Log as another process does. Raises what the functions above do."""
    log_to_stderr(choice["level"], "json" if choice["form"] == "json" else "text")
    if "config" in choice:
        log_as_configured(Path(choice["config"]))


def _cause(error: Exception) -> str:
    """Return what lies below an error that only names the part it is in."""
    return f" ({error.__cause__})" if error.__cause__ is not None else ""


def _level(level: str) -> str:
    name = level.upper()
    if name not in LEVELS:
        raise ConfigError(
            f"there is no log level '{level}'", hint=f"Known: {', '.join(LEVELS)}.", code="T159"
        )
    return name
