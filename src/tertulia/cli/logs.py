"""Where the log goes: standard error, and a file when one is named.

Rule: the log never holds message texts or secrets; those who write to it see to that.
"""

import logging
from pathlib import Path

from tertulia.base.errors import ConfigError

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def log_to_stderr(level: str) -> None:
    """Log from this level on to standard error.

    Raises:
        ConfigError: there is no such level.
    """
    logging.basicConfig(format=_FORMAT)
    set_level(level)
    for chatty in ("asyncio", "httpx2", "httpcore2", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # only the last attempt is news


def set_level(level: str) -> None:
    """Log from this level on.

    Raises:
        ConfigError: there is no such level.
    """
    name = level.upper()
    if name not in _LEVELS:
        raise ConfigError(
            f"there is no log level '{level}'", hint=f"Known: {', '.join(_LEVELS)}.", code="T159"
        )
    logging.getLogger().setLevel(name)


def log_to_file(path: Path) -> None:
    """Log to a file as well; what is in it stays, new lines come after.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the log file '{path}' cannot be written: {error.strerror}",
            hint="Name another with --log-file.",
            code="T158",
        ) from error
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger().addHandler(handler)
