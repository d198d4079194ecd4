"""A stream of Redis: each message an entry with the fields `body` and `event_id`."""

from collections.abc import Sequence
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tertulia.adapters.brokers.lanes import unavailable
from tertulia.base.errors import BrokerUnavailable
from tertulia.core.brokers import Message
from tertulia.schema.brokers import RedisStreamBroker

_ERRORS = (RedisError, OSError, TimeoutError)


class RedisStreamEventBroker:
    """Adds to one stream; a page of messages is added as a whole."""

    def __init__(self, config: RedisStreamBroker) -> None:
        host, _, port = config.url.partition(":")
        self._config = config
        self._where = f"Redis at {host}:{port or config.port}"
        self._client: Any = redis.asyncio.Redis(
            host=host, port=int(port) if port.isdigit() else config.port, **_options(config)
        )

    async def publish(self, messages: Sequence[Message]) -> None:
        """Add the messages in one transaction."""
        config = self._config
        try:
            async with self._client.pipeline(transaction=True) as pipeline:
                for message in messages:
                    fields = {"body": message.body, "event_id": message.id, **message.headers}
                    pipeline.xadd(config.stream, fields, maxlen=config.max_length)
                await pipeline.execute()
        except _ERRORS as error:
            raise self._failed(error) from error

    async def check(self) -> str:
        """Ask for the stream's length, which says that the key holds no other kind of value."""
        try:
            length = await self._client.xlen(self._config.stream)
        except _ERRORS as error:
            raise self._failed(error) from error
        return f"{self._where} answers; the stream {self._config.stream} has {length} entries"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    def _failed(self, error: Exception) -> BrokerUnavailable:
        return unavailable(self._where, error)


def _options(config: RedisStreamBroker) -> dict[str, Any]:
    options: dict[str, Any] = {
        "db": config.db,
        "username": config.username,
        "password": None if config.password is None else config.password.reveal(),
        "socket_timeout": config.timeout,
        "socket_connect_timeout": config.timeout,
        "retry": Retry(NoBackoff(), 0),
    }
    if config.use_ssl:
        options |= {
            "ssl": True,
            "ssl_keyfile": config.ssl_keyfile,
            "ssl_certfile": config.ssl_certfile,
            "ssl_ca_certs": config.ssl_ca_certs,
        }
    return options
