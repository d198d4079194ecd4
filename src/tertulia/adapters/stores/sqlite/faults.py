"""What can go wrong with the file, in the words of a person who has to repair it.

Rule: no error of the driver or of the file system leaves the store as it is.
"""

import errno
import sqlite3
from pathlib import Path
from typing import NamedTuple

from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored

closed = stored.closed
conflict = stored.conflict
not_scheduled = stored.not_scheduled
unfit = stored.unfit


class _Fault(NamedTuple):
    code: str
    what: str
    hint: str
    retry: bool


_LOCKED = _Fault(
    "T610",
    "the conversation file is locked by another program",
    "Find the program that holds it (a backup, an SQLite shell) and let it finish.",
    retry=True,
)
_FULL = _Fault(
    "T611",
    "there is no room for the conversation file to grow",
    "Free space on its disk, or raise the quota; what was stored before is intact.",
    retry=True,
)
_DAMAGED = _Fault(
    "T612",
    "the conversation file is damaged, or not an SQLite file",
    "Restore it from a backup, or give another path; `sqlite3 FILE .recover` may save a part.",
    retry=False,
)
_NEWER = _Fault(
    "T613",
    "the conversation file was written by a newer version",
    "Upgrade this program, or give another path.",
    retry=False,
)
_CLOSED_TO_US = _Fault(
    "T614",
    "the conversation file cannot be opened for writing",
    "Check the path, and that this user may write the file and its folder.",
    retry=False,
)
_FOREIGN = _Fault(
    "T616",
    "the file is an SQLite database of another program",
    "Give the path of a file that does not exist yet.",
    retry=False,
)
_OTHER = _Fault(
    "T601",
    "the conversation file could not be read or written",
    "Check the disk and the system's log.",
    retry=True,
)

_BY_RESULT = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _CLOSED_TO_US,
    sqlite3.SQLITE_CANTOPEN: _CLOSED_TO_US,
    sqlite3.SQLITE_PERM: _CLOSED_TO_US,
    sqlite3.SQLITE_AUTH: _CLOSED_TO_US,
}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_PRIMARY = 0xFF


def driver_failed(error: sqlite3.Error, path: Path) -> StoreUnavailable:
    """Return what to raise in place of an error of the driver."""
    result = getattr(error, "sqlite_errorcode", None)
    if result == sqlite3.SQLITE_TOOBIG:
        return unfit(f"{path}: {error}")
    fault = _BY_RESULT.get(result & _PRIMARY, _OTHER) if isinstance(result, int) else _OTHER
    return _unavailable(fault, f"{path}: {error}")


def system_failed(error: OSError, path: Path) -> StoreUnavailable:
    """Return what to raise in place of an error of the file system."""
    fault = _FULL if error.errno in _NO_ROOM else _CLOSED_TO_US
    return _unavailable(fault, f"{path}: {error.strerror or error}")


def damaged(path: Path, detail: str) -> StoreUnavailable:
    """Return what to raise when a stored part cannot be understood."""
    return _unavailable(_DAMAGED, f"{path}: {detail}")


def newer_schema(path: Path, found: int, known: int) -> StoreUnavailable:
    """Return what to raise when the file's schema is ahead of this program."""
    return _unavailable(_NEWER, f"{path}: schema {found}, known up to {known}")


def foreign(path: Path) -> StoreUnavailable:
    """Return what to raise when the file holds somebody else's tables."""
    return _unavailable(_FOREIGN, str(path))


def no_wal(path: Path, mode: str) -> StoreUnavailable:
    """Return what to raise where the file system has no shared memory for a write-ahead log."""
    error = _unavailable(_CLOSED_TO_US, f"{path}: no write-ahead log here, only '{mode}'")
    error.hint = "Put the file on a local disk; network folders cannot keep it safe."
    return error


def stopped(path: Path) -> StoreUnavailable:
    """Return what to raise when the thread that writes ended before its time."""
    return _unavailable(_OTHER, f"{path}: the writing thread ended; this write may be missing")


def _unavailable(fault: _Fault, detail: str) -> StoreUnavailable:
    message = f"{fault.what}: {detail}" if detail else fault.what
    error = StoreUnavailable(message, hint=fault.hint, code=fault.code)
    error.retry = fault.retry
    return error
