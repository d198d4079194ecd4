"""NATS JetStream: one subject, kept by a stream that drops what it has already.

Source: https://docs.nats.io/nats-concepts/jetstream/headers (`Nats-Msg-Id`).
"""

import asyncio
import ssl
from asyncio import wait_for
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js.errors import NotFoundError

from tertulia.adapters.brokers.lanes import letting_go, refused, send_in_lanes
from tertulia.base.border import end_tasks
from tertulia.core.brokers import Message
from tertulia.schema.brokers import NatsBroker

_ERRORS = (NatsError, OSError, TimeoutError)
_MESSAGE_ID = "Nats-Msg-Id"
_REFUSED_PATIENCE = 1.0
"""Seconds for the end of a connection that was refused; after a bad certificate the driver never
hears of it."""


class NatsEventBroker:
    """Publishes to one subject; a message is delivered once its stream has acknowledged it."""

    def __init__(self, config: NatsBroker) -> None:
        self._config = config
        self._servers = [config.url] if isinstance(config.url, str) else list(config.url)
        shown = ", ".join(url.rpartition("@")[2] for url in self._servers)
        self._where = f"NATS at {shown}"
        self._client: Any = None
        self._stream: Any = None
        self._lost = asyncio.Event()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish and wait for the acknowledgements."""
        async with letting_go(self, self._where, _ERRORS):
            await self._send_all(await self._open(), messages)

    async def check(self) -> str:
        """Connect, and look for the stream or make it, as publishing does."""
        async with letting_go(self, self._where, _ERRORS):
            await self._open()
        return f"{self._where} answers; the stream {self._config.stream} is there"

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._client, self._stream = self._client, None, None
        if client is None:
            return
        patience = self._config.timeout if client.is_connected else _REFUSED_PATIENCE
        # AssertionError: the driver was told of options too bad to begin with.
        with suppress(*_ERRORS, AssertionError):
            await wait_for(client.close(), patience)

    async def _send_all(self, stream: Any, messages: Sequence[Message]) -> None:
        """Send, and give up at once when the connection is lost: no answer comes any more."""
        sending = asyncio.ensure_future(
            send_in_lanes(messages, lambda message: self._send(stream, message))
        )
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((sending, lost), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ConnectionResetError("the connection was lost")
            sending.result()
        finally:
            await end_tasks(sending, lost)

    async def _send(self, stream: Any, message: Message) -> None:
        try:
            await stream.publish(
                self._config.subject,
                message.body,
                timeout=self._config.timeout,
                headers={_MESSAGE_ID: message.id, **message.headers},
            )
        except MaxPayloadError as error:
            raise refused(self._where, message, error) from error

    async def _open(self) -> Any:
        if self._stream is None or not self._client.is_connected:
            await self.close()
            self._lost.clear()
            # Known before it connects: the driver leaves open what a server has refused.
            self._client = Client()
            connecting = self._client.connect(**self._options())
            await wait_for(connecting, self._config.timeout)
            stream = self._client.jetstream(timeout=self._config.timeout)
            try:
                await stream.find_stream_name_by_subject(self._config.subject)
            except NotFoundError:
                await stream.add_stream(name=self._config.stream, subjects=[self._config.subject])
            self._stream = stream
        return self._stream

    async def _note_loss(self) -> None:
        self._lost.set()

    def _options(self) -> dict[str, Any]:
        config = self._config
        options: dict[str, Any] = {
            "servers": self._servers,
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0.1,
            "connect_timeout": max(1, int(min(config.timeout, 10.0))),
            "error_cb": _ignore,
            "disconnected_cb": self._note_loss,
            "user": config.username,
            "password": None if config.password is None else config.password.reveal(),
            "token": None if config.token is None else config.token.reveal(),
            "user_credentials": config.credentials,
        }
        if config.ssl_cafile is not None or config.ssl_certfile is not None:
            context = ssl.create_default_context(cafile=config.ssl_cafile)
            if config.ssl_certfile is not None:
                context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile)
            options["tls"] = context
        return {name: value for name, value in options.items() if value is not None}


async def _ignore(error: Exception) -> None:
    """Say nothing: whoever publishes hears of it."""
