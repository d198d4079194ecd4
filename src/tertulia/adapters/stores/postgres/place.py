"""Where the database is: from the keys of endpoints.yml to arguments of the driver.

Source: spec endpoints.md section 6 (SQL: url, port, db, login_db, query, environment).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret
from tertulia.core import stored
from tertulia.schema.stores import SqlStore

_DRIVER_OPTIONS = ("sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword", "sslcrl")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One database. schema: its tables are there, None for the search path's first.

    options: of the connection's address, such as `sslmode`. settings: of the server's session.
    """

    host: str
    port: int
    user: str | None
    password: Secret | None
    database: str
    login_database: str | None
    schema: str | None
    options: dict[str, str]
    settings: dict[str, str]
    pool_size: int
    statement_cache_size: int
    timeout: float

    def __str__(self) -> str:
        """Name the place in messages, without its password."""
        return f"PostgreSQL at {self.host}:{self.port}/{self.database}"

    def arguments(self) -> dict[str, Any]:
        """Return the driver's arguments."""
        query = "&".join(f"{key}={value}" for key, value in self.options.items())
        return {
            "dsn": f"postgresql://?{query}",
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": None if self.password is None else self.password.reveal(),
            "database": self.database,
            "server_settings": self.settings,
            "statement_cache_size": self.statement_cache_size,
            "timeout": self.timeout,
            "command_timeout": self.timeout,
        }


def place_of(config: SqlStore, env: Mapping[str, str]) -> Place:
    """Return the place that a configuration means.

    Raises:
        ConfigError: the address or an environment variable cannot be read.
    """
    if config.url is not None and "://" in config.url:
        return _from_address(config, config.url, env)
    host, _, port = (config.url or "localhost").partition(":")
    return _place(
        config,
        env,
        host=host,
        port=port or config.port,
        user=config.username,
        password=config.password,
        database=config.db,
        query=config.query,
    )


def _from_address(config: SqlStore, url: str, env: Mapping[str, str]) -> Place:
    """As in the originals, an address with a scheme counts alone."""
    parts = urlsplit(url)
    return _place(
        config,
        env,
        host=parts.hostname or "localhost",
        port=parts.port,
        user=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
        database=unquote(parts.path.lstrip("/")) or "postgres",
        query=dict(parse_qsl(parts.query)),
    )


def _place(
    config: SqlStore,
    env: Mapping[str, str],
    *,
    query: Mapping[str, str],
    port: str | int | None,
    **known: Any,
) -> Place:
    settings = {key: value for key, value in query.items() if key not in _DRIVER_OPTIONS}
    settings.pop("connect_timeout", None)
    return Place(
        **known,
        port=_number("port", port or 5432),
        login_database=config.login_db,
        schema=config.schema or env.get("POSTGRESQL_SCHEMA") or None,
        options={key: value for key, value in query.items() if key in _DRIVER_OPTIONS},
        settings={"application_name": "tertulia", **_plans(config), **settings},
        pool_size=stored.connections(config.pool_size, env),
        statement_cache_size=config.statement_cache_size,
        timeout=config.timeout,
    )


def _plans(config: SqlStore) -> dict[str, str]:
    """Return how statements are planned.

    With compiling to machine code, batches of 32 appends took 30 times as long. Behind PgBouncer
    (no prepared statements) a connection that asks for this is refused; the role can have it.
    """
    return {"jit": "off"} if config.statement_cache_size else {}


def _number(name: str, value: str | int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise ConfigError(
            f"{name} must be a whole number above 0, got '{value}'", hint="Mend it.", code="T139"
        )
    return number
