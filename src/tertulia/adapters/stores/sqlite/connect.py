"""Opens the file: private to its user, durable from its first byte."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from tertulia.adapters.stores.sqlite import faults
from tertulia.adapters.stores.sqlite.schema import check_owner, migrate
from tertulia.base.errors import StoreUnavailable

_WAL_LIMIT = 64 * 1024 * 1024


def open_writer(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Return the connection that writes; the file exists afterwards, with its tables.

    busy_timeout: seconds to wait for another process's lock.

    Raises:
        StoreUnavailable: the file cannot be made, opened, locked or understood.
    """
    try:
        _create(path)
    except OSError as error:
        raise faults.system_failed(error, path) from error
    connection = _connect(path, busy_timeout)
    try:
        check_owner(connection, path)
        _use_wal(connection, path, busy_timeout)
        for setting in (
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "secure_delete = ON",
            "cell_size_check = ON",
            f"journal_size_limit = {_WAL_LIMIT}",
        ):
            connection.execute(f"PRAGMA {setting}")
        migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise faults.driver_failed(error, path) from error
    except StoreUnavailable:
        connection.close()
        raise
    return connection


def open_reader(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection that cannot write. Raises as `open_writer`."""
    connection = _connect(path, busy_timeout)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error as error:
        connection.close()
        raise faults.driver_failed(error, path) from error
    return connection


def _connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            path, timeout=busy_timeout, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise faults.driver_failed(error, path) from error


def _create(path: Path) -> None:
    """Make the file and its folder where they are missing, readable by this user alone.

    A new name is only on the disk once its folder is: each folder that got one is synchronised.
    The nearest one always: another process may have made the file a moment ago.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    if missing:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for folder in (path.parent, *(made.parent for made in missing)):
        _synchronise(folder)


def _synchronise(folder: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there; the file system keeps a log of names itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _use_wal(connection: sqlite3.Connection, path: Path, busy_timeout: float) -> None:
    """Switch to the write-ahead log. SQLite does not wait by itself for a lock in this one step."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            break
    if mode != "wal":
        raise faults.no_wal(path, mode)
