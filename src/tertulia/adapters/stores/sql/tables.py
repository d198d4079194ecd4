"""The tables. `events` is the originals', column for column; what only we need lies beside it."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from tertulia.core import stored

VERSION = 1
"""Of the tables beside `events`; kept in `tertulia_schema`."""

_COLLATIONS = {True: "utf8mb4_nopad_bin", False: "utf8mb4_0900_bin"}
"""By whether it is MariaDB: compares every character, blanks at the end too."""


class Tables(NamedTuple):
    """Every table. collation: of ids, None where the database's own tells ids apart."""

    metadata: sa.MetaData
    events: sa.Table
    conversations: sa.Table
    snapshots: sa.Table
    reminders: sa.Table
    receipts: sa.Table
    feed: sa.Table
    feed_end: sa.Table
    leases: sa.Table
    cursors: sa.Table
    agreed: sa.Table
    schema: sa.Table
    collation: str | None


class _Columns:
    """Columns of the kinds that this database has. collation: of ids."""

    def __init__(self, dialect: sa.Dialect) -> None:
        is_sqlite = dialect.name == "sqlite"
        is_mariadb = bool(getattr(dialect, "is_mariadb", False))
        self.collation = None if is_sqlite else _COLLATIONS[is_mariadb]
        self._plain = None if is_sqlite else "utf8mb4_bin"
        self._number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    def row_id(self) -> sa.Column[int]:
        return sa.Column("id", self._number, primary_key=True, autoincrement=True)

    def key(self, name: str = "sender_id", *, primary: bool = True) -> sa.Column[str]:
        kind = sa.String(255, collation=self.collation)
        return sa.Column(name, kind, primary_key=primary, nullable=False)

    def count(self, name: str, *, primary: bool = False) -> sa.Column[int]:
        return sa.Column(
            name, self._number, primary_key=primary, autoincrement=False, nullable=False
        )

    def label(self, name: str, *, nullable: bool = False) -> sa.Column[str]:
        return sa.Column(name, sa.String(255, collation=self._plain), nullable=nullable)

    def time(self, name: str, *, nullable: bool = False) -> sa.Column[float]:
        double: Any = sa.Double()  # pyright: ignore[reportUnknownVariableType]
        return sa.Column(name, double, nullable=nullable)

    def text(self, name: str) -> sa.Column[str]:
        # The 64 KB of the originals' tables would refuse long events.
        long = mysql.LONGTEXT(collation=self._plain)
        return sa.Column(name, sa.Text().with_variant(long, "mysql", "mariadb"))

    def body(self) -> sa.Column[bytes]:
        kind = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
        return sa.Column("body", kind, nullable=False)


def tables_for(dialect: sa.Dialect) -> Tables:
    """Return the tables as this database gets them."""
    column, metadata = _Columns(dialect), sa.MetaData()

    def table(name: str, *parts: sa.Column[Any] | sa.Index) -> sa.Table:
        return sa.Table(name, metadata, *parts)

    return Tables(
        metadata,
        _events(column, metadata),
        table(
            "tertulia_conversations",
            column.key(),
            column.count("version"),
            column.count("base"),
            column.count("last_id"),
            column.time("created"),
            column.time("updated"),
        ),
        table(
            "tertulia_snapshots",
            column.key(),
            column.count("version", primary=True),
            column.count("last_id"),
            column.label("fingerprint"),
            column.body(),
        ),
        table(
            "tertulia_reminders",
            column.key(),
            column.key("name"),
            column.time("due"),
            column.body(),
            sa.Index("tertulia_reminders_due", "due", "sender_id", "name"),
        ),
        table(
            "tertulia_receipts",
            column.key(),
            column.key("key"),
            column.count("version"),
            column.body(),
        ),
        table(
            "tertulia_feed",
            column.count("position", primary=True),
            column.label("kind"),
            column.key(primary=False),
            column.count("seq"),
            column.count("count"),
            column.count("last_id"),
            sa.Index("tertulia_feed_sender", "sender_id", "position"),
        ),
        table("tertulia_feed_end", column.count("position")),
        _leases(column, metadata),
        table("tertulia_feed_cursors", column.key("name"), column.count("position")),
        table("tertulia_agreed", column.key("name"), column.count("number"), column.text("data")),
        table("tertulia_schema", column.count("version", primary=True)),
        column.collation,
    )


def _events(column: _Columns, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "events",
        metadata,
        column.row_id(),
        column.key(primary=False),
        column.label("type_name"),
        column.time("timestamp", nullable=True),
        column.label("intent_name", nullable=True),
        column.label("action_name", nullable=True),
        column.text("data"),
        sa.Index("ix_events_sender_id", "sender_id"),
        sa.Index("tertulia_events_order", "sender_id", "id"),
    )


def _leases(column: _Columns, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "tertulia_leases",
        metadata,
        column.key("name"),
        column.label("holder"),
        column.count("token"),
        column.time("until"),
    )


def prepare(connection: sa.Connection, where: str) -> Tables:
    """Return the tables, made where they are missing; an existing `events` is used in place.

    Raises:
        StoreUnavailable: tables of another program, or of a newer version of this one.
    """
    tables = tables_for(connection.dialect)
    inspector = sa.inspect(connection)
    if inspector.has_table("events"):
        _take_over(connection, inspector, tables, where)
    tables.metadata.create_all(connection)
    found = connection.scalar(sa.select(sa.func.max(tables.schema.c.version)))
    if found is None:
        connection.execute(tables.schema.insert(), {"version": VERSION})
        connection.execute(tables.feed_end.insert(), {"position": 0})
    elif found > VERSION:
        detail = f"its tables are of version {found}, known up to {VERSION}"
        raise stored.foreign(where, detail, "Upgrade this program.")
    return tables


def _take_over(
    connection: sa.Connection, inspector: sa.Inspector, tables: Tables, where: str
) -> None:
    found = {column["name"]: column for column in inspector.get_columns("events")}
    missing = [column.name for column in tables.events.columns if column.name not in found]
    if missing:
        detail = f"its table `events` has no {', '.join(missing)}"
        raise stored.foreign(where, detail, "Name another `db`.")
    collation = getattr(found["sender_id"]["type"], "collation", None)
    if tables.collation is not None and collation != tables.collation:
        # Otherwise `ann` and `Ann` would be one conversation.
        connection.execute(
            sa.text(
                "ALTER TABLE events MODIFY sender_id VARCHAR(255)"
                f" CHARACTER SET utf8mb4 COLLATE {tables.collation} NOT NULL"
            )
        )
    if "tertulia_events_order" not in {index["name"] for index in inspector.get_indexes("events")}:
        for index in tables.events.indexes:
            if index.name == "tertulia_events_order":
                index.create(connection)
