"""The typed shape of `tracker_store` in endpoints.yml, one for each kind.

Source: spec endpoints.md section 6.
"""

from typing import Annotated, Any

import msgspec

from tertulia.base.secret import Secret

Json = Any
Port = Annotated[int, msgspec.Meta(gt=0, lt=65536)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class _Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """type, store_type: the kind, already looked at."""

    type: str | None = None
    store_type: str | None = None


class SqlStore(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A database with the originals' table `events`.

    url: host, may end in `:port`, or a whole address, which counts alone. db: a file for SQLite.
    login_db: where to make `db` from when it is missing (PostgreSQL). query: options of the
    connection. schema: where the tables are (PostgreSQL), as POSTGRESQL_SCHEMA says.
    pool_size: connections, as SQL_POOL_SIZE and SQL_MAX_OVERFLOW say otherwise, or 10.
    statement_cache_size: 0 behind PgBouncer in transaction mode. timeout: seconds for one call.
    """

    dialect: str = "sqlite"
    url: str | None = None
    port: Port | None = None
    db: str = "rasa.db"
    username: str | None = None
    password: Secret | None = None
    login_db: str | None = None
    query: dict[str, str] = {}
    schema: str | None = None
    pool_size: Annotated[int, msgspec.Meta(gt=0)] | None = None
    statement_cache_size: Annotated[int, msgspec.Meta(ge=0)] = 100
    timeout: Seconds = 30.0


class RedisStore(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Redis server.

    url: host, may end in `:port`. record_exp: seconds after which a conversation that was not
    written to is forgotten, never when left out. key_prefix: letters and digits, before every
    key. timeout: seconds for one call.
    """

    url: str = "localhost"
    port: Port = 6379
    db: Annotated[int, msgspec.Meta(ge=0)] = 0
    username: str | None = None
    password: Secret | None = None
    record_exp: Seconds | None = None
    key_prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]*$")] | None = None
    use_ssl: bool = False
    ssl_keyfile: str | None = None
    ssl_certfile: str | None = None
    ssl_ca_certs: str | None = None
    timeout: Seconds = 10.0


class CustomStore(msgspec.Struct, frozen=True, kw_only=True):
    """A class of the project's own. path: dotted. arguments: what it is made with."""

    path: str
    arguments: dict[str, Json] = {}

    def __repr__(self) -> str:
        """Show no argument: there may be passwords among them."""
        return f"CustomStore(path={self.path!r})"


class DynamoStore(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """DynamoDB: the table of the originals, and one of ours beside it.

    tablename: the documented spelling of `table_name`. url: of the service, where it is not AWS'.
    timeout: seconds for one call.
    """

    table_name: str = "states"
    tablename: str | None = None
    region: str = "us-east-1"
    url: str | None = None
    timeout: Seconds = 10.0


class MongoStore(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MongoDB: the collection of the originals, and one of ours beside it.

    url: an address with `mongodb://` or `mongodb+srv://`, or a host. auth_source: the database
    that knows the user. timeout: seconds for one call.
    """

    url: str = "mongodb://localhost:27017"
    db: str = "rasa"
    username: str | None = None
    password: Secret | None = None
    collection: str = "conversations"
    auth_source: str = "admin"
    timeout: Seconds = 10.0


StoreConfig = SqlStore | RedisStore | MongoStore | DynamoStore | CustomStore
"""Every kind of tracker store."""
