"""The tables, and how a database of an older version, or of the originals, gets them.

Rule: a migration, once released, is never edited; a change is a new one at the end of the list.
`events` is the originals' table, column for column; what only we need lies beside it.
"""

from typing import Any

from tertulia.adapters.stores.postgres import faults
from tertulia.adapters.stores.postgres.place import Place

COLUMNS = ("id", "sender_id", "type_name", "timestamp", "intent_name", "action_name", "data")
_LOCK = 0x54455254
"""`TERT`: servers that start together make the tables one after the other."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE IF NOT EXISTS {s}events (
            id bigserial PRIMARY KEY,
            sender_id varchar(255) NOT NULL,
            type_name varchar(255) NOT NULL,
            timestamp double precision,
            intent_name varchar(255),
            action_name varchar(255),
            data text
        )""",
        "CREATE INDEX IF NOT EXISTS ix_events_sender_id ON {s}events (sender_id)",
        'CREATE INDEX tertulia_events_order ON {s}events (sender_id COLLATE "C", id)',
        """CREATE TABLE {s}tertulia_conversations (
            sender_id text COLLATE "C" PRIMARY KEY,
            version bigint NOT NULL,
            base bigint NOT NULL,
            last_id bigint NOT NULL,
            created double precision NOT NULL,
            updated double precision NOT NULL
        )""",
        """CREATE TABLE {s}tertulia_snapshots (
            sender_id text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            last_id bigint NOT NULL,
            fingerprint text NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (sender_id, version)
        )""",
        """CREATE TABLE {s}tertulia_reminders (
            sender_id text COLLATE "C" NOT NULL,
            name text COLLATE "C" NOT NULL,
            due double precision NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (sender_id, name)
        )""",
        "CREATE INDEX tertulia_reminders_due ON {s}tertulia_reminders (due, sender_id, name)",
        """CREATE TABLE {s}tertulia_receipts (
            sender_id text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            version bigint NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (sender_id, key)
        )""",
        """CREATE TABLE {s}tertulia_feed (
            position bigint PRIMARY KEY,
            kind text NOT NULL,
            sender_id text COLLATE "C" NOT NULL,
            seq bigint NOT NULL,
            count bigint NOT NULL,
            last_id bigint NOT NULL
        )""",
        "CREATE INDEX tertulia_feed_sender ON {s}tertulia_feed (sender_id, position)",
        """CREATE INDEX tertulia_feed_erased ON {s}tertulia_feed (position)
            WHERE kind = 'erased'""",
        "CREATE TABLE {s}tertulia_feed_end (position bigint NOT NULL)",
        "INSERT INTO {s}tertulia_feed_end VALUES (0)",
    ),
    (
        """CREATE TABLE {s}tertulia_leases (
            name text COLLATE "C" PRIMARY KEY,
            holder text NOT NULL,
            token bigint NOT NULL,
            until timestamptz NOT NULL
        )""",
    ),
    (
        """CREATE TABLE {s}tertulia_feed_cursors (
            name text PRIMARY KEY,
            position bigint NOT NULL
        )""",
    ),
    (
        """CREATE TABLE {s}tertulia_agreed (
            name text PRIMARY KEY,
            number bigint NOT NULL,
            body text NOT NULL
        )""",
    ),
)
"""Statements that lead from version `index` to `index + 1`. {s}: the schema, with its dot."""


async def migrate(connection: Any, place: Place, prefix: str) -> None:
    """Bring the tables to the newest version, all or none; several servers may try at once.

    Raises:
        StoreUnavailable: tables of another program, or of a newer version of this one.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await _check_events(connection, place, prefix)
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {prefix}tertulia_schema (version integer NOT NULL)"
        )
        found: int = await connection.fetchval(
            f"SELECT coalesce(max(version), 0) FROM {prefix}tertulia_schema"  # noqa: S608 (a quoted name)
        )
        if found > len(MIGRATIONS):
            raise faults.newer_schema(place, found, len(MIGRATIONS))
        for number, statements in enumerate(MIGRATIONS[found:], found + 1):
            for statement in statements:
                await connection.execute(statement.format(s=prefix))
            await connection.execute(
                f"INSERT INTO {prefix}tertulia_schema VALUES ($1)",  # noqa: S608 (a quoted name)
                number,
            )


async def _check_events(connection: Any, place: Place, prefix: str) -> None:
    rows = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0",
        f"{prefix}events",
    )
    missing = [name for name in COLUMNS if name not in {row[0] for row in rows}]
    if rows and missing:
        raise faults.foreign_table(place, missing)
