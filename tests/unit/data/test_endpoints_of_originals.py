"""Every section and key that the originals know is read, or refused by name; nothing is ignored."""

from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError
from tertulia.core.stored import connections
from tertulia.data.endpoints import read_endpoints
from tertulia.schema.endpoints import Endpoints

SERVER = """
  url: http://example.org/x
  params: {a: b}
  headers: {X-A: b}
  basic_auth: {username: ann, password: secret}
  token: secret
  token_name: t
  cafile: ca.pem
"""
SQL = "  dialect: {}\n  url: h\n  port: '5432'\n  db: d\n  username: u\n  password: p\n"


def read(tmp_path: Path, text: str, **env: str) -> tuple[Endpoints, list[str]]:
    (tmp_path / "endpoints.yml").write_text(text, "utf-8")
    diagnostics = Diagnostics()
    found = read_endpoints(tmp_path / "endpoints.yml", env=env, diagnostics=diagnostics)
    return found, [str(problem) for problem in diagnostics.problems]


@pytest.mark.parametrize(
    "text",
    [
        f"models:{SERVER}  wait_time_between_pulls: 10\n",
        f"models:{SERVER}  wait_time_between_pulls: '10'\n",
        f"models:{SERVER}  wait_time_between_pulls: None\n",
        f"models:{SERVER}  wait_time_between_pulls: null\n",
        f"nlu:{SERVER}",
        f"nlg:{SERVER}",
        f"nlg:{SERVER}  type: callback\n",
        "nlg:\n  type: response\n",
        f"action_endpoint:{SERVER}  enable_selective_domain: true\n",
        "tracker_store:\n  type: SQL\n" + SQL.format("postgresql") + "  login_db: postgres\n",
        "tracker_store:\n  type: sql\n" + SQL.format("mysql") + "  query: {ssl: 'true'}\n",
        "tracker_store:\n  store_type: SQL\n  type: redis\n" + SQL.format("postgresql+psycopg2"),
        "tracker_store:\n  type: redis\n  url: h\n  port: '6379'\n  db: '1'\n  password: p\n"
        "  username: u\n  record_exp: 3000\n  use_ssl: true\n  key_prefix: bot\n"
        "  ssl_keyfile: k\n  ssl_certfile: c\n  ssl_ca_certs: a\n",
        "tracker_store:\n  type: mongod\n  url: mongodb://h\n  db: rasa\n  username: u\n"
        "  password: p\n  collection: conversations\n  auth_source: admin\n",
        "tracker_store:\n  type: dynamo\n  table_name: states\n  region: us-east-1\n",
        "tracker_store:\n  type: dynamo\n  tablename: states\n",
        "tracker_store:\n  type: InMemoryTrackerStore\n",
        "tracker_store:\n  type: my.module.Store\n  url: h\n  anything: {at: [all]}\n",
        "lock_store:\n  type: in_memory\n",
        "lock_store:\n  type: redis\n  url: h\n  port: 6379\n  db: 1\n  username: u\n"
        "  password: p\n  use_ssl: true\n  ssl_certfile: c\n  ssl_keyfile: k\n"
        "  ssl_ca_certs: a\n  key_prefix: bot\n  socket_timeout: 10\n",
    ],
    ids=lambda text: " ".join(text.split())[:40],
)
def test_what_the_originals_know_is_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text)[1] == []


@pytest.mark.parametrize("section", ["tracker_store", "lock_store", "event_broker", "nlu", "nlg"])
@pytest.mark.parametrize("name", ["reddis", "sequel", "''", "[]", "7", "module:Class"])
def test_a_type_that_does_not_exist_is_an_error_everywhere(
    tmp_path: Path, section: str, name: str
) -> None:
    text = f"{section}:\n  type: {name}\n" + ("  url: http://h\n" if "nl" in section else "")
    assert read(tmp_path, text)[1]


@pytest.mark.parametrize("dialect", ["oracle", "oracle+cx_oracle", "mssql", "mssql+pyodbc", "db2"])
def test_dialects_that_nobody_could_try_are_refused_by_name(tmp_path: Path, dialect: str) -> None:
    (problem,) = read(tmp_path, "tracker_store:\n  type: SQL\n" + SQL.format(dialect))[1]
    assert (
        f"T138: there is no tracker store for the SQL dialect '{dialect.split('+', maxsplit=1)[0]}'"
        in problem
    )


def test_variables_stand_in_names_numbers_and_secrets_and_may_have_defaults(tmp_path: Path) -> None:
    text = "tracker_store:\n  type: ${KIND}\n  port: ${PORT}\n  url: ${HOST:-there}\n"
    found, problems = read(tmp_path, text, KIND="redis", PORT="6380")
    assert problems == []
    assert (found.tracker_store.port, found.tracker_store.url) == (6380, "there")  # type: ignore[union-attr]


def test_a_variable_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "tracker_store:\n  type: redis\n  url: ${NO_SUCH_HOST}\n")[1]
    assert "NO_SUCH_HOST" in problem


@pytest.mark.parametrize(
    ("size", "env", "expected"),
    [
        (None, {}, 10),
        (None, {"SQL_POOL_SIZE": "50", "SQL_MAX_OVERFLOW": "100"}, 150),
        (None, {"SQL_MAX_OVERFLOW": "5"}, 15),
        (None, {"SQL_POOL_SIZE": "", "SQL_MAX_OVERFLOW": ""}, 10),
        (4, {"SQL_POOL_SIZE": "50", "SQL_MAX_OVERFLOW": "100"}, 4),
    ],
)
def test_a_pool_is_as_large_as_the_variables_of_the_originals_say(
    size: int | None, env: dict[str, str], expected: int
) -> None:
    assert connections(size, env) == expected


@pytest.mark.parametrize("name", ["SQL_POOL_SIZE", "SQL_MAX_OVERFLOW"])
@pytest.mark.parametrize("value", ["many", "-1", "1.5", "²", "99999999999"])
def test_a_variable_that_is_no_number_is_an_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"T139: {name} must be a whole number"):
        connections(None, {name: value})
