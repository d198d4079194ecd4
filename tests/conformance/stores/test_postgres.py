import json
from pathlib import Path
from typing import ClassVar

import pytest
from tests.conformance.stores.network import NetworkStoreSuite
from tests.conformance.stores.servers import OWN, POSTGRES, named, postgres, postgres_config

from tertulia.adapters.stores.postgres import PostgresStore, committer
from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.core.events import ActionExecuted, SlotSet, UserUttered
from tertulia.core.ports import TrackerStore
from tertulia.testing.store_agreed import AgreedSuite
from tertulia.testing.store_case import numbered, numbers, snapshot_of
from tertulia.testing.store_cursors import CursorSuite
from tertulia.testing.store_feed import FeedSuite
from tertulia.testing.store_leases import LeaseSuite

pytestmark = pytest.mark.usefixtures("postgres_server")

ORIGINAL = (
    "CREATE TABLE events (id SERIAL PRIMARY KEY, sender_id VARCHAR(255) NOT NULL,"
    " type_name VARCHAR(255) NOT NULL, timestamp FLOAT, intent_name VARCHAR(255),"
    " action_name VARCHAR(255), data TEXT)",
    "CREATE INDEX ix_events_sender_id ON events (sender_id)",
)


async def open_store(schema: str, **more: object) -> PostgresStore:
    return await PostgresStore.open(postgres_config(schema, **more), env={}, patience=0)


async def in_schema(schema: str, *statements: str) -> list[object]:
    path = f'SET search_path = "{schema}"'
    return await postgres(path, *statements, database=OWN)


def added(sender_id: str, n: int) -> str:
    """Return the statement by which the original adds a row."""
    data = json.dumps({"event": "slot", "timestamp": n, "name": "n", "value": n})
    return (
        "INSERT INTO events (sender_id, type_name, timestamp, intent_name, action_name, data)"
        f" VALUES ('{sender_id}', 'slot', {n}, NULL, 'n', '{data}')"
    )


class TestPostgresStore(NetworkStoreSuite, FeedSuite, LeaseSuite, CursorSuite, AgreedSuite):
    longest_id: ClassVar[int] = 255
    server = POSTGRES

    async def make_store_at(self, place: Path, address: tuple[str, int]) -> TrackerStore:
        schema = named(place)
        await postgres(f'CREATE SCHEMA IF NOT EXISTS "{schema}"', database=OWN)
        return await open_store(schema, url=f"{address[0]}:{address[1]}")


@pytest.fixture
async def schema(tmp_path: Path) -> str:
    name = named(tmp_path)
    await postgres(f'CREATE SCHEMA "{name}"', database=OWN)
    return name


async def test_a_database_of_the_original_is_continued_in_place(schema: str) -> None:
    await in_schema(schema, *ORIGINAL, *[added("old", n) for n in (1, 2, 3)])
    store = await open_store(schema)
    assert list(await store.list_conversations(limit=9)) == ["old"]
    loaded = await store.load_tail("old", fingerprint="rules", window=0)
    assert (loaded.version, numbers(loaded.events)) == (3, [1, 2, 3])
    with pytest.raises(StoreConflict):
        await store.append("old", numbered(9, 9), expected=0)
    assert await store.append("old", numbered(4, 5), expected=3, snapshot=snapshot_of(5)) == 5
    tail = await store.load_tail("old", fingerprint="rules", window=0)
    assert (tail.version, numbers(tail.events), tail.snapshot) == (5, [], snapshot_of(5))
    await store.close()


async def test_the_original_reads_what_was_added_as_its_own_rows(schema: str) -> None:
    await in_schema(schema, *ORIGINAL, added("a", 1))
    store = await open_store(schema)
    said = UserUttered(
        timestamp=2.5, text="hi", parse_data={"intent": {"name": "greet"}, "entities": []}
    )
    ran = ActionExecuted(timestamp=3.5, name="utter_hi", policy="RulePolicy", confidence=1.0)
    await store.append("a", [said, ran], expected=1)
    await store.close()
    rows = await in_schema(
        schema,
        "SELECT type_name, timestamp, intent_name, action_name, data FROM events"
        " WHERE sender_id = 'a' ORDER BY id",
    )
    assert [row[:4] for row in rows] == [
        ("slot", 1.0, None, "n"),
        ("user", 2.5, "greet", None),
        ("action", 3.5, None, "utter_hi"),
    ]
    assert json.loads(rows[2][4])["policy"] == "RulePolicy"


