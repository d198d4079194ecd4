import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.conformance.brokers.network import named
from tests.conformance.stores.servers import MARIADB, POSTGRES, mariadb, postgres

from tertulia.adapters.brokers.sql import SqlEventBroker
from tertulia.base.errors import ConfigError
from tertulia.core.brokers import EventBroker
from tertulia.schema.brokers import SqlBroker
from tertulia.testing.event_broker import EventBrokerSuite, Received, told

QUERY = "SELECT sender_id, data FROM events ORDER BY id"


def of_rows(rows: list[tuple[str, str]]) -> list[Received]:
    found = [(sender_id, json.loads(data)) for sender_id, data in rows]
    assert all(body["sender_id"] == sender_id for sender_id, body in found)
    return [Received(id=None, body=body) for _, body in found]


def sqlite_broker(path: Path) -> EventBroker:
    return SqlEventBroker(SqlBroker(db=str(path)))


class TestOnSqlite(EventBrokerSuite):
    async def make_broker(self, place: Path) -> EventBroker:
        return sqlite_broker(place / "events.db")

    async def make_unreachable(self, place: Path) -> EventBroker:
        return sqlite_broker(place / "no such folder" / "events.db")

    async def received(self, place: Path) -> list[Received]:
        with closing(sqlite3.connect(place / "events.db")) as connection:
            return of_rows(connection.execute(QUERY).fetchall())


@pytest.mark.usefixtures("postgres_server")
class TestOnPostgres(EventBrokerSuite):
    async def make_broker(self, place: Path) -> EventBroker:
        found = await postgres(f"SELECT 1 FROM pg_database WHERE datname = '{named(place)}'")
        if not found:
            await postgres(f'CREATE DATABASE "{named(place)}"')
        return self._broker(POSTGRES[1], named(place))

    async def make_unreachable(self, place: Path) -> EventBroker:
        return self._broker(1, named(place))

    async def received(self, place: Path) -> list[Received]:
        rows: list[tuple[str, str]] = await postgres(QUERY, database=named(place))  # type: ignore[assignment]
        return of_rows(rows)

    @pytest.fixture(autouse=True)
    async def clean(self, tmp_path: Path):
        yield
        await postgres(f'DROP DATABASE IF EXISTS "{named(tmp_path)}" WITH (FORCE)')

    def _broker(self, port: int, name: str) -> EventBroker:
        return SqlEventBroker(
            SqlBroker(
                dialect="postgresql", url="127.0.0.1", port=port, username="postgres", db=name
            )
        )


async def test_a_table_of_the_original_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE events (id INTEGER NOT NULL, sender_id VARCHAR(255), data TEXT,"
            " PRIMARY KEY (id))"
        )
        connection.execute("INSERT INTO events (sender_id, data) VALUES ('a', '{}')")
    broker = sqlite_broker(path)
    await broker.publish(told("a", 1, 1))
    await broker.close()
    with closing(sqlite3.connect(path)) as connection:
        assert [row[0] for row in connection.execute("SELECT id FROM events")] == [1, 2]


def test_an_unknown_dialect_is_named() -> None:
    with pytest.raises(ConfigError, match=r"T904: .*'oracle'"):
        SqlEventBroker(SqlBroker(dialect="oracle"))


@pytest.mark.usefixtures("mariadb_server")
class TestOnMariaDb(EventBrokerSuite):
    async def make_broker(self, place: Path) -> EventBroker:
        await mariadb(f"CREATE DATABASE IF NOT EXISTS {named(place)} CHARACTER SET utf8mb4")
        return self._broker(MARIADB[1], named(place))

    async def make_unreachable(self, place: Path) -> EventBroker:
        return self._broker(1, named(place))

    async def received(self, place: Path) -> list[Received]:
        rows: list[tuple[str, str]] = await mariadb(QUERY, database=named(place))  # type: ignore[assignment]
        return of_rows(rows)

    @pytest.fixture(autouse=True)
    async def clean(self, tmp_path: Path):
        yield
        await mariadb(f"DROP DATABASE IF EXISTS {named(tmp_path)}")

    def _broker(self, port: int, name: str) -> EventBroker:
        return SqlEventBroker(
            SqlBroker(dialect="mysql", url="127.0.0.1", port=port, username="root", db=name)
        )
