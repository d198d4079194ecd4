"""A stream of Redis: each message an entry with the fields `body` and `event_id`."""

from collections.abc import Sequence

from tertulia.adapters.brokers.lanes import unavailable
from tertulia.adapters.shared.redis_client import DRIVER_ERRORS, open_client
from tertulia.core.brokers import Message
from tertulia.schema.brokers import RedisStreamBroker


class RedisStreamEventBroker:
    """Adds to one stream; a page of messages is added as a whole."""

    def __init__(self, config: RedisStreamBroker) -> None:
        self._config = config
        self._client, self._where = open_client(config, timeout=config.timeout)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Add the messages in one transaction."""
        config = self._config
        try:
            async with self._client.pipeline(transaction=True) as pipeline:
                for message in messages:
                    fields = {"body": message.body, "event_id": message.id, **message.headers}
                    pipeline.xadd(config.stream, fields, maxlen=config.max_length)
                await pipeline.execute()
        except DRIVER_ERRORS as error:
            raise unavailable(self._where, error) from error

    async def check(self) -> str:
        """Ask for the stream's length, which says that the key holds no other kind of value."""
        try:
            length = await self._client.xlen(self._config.stream)
        except DRIVER_ERRORS as error:
            raise unavailable(self._where, error) from error
        return f"{self._where} answers; the stream {self._config.stream} has {length} entries"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
