"""Where the database is: from the keys of endpoints.yml to an address of the SQL library.

Source: spec endpoints.md section 6 (SQL: dialect, url, port, db, query).
"""

import sqlalchemy as sa
from sqlalchemy import exc

from tertulia.base.errors import ConfigError
from tertulia.schema.stores import SqlStore

_DRIVERS = {"mysql": "mysql+asyncmy", "mariadb": "mariadb+asyncmy", "sqlite": "sqlite+pysqlite"}


def address_of(config: SqlStore) -> sa.URL:
    """Return the address that a configuration means, with our driver for its dialect.

    Raises:
        ConfigError: it cannot be read.
    """
    url = _written(config) if "://" in (config.url or "") else _composed(config)
    dialect = url.get_backend_name()
    if dialect == "sqlite" and (url.database or "") in ("", ":memory:"):
        raise ConfigError(
            "an SQLite tracker store needs a file",
            hint="Give `db`; or forget conversations with `--store memory`.",
            code="T139",
        )
    url = url.set(drivername=_DRIVERS[dialect])
    return url if dialect == "sqlite" else url.update_query_dict({"charset": "utf8mb4"})


def _written(config: SqlStore) -> sa.URL:
    """As in the originals, an address with a scheme counts alone."""
    try:
        return sa.make_url(config.url or "")
    except (exc.ArgumentError, ValueError) as error:
        raise ConfigError(
            "the `url` of the tracker store is no address", hint="Mend it.", code="T139"
        ) from error


def _composed(config: SqlStore) -> sa.URL:
    dialect = config.dialect.partition("+")[0].lower().strip()
    if dialect == "sqlite":
        return sa.URL.create(dialect, database=config.db)
    host, _, port = (config.url or "localhost").partition(":")
    return sa.URL.create(
        dialect,
        username=config.username,
        password=None if config.password is None else config.password.reveal(),
        host=host,
        port=int(port) if port.isdigit() else config.port,
        database=config.db,
        query=config.query,
    )
