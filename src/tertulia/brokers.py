"""The table of event brokers: which ones a configuration names, and how they are made."""

from collections.abc import Sequence
from typing import Any

from tertulia.base.registry import Registry
from tertulia.core.brokers import EventBroker
from tertulia.core.events.codec import Family
from tertulia.data.event_brokers import kind_of, name_of
from tertulia.engine.outbox import LONGEST_PAUSE, Recipient
from tertulia.schema.brokers import BrokerConfig, CustomBroker, RabbitBroker

_FOLDER = "tertulia.adapters.brokers"
REGISTRY: Registry[Any] = Registry(
    "event broker",
    {
        "pika": f"{_FOLDER}.rabbitmq:RabbitEventBroker",
        "kafka": f"{_FOLDER}.kafka:KafkaEventBroker",
        "nats": f"{_FOLDER}.nats:NatsEventBroker",
        "redis": f"{_FOLDER}.redis:RedisStreamEventBroker",
        "sql": f"{_FOLDER}.sql:SqlEventBroker",
        "file": f"{_FOLDER}.file:FileEventBroker",
    },
    extras={
        "pika": "rabbitmq",
        "kafka": "kafka",
        "nats": "nats",
        "redis": "redis",
        "sql": "sql",
    },
    group="event_broker",
)


async def make_broker(config: BrokerConfig) -> EventBroker:
    """Return the broker; it connects when it is used.

    Raises:
        MissingExtra: its driver is not installed.
        ConfigError: its settings cannot be used.
        UnknownComponent, BadComponent: there is no such class, or it is no broker.
        BrokerUnavailable: a class of the project's own failed.
    """
    if isinstance(config, CustomBroker):
        from tertulia.adapters.brokers.custom import open_custom

        return await open_custom(REGISTRY.find(config.path), config)
    return REGISTRY.find(kind_of(config), dotted=False)(config)


async def recipients(configs: Sequence[BrokerConfig]) -> list[Recipient]:
    """Return every broker, and how it wants to be told. Raises as `make_broker`."""
    return [
        Recipient(
            name=name_of(config),
            broker=await make_broker(config),
            family=Family.LEGACY if config.legacy_format else Family.MODERN,
            longest_pause=config.retry_delay_in_seconds
            if isinstance(config, RabbitBroker)
            else LONGEST_PAUSE,
        )
        for config in configs
    ]
