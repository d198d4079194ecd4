"""Where in a bot's own code something is, or went wrong."""

import inspect
import os
import traceback
from pathlib import Path

from tertulia.base.source import SourceSpan


def place_of_fault(error: BaseException, package: str) -> SourceSpan | None:
    """Return the newest line of the package on the way to an error; the newest of all else."""
    if isinstance(error, SyntaxError) and error.filename:
        return SourceSpan(_shown(error.filename), error.lineno or 0, error.offset or 0)
    found: SourceSpan | None = None
    is_own = False
    for frame, line in traceback.walk_tb(error.__traceback__):
        own = is_part(frame.f_globals.get("__name__", ""), package)
        if own or not is_own:
            found, is_own = SourceSpan(_shown(frame.f_code.co_filename), line), own
    return found


def place_of_class(found: type) -> SourceSpan | None:
    """Return where a class begins; None when its source is not there."""
    try:
        file = inspect.getsourcefile(found)
        _, line = inspect.getsourcelines(found)
    except (OSError, TypeError):
        return None
    return SourceSpan(_shown(file or "?"), line)


def place_of_function(function: object) -> SourceSpan | None:
    """Return where a function begins; None when it is not written in Python."""
    code = getattr(function, "__code__", None)
    return SourceSpan(_shown(code.co_filename), code.co_firstlineno) if code else None


def is_part(module: str, package: str) -> bool:
    """Tell whether a module is the package or inside it."""
    return module == package or module.startswith(f"{package}.")


def _shown(file: str) -> str:
    """Return a path as short as the reader can use it."""
    path = Path(file)
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)
