"""The typed shape of `lock_store` in endpoints.yml, one for each kind.

Source: spec endpoints.md section 8.
"""

from typing import Annotated

import msgspec

from tertulia.base.secret import Secret
from tertulia.schema.stores import Port, Seconds, SqlStore


class _Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """type, store_type: the kind, already looked at."""

    type: str | None = None
    store_type: str | None = None


class MemoryLocks(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The processes of one server order their turns among themselves."""


class RedisLocks(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Redis server.

    url: host, may end in `:port`. key_prefix: letters and digits, before every key.
    socket_timeout: seconds for one call.
    """

    url: str = "localhost"
    port: Port = 6379
    db: Annotated[int, msgspec.Meta(ge=0)] = 1
    username: str | None = None
    password: Secret | None = None
    key_prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]*$")] | None = None
    use_ssl: bool = False
    ssl_keyfile: str | None = None
    ssl_certfile: str | None = None
    ssl_ca_certs: str | None = None
    socket_timeout: Seconds = 10.0


class PostgresLocks(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PostgreSQL database: the one of the tracker store where no `url` and no `db` are given.

    The keys are those of the tracker store. schema: tells bots apart that share a database.
    """

    url: str | None = None
    port: Port | None = None
    db: str | None = None
    username: str | None = None
    password: Secret | None = None
    query: dict[str, str] = {}
    schema: str | None = None
    timeout: Seconds = 10.0

    def database(self, store: SqlStore | None) -> SqlStore | None:
        """Return where the locks are, None when nothing says it. store: of the conversations."""
        if self.url is None and self.db is None:
            return store
        return SqlStore(
            dialect="postgresql",
            url=self.url,
            port=self.port,
            db=self.db or "rasa",
            username=self.username,
            password=self.password,
            query=self.query,
            schema=self.schema,
            timeout=self.timeout,
        )


LockConfig = MemoryLocks | RedisLocks | PostgresLocks
"""Every kind of lock store."""
