"""The tables, and how a file of an older version gets them.

Rule: a migration, once released, is never edited; a change is a new one at the end of the list.
"""

import sqlite3
from pathlib import Path

from tertulia.adapters.stores.sqlite import faults

APPLICATION_ID = 0x54455254
"""`TERT`, in the file's header: tells our files from those of other programs."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE conversations (
            sender_id TEXT NOT NULL PRIMARY KEY,
            version INTEGER NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE events (
            sender_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            timestamp REAL,
            type TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (sender_id, seq)
        ) WITHOUT ROWID""",
        """CREATE TABLE snapshots (
            sender_id TEXT NOT NULL,
            version INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (sender_id, version)
        ) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE reminders (
            sender_id TEXT NOT NULL,
            name TEXT NOT NULL,
            due REAL NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (sender_id, name)
        ) WITHOUT ROWID""",
        "CREATE INDEX reminders_by_due ON reminders (due, sender_id, name)",
    ),
    (
        """CREATE TABLE receipts (
            sender_id TEXT NOT NULL,
            key TEXT NOT NULL,
            version INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (sender_id, key)
        ) WITHOUT ROWID""",
        "CREATE INDEX receipts_by_version ON receipts (sender_id, version)",
        # One row for what one write added; `position` and `seq` are those of its last event.
        """CREATE TABLE feed (
            position INTEGER NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            sender_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            count INTEGER NOT NULL
        )""",
        "CREATE INDEX feed_by_conversation ON feed (sender_id, position)",
        "CREATE TABLE feed_end (position INTEGER NOT NULL)",
        # What was stored before there was a feed comes first, one conversation after the other.
        """INSERT INTO feed (position, kind, sender_id, seq, count)
            SELECT sum(size) OVER (ORDER BY updated, sender_id), 'event', sender_id, version, size
            FROM (
                SELECT sender_id, version, updated, version + 1 - (
                    SELECT min(seq) FROM events WHERE events.sender_id = conversations.sender_id
                ) AS size
                FROM conversations
            )
            WHERE size > 0""",
        "INSERT INTO feed_end SELECT coalesce(max(position), 0) FROM feed",
    ),
    (
        """CREATE TABLE feed_cursors (
            name TEXT NOT NULL PRIMARY KEY,
            position INTEGER NOT NULL
        ) WITHOUT ROWID""",
    ),
)
"""Statements that lead from schema version `index` to `index + 1`."""


def check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours, before anything in it is changed.

    Raises:
        StoreUnavailable: tables of another program, or of a newer version of this one.
    """
    # In one transaction: another process may be making the tables between two of the questions.
    connection.execute("BEGIN")
    try:
        _check_owner(connection, path)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest version, all or none; several processes may try at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check_owner(connection, path)
        for statements in MIGRATIONS[_pragma(connection, "user_version") :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    owner = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if owner == APPLICATION_ID:
        if version > len(MIGRATIONS):
            raise faults.newer_schema(path, version, len(MIGRATIONS))
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner or version or tables:
        raise faults.foreign(path)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
