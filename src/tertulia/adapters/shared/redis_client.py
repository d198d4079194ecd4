"""Clients of Redis servers. Only what needs the driver imports this."""

from typing import Any, Protocol

from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tertulia.base.secret import Secret

DRIVER_ERRORS = (RedisError, OSError, TimeoutError)
"""Everything that a call may raise."""

_CONNECTIONS = 64


class RedisPlace(Protocol):
    """What the sections of endpoints.yml that name a Redis server have alike."""

    @property
    def url(self) -> str:
        """Return the host, which may end in `:port`."""
        ...

    @property
    def port(self) -> int:
        """Return the port, where the host does not say it."""
        ...

    @property
    def db(self) -> int:
        """Return the number of the database."""
        ...

    @property
    def username(self) -> str | None:
        """Return as whom to log in."""
        ...

    @property
    def password(self) -> Secret | None:
        """Return with what."""
        ...

    @property
    def use_ssl(self) -> bool:
        """Tell whether to speak TLS; the files below count only then."""
        ...

    @property
    def ssl_keyfile(self) -> str | None:
        """Return the file with our key."""
        ...

    @property
    def ssl_certfile(self) -> str | None:
        """Return the file with our certificate."""
        ...

    @property
    def ssl_ca_certs(self) -> str | None:
        """Return the file with certificates that the server's must be signed by."""
        ...


def open_client(place: RedisPlace, *, timeout: float) -> tuple[Any, str]:
    """Return a client, not yet connected, and what it leads to, in words. timeout: of a call.

    Calls wait for one of its connections. None is sent again by itself: a script would find its
    own traces, and take them for those of another.
    """
    host, _, port = place.url.partition(":")
    number = int(port) if port.isdigit() else place.port
    secure: dict[str, Any] = {}
    if place.use_ssl:
        secure = {
            "connection_class": SSLConnection,
            "ssl_keyfile": place.ssl_keyfile,
            "ssl_certfile": place.ssl_certfile,
            "ssl_ca_certs": place.ssl_ca_certs,
        }
    pool = BlockingConnectionPool(
        max_connections=_CONNECTIONS,
        timeout=None,
        host=host,
        port=number,
        db=place.db,
        username=place.username,
        password=None if place.password is None else place.password.reveal(),
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
        **secure,
    )
    return Redis.from_pool(pool), f"Redis at {host}:{number}/{place.db}"