async def test_rows_that_the_original_adds_meanwhile_are_part_of_the_log(schema: str) -> None:
    await in_schema(schema, *ORIGINAL)
    store = await open_store(schema)
    await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(2))
    await in_schema(schema, added("a", 3), added("b", 1))
    with pytest.raises(StoreConflict):
        await store.append("a", numbered(9, 9), expected=2)
    tail = await store.load_tail("a", fingerprint="rules", window=0)
    assert (tail.version, numbers(tail.events), tail.snapshot) == (3, [3], snapshot_of(2))
    assert await store.append("a", numbered(4, 4), expected=3) == 4
    assert numbers((await store.load("a")).events) == [1, 2, 3, 4]
    assert list(await store.list_conversations(limit=9)) == ["a", "b"]
    assert await store.erase("b") == 1
    await store.close()


async def test_a_table_of_another_program_is_left_alone(schema: str) -> None:
    await in_schema(schema, "CREATE TABLE events (id INTEGER, sender_id VARCHAR(255), data TEXT)")
    with pytest.raises(StoreUnavailable, match=r"T641: .*`events` has no type_name, timestamp"):
        await open_store(schema)


async def test_tables_of_a_newer_version_are_refused(schema: str) -> None:
    await (await open_store(schema)).close()
    await in_schema(schema, "INSERT INTO tertulia_schema VALUES (99)")
    with pytest.raises(StoreUnavailable, match=r"T641: .*version 99.* Upgrade this program"):
        await open_store(schema)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"db": f"{OWN}_gone", "login_db": None}, r"T642: .*login_db"),
        ({"username": "nobody_here", "password": Secret("hunter2")}, r"T642: .*nobody_here"),
        ({"schema": "no_such_schema"}, r"T642: .*no_such_schema"),
        ({"url": "127.0.0.1:1"}, r"T601: PostgreSQL at 127.0.0.1:1/.* does not answer"),
        ({"query": {"no_such_setting": "1"}}, r"T642: .*no_such_setting"),
    ],
)
async def test_a_place_that_cannot_be_used_is_named(more: dict[str, object], said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said) as caught:
        await PostgresStore.open(postgres_config(**{"schema": None, **more}), env={}, patience=0)
    assert "hunter2" not in str(caught.value)


async def test_a_missing_database_is_made_from_another() -> None:
    name = f"{OWN}_made"
    try:
        for _ in range(2):
            config = postgres_config(None, db=name, login_db="postgres")
            store = await PostgresStore.open(config, env={}, patience=0)
            await store.close()
    finally:
        await postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def test_an_address_with_a_scheme_counts_alone(schema: str) -> None:
    url = f"postgresql+psycopg2://postgres@{POSTGRES[0]}:{POSTGRES[1]}/{OWN}?sslmode=disable"
    store = await open_store(schema, url=url, db="other", port=1)
    assert await store.append("a", numbered(1, 1), expected=0) == 1
    await store.close()


async def test_it_works_without_prepared_statements(schema: str) -> None:
    store = await open_store(schema, statement_cache_size=0)
    await store.append("a", numbered(1, 2), expected=0, snapshot=snapshot_of(1))
    tail = await store.load_tail("a", fingerprint="rules", window=0)
    assert (numbers(tail.events), tail.snapshot) == ([2], snapshot_of(1))
    await store.close()


async def test_an_event_that_cannot_be_stored_spoils_no_other_append(schema: str) -> None:
    store = await open_store(schema)
    with pytest.raises(StoreUnavailable, match="T615"):
        await store.append("a", [SlotSet(name="x", value=object())], expected=0)
    with pytest.raises(StoreUnavailable, match=r"T615: .*an id of 300 characters"):
        await store.append("x" * 300, numbered(1, 1), expected=0)
    assert await store.append("a", numbered(1, 1), expected=0) == 1
    await store.close()


async def test_an_error_that_nobody_foresaw_refuses_one_write_and_no_more(
    schema: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> list[int]:
        raise AttributeError("of the driver")

    store = await open_store(schema)
    with monkeypatch.context() as during:
        during.setattr(committer, "append_all", broken)
        with pytest.raises(StoreUnavailable, match=r"T601: PostgreSQL .* of the driver"):
            await store.append("a", numbered(1, 1), expected=0)
    assert await store.append("a", numbered(1, 1), expected=0) == 1
    assert "AttributeError: of the driver" in caplog.text
    await store.close()
