import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.conformance.stores.network import NetworkStoreSuite
from tests.conformance.stores.servers import MARIADB, OWN, mariadb, named

from tertulia.adapters.stores.sql import SqlTrackerStore
from tertulia.base.errors import ConfigError, StoreConflict, StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.core.events.codec import encode
from tertulia.core.ports import TrackerStore
from tertulia.schema.stores import SqlStore
from tertulia.testing.store_agreed import AgreedSuite
from tertulia.testing.store_case import numbered, numbers, snapshot_of
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.store_leases import LeaseSuite
from tertulia.testing.tracker_store import TrackerStoreSuite


@pytest.mark.usefixtures("mariadb_server")
class TestOnMariaDb(NetworkStoreSuite, FeedSuite, LeaseSuite, CursorSuite, AgreedSuite):
    longest_id: ClassVar[int] = 255
    server = MARIADB

    async def make_store_at(self, place: Path, address: tuple[str, int]) -> TrackerStore:
        database = f"{OWN}_{named(place)}"
        await mariadb(f"CREATE DATABASE IF NOT EXISTS {database}")
        config = SqlStore(
            dialect="mysql",
            url=f"{address[0]}:{address[1]}",
            username="root",
            db=database,
            pool_size=4,
        )
        return await SqlTrackerStore.open(config, env={}, patience=0)


class TestOnSqlite(TrackerStoreSuite, FeedSuite, LeaseSuite, CursorSuite, AgreedSuite):
    longest_id: ClassVar[int] = 255

    async def make_store(self, place: Path) -> TrackerStore:
        config = SqlStore(db=str(place / "rasa.db"))
        return await SqlTrackerStore.open(config, env={}, patience=0)


RECORDED = Path(__file__).parents[1] / "modern" / "recordings" / "forms_tracker.db.gz"
"""An SQLite tracker store as Rasa 3.6.21 wrote it."""


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "rasa.db"
    path.write_bytes(gzip.decompress(RECORDED.read_bytes()))
    return path


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM events ORDER BY id").fetchall()


