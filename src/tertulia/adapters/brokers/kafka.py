"""Kafka: one topic, idempotent writes, confirmed by all replicas in sync.

Source: spec endpoints.md section 7 (kafka).
"""

import os
import ssl
from asyncio import wait_for
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from zlib import crc32

from aiokafka import AIOKafkaProducer  # pyright: ignore[reportMissingTypeStubs]
from aiokafka.errors import (  # pyright: ignore[reportMissingTypeStubs]
    KafkaError,
    MessageSizeTooLargeError,
)

from tertulia.adapters.brokers.lanes import environment, letting_go, refused, send_in_lanes
from tertulia.core.brokers import Message
from tertulia.schema.brokers import KafkaBroker

_ERRORS = (KafkaError, OSError, TimeoutError)
_HEADER = "RASA_ENVIRONMENT"
_NOT_SET = "RASA_ENVIRONMENT_NOT_SET"


class KafkaEventBroker:
    """Writes to one topic. env: for RASA_ENVIRONMENT."""

    def __init__(self, config: KafkaBroker, *, env: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._environment = environment(env) or _NOT_SET
        urls = [config.url] if isinstance(config.url, str) else list(config.url)
        self._servers = urls
        self._where = f"Kafka at {', '.join(urls)}"
        self._producer: Any = None

    async def publish(self, messages: Sequence[Message]) -> None:
        """Write and wait until all replicas in sync have it."""
        async with letting_go(self, self._where, _ERRORS):
            producer = await self._open()
            await wait_for(
                send_in_lanes(messages, lambda message: self._send(producer, message)),
                self._config.timeout,
            )

    async def check(self) -> str:
        """Connect, and ask for the topic's partitions."""
        topic = self._config.topic
        async with letting_go(self, self._where, _ERRORS):
            producer = await self._open()
            found = await wait_for(producer.partitions_for(topic), self._config.timeout)
        return f"{self._where} answers; the topic {topic} has {len(found)} partitions"

    async def close(self) -> None:
        """Let go of the connections."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(*_ERRORS):
                await wait_for(producer.stop(), self._config.timeout)

    async def _send(self, producer: Any, message: Message) -> None:
        by_sender = self._config.partition_by_sender
        headers = [
            (_HEADER, self._environment.encode()),
            ("event_id", message.id.encode()),
            *((name, value.encode()) for name, value in message.headers.items()),
        ]
        try:
            await producer.send_and_wait(
                self._config.topic,
                message.body,
                key=message.sender_id.encode() if by_sender else None,
                partition=None if by_sender else await self._partition(producer, message),
                headers=headers,
            )
        except MessageSizeTooLargeError as error:
            raise refused(self._where, message, error) from error

    async def _partition(self, producer: Any, message: Message) -> int:
        """Return the partition of a message without a key: that of its conversation."""
        known = sorted(await producer.partitions_for(self._config.topic))
        return known[crc32(message.lane.encode()) % len(known)]

    async def _open(self) -> Any:
        if self._producer is None:
            producer = AIOKafkaProducer(**self._options())
            try:
                await wait_for(producer.start(), self._config.timeout)
            except _ERRORS:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    def _options(self) -> dict[str, Any]:
        config = self._config
        options: dict[str, Any] = {
            "bootstrap_servers": self._servers,
            "client_id": config.client_id,
            "acks": "all",
            "enable_idempotence": True,
            "request_timeout_ms": int(config.timeout * 1000),
            "security_protocol": config.security_protocol.upper(),
            "sasl_mechanism": config.sasl_mechanism.upper(),
            "sasl_plain_username": config.sasl_username,
            "sasl_plain_password": None
            if config.sasl_password is None
            else config.sasl_password.reveal(),
        }
        if "SSL" in options["security_protocol"].replace("SASL", ""):
            options["ssl_context"] = self._ssl_context()
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        config = self._config
        context = ssl.create_default_context(cafile=config.ssl_cafile)
        context.check_hostname = config.ssl_check_hostname
        if config.ssl_certfile is not None:
            context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile)
        return context
