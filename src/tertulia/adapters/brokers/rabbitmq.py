"""RabbitMQ, as the originals use it: a fanout exchange and durable queues; with confirms.

Source: spec endpoints.md section 7 (pika).
"""

import os
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import AMQPError
from yarl import URL

from tertulia.adapters.brokers.lanes import environment, letting_go, refused, send_in_lanes
from tertulia.core.brokers import Message
from tertulia.schema.brokers import DEFAULT_QUEUE, RabbitBroker

_ERRORS = (AMQPError, OSError, TimeoutError, RuntimeError)
_CERTIFICATE = "RABBITMQ_SSL_CLIENT_CERTIFICATE"
_KEY = "RABBITMQ_SSL_CLIENT_KEY"
_TOO_LARGE = "message size"
"""What the server says of a message beyond its `max_message_size`, before it closes the channel."""


class RabbitEventBroker:
    """Publishes persistent messages; one is delivered once the server has confirmed it.

    env: for RASA_ENVIRONMENT and the certificates RABBITMQ_SSL_*.
    """

    def __init__(self, config: RabbitBroker, *, env: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._env = env
        self._url = address_of(config, secure=_has_certificate(env))
        self._where = f"RabbitMQ at {self._url.host}:{self._url.port}"
        self._connection: Any = None
        self._exchange: Any = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish and wait for the confirmations."""
        async with letting_go(self, self._where, _ERRORS):
            exchange = await self._open()
            await send_in_lanes(messages, lambda message: self._send(exchange, message))

    async def check(self) -> str:
        """Connect, and declare exchange and queues as publishing does."""
        async with letting_go(self, self._where, _ERRORS):
            await self._open()
        return f"{self._where} answers; queues {', '.join(queues_of(self._config))}"

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            with suppress(*_ERRORS):
                await connection.close()

    async def _send(self, exchange: Any, message: Message) -> None:
        content = aio_pika.Message(
            message.body,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=message.id,
            app_id=environment(self._env),
            headers=dict(message.headers),
        )
        try:
            await exchange.publish(content, routing_key="", timeout=self._config.timeout)
        except AMQPError as error:
            if _TOO_LARGE in str(error):
                self._exchange = None
                raise refused(self._where, message, error) from error
            raise

    async def _open(self) -> Any:
        if self._exchange is not None and not self._connection.is_closed:
            return self._exchange
        await self.close()
        config = self._config
        self._connection = await aio_pika.connect(
            self._url, timeout=config.timeout, ssl_context=self._ssl_context()
        )
        # Without it the server confirms what no queue has taken, too.
        channel = await self._connection.channel(on_return_raises=True)
        exchange = await channel.declare_exchange(
            config.exchange_name, aio_pika.ExchangeType.FANOUT, timeout=config.timeout
        )
        for name in queues_of(config):
            queue = await channel.declare_queue(name, durable=True, timeout=config.timeout)
            await queue.bind(exchange, routing_key="", timeout=config.timeout)
        self._exchange = exchange
        return exchange

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self._url.scheme != "amqps":
            return None
        context = ssl.create_default_context(cafile=self._env.get("RABBITMQ_SSL_CA_FILE") or None)
        if _has_certificate(self._env):
            context.load_cert_chain(
                self._env[_CERTIFICATE],
                self._env[_KEY],
                self._env.get("RABBITMQ_SSL_KEY_PASSWORD") or None,
            )
        return context


def queues_of(config: RabbitBroker) -> list[str]:
    """Return the names of the queues."""
    queues = config.queues or config.queue or DEFAULT_QUEUE
    return [queues] if isinstance(queues, str) else list(queues)


def address_of(config: RabbitBroker, *, secure: bool = False) -> URL:
    """Return where to connect, and as whom. secure: also where the address does not say so."""
    written = config.url if "://" in config.url else f"amqp://{config.url}"
    parts = urlsplit(written)
    scheme = "amqps" if secure or parts.scheme == "amqps" else "amqp"
    url = URL(written).with_scheme(scheme)
    if parts.port is None:
        url = url.with_port(config.port)
    if config.username is not None:
        url = url.with_user(config.username)
    if config.password is not None:
        url = url.with_password(config.password.reveal())
    return url


def _has_certificate(env: Mapping[str, str]) -> bool:
    return bool(env.get(_CERTIFICATE)) and bool(env.get(_KEY))