def as_the_original_reads(path: Path, sender_id: str) -> list[dict[str, object]]:
    """Return the events of the last session by the query of the originals."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT data FROM events WHERE sender_id = :id AND timestamp >= ("
            " SELECT coalesce(max(timestamp), 0) FROM events"
            " WHERE sender_id = :id AND type_name = 'session_started') ORDER BY id",
            {"id": sender_id},
        ).fetchall()
    return [json.loads(row[0]) for row in rows]


async def open_file(path: Path) -> SqlTrackerStore:
    return await SqlTrackerStore.open(SqlStore(db=str(path)), env={}, patience=0)


async def test_a_file_of_the_original_is_read_to_the_letter(recorded: Path) -> None:
    rows = rows_of(recorded)
    store = await open_file(recorded)
    ids = await store.list_conversations(limit=1000)
    assert list(ids) == sorted({str(row[1]) for row in rows})
    for sender_id in ids:
        loaded = await store.load(sender_id)
        stored = [json.loads(str(row[6])) for row in rows if row[1] == sender_id]
        assert [encode(event) for event in loaded.events] == stored
        assert loaded.version == len(stored)
    await store.close()


async def test_a_conversation_of_the_original_goes_on_and_is_read_back_by_it(
    recorded: Path,
) -> None:
    before = rows_of(recorded)
    sender_id = str(before[-1][1])
    session = as_the_original_reads(recorded, sender_id)
    store = await open_file(recorded)
    version = await store.version(sender_id)
    later = max(float(str(row[3])) for row in before) + 1
    said = UserUttered(
        timestamp=later, text="hi", parse_data={"intent": {"name": "greet"}, "entities": []}
    )
    heard = ActionExecuted(timestamp=later + 1, name="action_listen", confidence=1.0)
    await store.append(sender_id, [said, heard], expected=version)
    await store.close()
    after = rows_of(recorded)
    assert after[: len(before)] == before
    assert [row[1:6] for row in after[len(before) :]] == [
        (sender_id, "user", later, "greet", None),
        (sender_id, "action", later + 1, None, "action_listen"),
    ]
    assert as_the_original_reads(recorded, sender_id) == [*session, encode(said), encode(heard)]


async def test_rows_that_the_original_adds_to_the_file_are_part_of_the_log(tmp_path: Path) -> None:
    store = await open_file(tmp_path / "rasa.db")
    await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(2))
    with closing(sqlite3.connect(tmp_path / "rasa.db")) as connection:
        data = json.dumps({"event": "slot", "timestamp": 3.0, "name": "n", "value": 3})
        connection.execute(
            "INSERT INTO events (sender_id, type_name, timestamp, data)"
            " VALUES ('a', 'slot', 3.0, ?)",
            (data,),
        )
        connection.commit()
    with pytest.raises(StoreConflict):
        await store.append("a", numbered(9, 9), expected=2)
    tail = await store.load_tail("a", fingerprint="rules", window=0)
    assert (tail.version, numbers(tail.events), tail.snapshot) == (3, [3], snapshot_of(2))
    assert await store.append("a", numbered(4, 4), expected=3) == 4
    await store.close()


@pytest.mark.usefixtures("mariadb_server")
async def test_a_mariadb_table_of_the_original_learns_to_tell_ids_apart(tmp_path: Path) -> None:
    database = f"{OWN}_{named(tmp_path)}"
    data = json.dumps({"event": "slot", "timestamp": 1.0, "name": "n", "value": 1})
    await mariadb(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    await mariadb(
        "CREATE TABLE events (id INTEGER NOT NULL AUTO_INCREMENT, sender_id VARCHAR(255) NOT NULL,"
        " type_name VARCHAR(255) NOT NULL, timestamp FLOAT, intent_name VARCHAR(255),"
        " action_name VARCHAR(255), data TEXT, PRIMARY KEY (id))",
        "CREATE INDEX ix_events_sender_id ON events (sender_id)",
        "INSERT INTO events (sender_id, type_name, timestamp, data)"
        f" VALUES ('ann', 'slot', 1.0, '{data}'), ('Ann', 'slot', 1.0, '{data}')",
        database=database,
    )
    config = SqlStore(dialect="mariadb", url=MARIADB[0], username="root", db=database)
    store = await SqlTrackerStore.open(config, env={}, patience=0)
    assert list(await store.list_conversations(limit=9)) == ["Ann", "ann"]
    assert await store.append("ann", numbered(2, 2), expected=1) == 2
    assert numbers((await store.load("Ann")).events) == [1]
    await store.close()


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        (SqlStore(db=":memory:"), ConfigError, "T139: .*needs a file"),
        (SqlStore(url="mysql://h:port/x"), ConfigError, "T139: .*no address"),
        (SqlStore(db="no/such/folder/x.db"), StoreUnavailable, "T601: .*no/such/folder"),
        (SqlStore(dialect="mysql", url="127.0.0.1:1"), StoreUnavailable, "T601: .*127.0.0.1:1"),
    ],
)
async def test_a_place_that_cannot_be_used_is_named(
    config: SqlStore, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await SqlTrackerStore.open(config, env={}, patience=0)


@pytest.mark.usefixtures("mariadb_server")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"username": "nobody_here", "password": Secret("hunter2")}, "T642: .*nobody_here"),
        ({"username": "root", "db": f"{OWN}_gone"}, "T642: .*gone"),
    ],
)
async def test_what_mariadb_refuses_is_told(more: dict[str, Any], said: str) -> None:
    config = SqlStore(dialect="mysql", url=MARIADB[0], **more)
    with pytest.raises(StoreUnavailable, match=said) as caught:
        await SqlTrackerStore.open(config, env={}, patience=0)
    assert "hunter2" not in str(caught.value)


async def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (id INTEGER, sender_id TEXT, data TEXT)")
    with pytest.raises(StoreUnavailable, match=r"T641: .*`events` has no type_name, timestamp"):
        await open_file(path)
