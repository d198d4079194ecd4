"""endpoints.yml is read whole, and every mistake in it is named with its line."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.endpoints import read_endpoints
from tertulia.schema.endpoints import ActionEndpoint, Endpoints
from tertulia.schema.locks import PostgresLocks, RedisLocks
from tertulia.schema.privacy import Retention
from tertulia.schema.stores import CustomStore, MongoStore, SqlStore


def read(tmp_path: Path, text: str, **env: str) -> tuple[Endpoints, list[str]]:
    path = tmp_path / "endpoints.yml"
    path.write_text(text, "utf-8")
    diagnostics = Diagnostics()
    endpoints = read_endpoints(path, env=env, diagnostics=diagnostics)
    places = [f"{p.at.line if p.at else 0} {p.code}" for p in diagnostics.problems]
    return endpoints, places


def test_an_empty_file_has_no_endpoints(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == (Endpoints(), [])


def test_a_section_without_content_counts_as_absent(tmp_path: Path) -> None:
    assert read(tmp_path, "action_endpoint:\nevent_broker:\n") == (Endpoints(), [])


def test_variables_of_the_environment_are_filled_in_and_secrets_stay_secret(
    tmp_path: Path,
) -> None:
    text = "action_endpoint:\n  url: http://${HOST}/w\n  token: ${TOKEN}\n"
    endpoints, problems = read(tmp_path, text, HOST="h:1", TOKEN="hidden")
    assert problems == []
    assert isinstance(endpoints.action_endpoint, ActionEndpoint)
    assert endpoints.action_endpoint.url == "http://h:1/w"
    assert "hidden" not in repr(endpoints)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "1 T136"),
        ("nlg:\n  url: http://h\naction_endpont:\n  url: x\n", "4 T137"),
        ("event_broker:\n  type: pika\n", "2 T139"),
        ("event_broker:\n  type: pica\n", "2 T138"),
        ("event_broker: pika\n", "1 T139"),
        ("event_broker:\n  url: h\n  usernam: x\n", "3 T139"),
        ("event_broker:\n  url: h\n  queues: []\n", "3 T139"),
        ("event_broker:\n  url: h\n  queues: [a]\n  queue: b\n", "4 T139"),
        ("event_broker:\n  type: kafka\n  url: h\n", "2 T139"),
        ("event_broker:\n  type: kafka\n  url: h\n  security_protocol: SLS\n", "4 T139"),
        ("event_broker:\n- type: file\n- type: sql\n- type: file\n", "4 T139"),
        ("event_broker:\n- type: file\n- type: sqll\n", "3 T138"),
        ("tracker_store: redis\n", "1 T139"),
        ("tracker_store:\n  type: redsi\n", "2 T138"),
        ("tracker_store:\n  type: SQL\n  dialect: postgres\n", "3 T138"),
        ("tracker_store:\n  type: SQL\n  url: oracle://h/x\n", "2 T138"),
        ("tracker_store:\n  type: SQL\n  usernam: x\n", "3 T139"),
        ("tracker_store:\n  type: SQL\n  port: 70000\n", "3 T139"),
        ("tracker_store:\n  url: h\n", "2 T139"),
        ("tracker_store:\n  type: mongod\n  colection: x\n", "3 T139"),
        ("tracker_store:\n  type: mongo\n", "2 T138"),
        ("retention:\n  idle_days: 0\n", "2 T139"),
        ("retention:\n  idle_days: 3\n  evry: 3\n", "3 T139"),
        ("redaction: email\n", "1 T139"),
        ("redaction:\n  - name: a b\n    pattern: x\n", "2 T139"),
        ("redaction:\n  - name: a\n    pattern: '('\n", "2 T942"),
        ("redaction:\n  - name: a\n    pattern: 'x*'\n", "2 T942"),
        ("lock_store:\n  type: reddis\n", "2 T138"),
        ("lock_store:\n  type: my_locks.Locks\n", "2 T138"),
        ("lock_store:\n  type: in_memory\n  url: h\n", "3 T139"),
        ("lock_store:\n  type: redis\n  sokcet_timeout: 3\n", "3 T139"),
        ("lock_store: redis\n", "1 T139"),
        ("nlg:\n  type: callback\n", "2 T139"),
        ("nlg:\n  url: http://h\n  typ: callback\n", "3 T139"),
        ("action_endpoint:\n  url: http://h\n  tracker_events: -1\n", "3 T139"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert read(tmp_path, text)[1] == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: x.db\n",
        "tracker_store:\n  type: in_memory\n",
        "lock_store:\n  type: in_memory\n",
        "lock_store:\n  type: postgres\n",
        "lock_store:\n",
        "nlg:\n  type: response\n",
        'version: "3.1"\n',
    ],
)
def test_what_the_product_does_anyway_may_be_named(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[1] == []


@pytest.mark.parametrize(
    "kind", ["SQL", "sql", "SQLTrackerStore", "rasa.core.tracker_store.SQLTrackerStore"]
)
def test_an_sql_store_has_several_names(tmp_path: Path, kind: str) -> None:
    text = f"tracker_store:\n  type: {kind}\n  dialect: postgresql\n  port: ${{PORT:-5433}}\n"
    endpoints, problems = read(tmp_path, text)
    assert problems == []
    assert endpoints.tracker_store is not None
    assert (endpoints.tracker_store.dialect, endpoints.tracker_store.port) == ("postgresql", 5433)
    assert endpoints.sql_store


def test_a_class_of_the_projects_own_gets_all_other_keys(tmp_path: Path) -> None:
    text = "tracker_store:\n  store_type: my.own.Store\n  type: SQL\n  url: ${HOST}\n  depth: 3\n"
    endpoints, problems = read(tmp_path, text, HOST="h")
    assert problems == []
    assert endpoints.tracker_store == CustomStore(
        path="my.own.Store", arguments={"url": "h", "depth": 3}
    )


def test_a_password_of_a_store_stays_secret(tmp_path: Path) -> None:
    text = "tracker_store:\n  type: SQL\n  password: ${SECRET}\n"
    endpoints, problems = read(tmp_path, text, SECRET="12345")
    assert problems == []
    assert endpoints.tracker_store is not None
    assert endpoints.tracker_store.password is not None
    assert endpoints.tracker_store.password.reveal() == "12345"
    assert "12345" not in repr(endpoints)


def test_an_sql_store_by_name_is_remembered_for_its_way_to_cut_sessions(tmp_path: Path) -> None:
    assert read(tmp_path, "tracker_store:\n  type: sql\n")[0].sql_store


def test_a_lock_store_has_the_keys_of_the_originals(tmp_path: Path) -> None:
    text = (
        "lock_store:\n  type: Redis\n  url: h\n  port: '6380'\n  db: 3\n  password: x\n"
        "  use_ssl: true\n  key_prefix: bot\n  socket_timeout: 4\n"
    )
    endpoints, problems = read(tmp_path, text)
    assert problems == []
    locks = endpoints.lock_store
    assert isinstance(locks, RedisLocks)
    assert (locks.url, locks.port, locks.db, locks.use_ssl) == ("h", 6380, 3, True)
    assert (locks.key_prefix, locks.socket_timeout, str(locks.password)) == ("bot", 4.0, "***")


def test_locks_are_in_the_tracker_stores_database_unless_another_is_named() -> None:
    store = SqlStore(dialect="postgresql", url="here", db="kept")
    assert PostgresLocks().database(store) is store
    assert PostgresLocks().database(None) is None
    other = PostgresLocks(url="there").database(store)
    assert other is not None
    assert (other.url, other.db, other.dialect) == ("there", "rasa", "postgresql")


def test_what_is_redacted_and_how_long_conversations_are_kept_is_read(tmp_path: Path) -> None:
    text = "retention:\n  idle_days: 90\nredaction:\n  - name: n\n    pattern: '\\d+'\n"
    endpoints, problems = read(tmp_path, text)
    assert problems == []
    assert endpoints.retention == Retention(idle_days=90)
    assert endpoints.redaction.text("a 12 b") == "a [n] b"


@pytest.mark.parametrize("name", ["mongod", "MONGOD", "rasa.core.tracker_store.MongoTrackerStore"])
def test_mongodb_is_named_as_the_originals_do(tmp_path: Path, name: str) -> None:
    endpoints, problems = read(tmp_path, f"tracker_store:\n  type: {name}\n  db: bot\n")
    assert problems == []
    assert endpoints.tracker_store == MongoStore(type=name, db="bot")
