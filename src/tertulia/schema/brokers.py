"""The typed shape of `event_broker` in endpoints.yml, one for each kind.

Source: spec endpoints.md section 7.
"""

from typing import Annotated, Any, Literal

import msgspec

from tertulia.base.secret import Secret

Json = Any
Port = Annotated[int, msgspec.Meta(gt=0, lt=65536)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Several = Text | Annotated[list[Text], msgspec.Meta(min_length=1)]

DEFAULT_QUEUE = "rasa_core_events"


class _Broker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """type, store_type: the kind, already looked at.

    name: tells brokers apart in the store, in figures and in the log; that of the kind when left
    out. legacy_format: events as 0.x and 1.x send them. timeout: seconds for one delivery.
    """

    type: str | None = None
    store_type: str | None = None
    name: Text | None = None
    legacy_format: bool = False
    timeout: Seconds = 30.0


class RabbitBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RabbitMQ.

    url: host, or a whole address. queue: the spelling of 0.x and early 1.x of `queues`.
    should_keep_unpublished_messages, raise_on_failure, connection_attempts: read and without
    effect, since nothing that is stored is given up. retry_delay_in_seconds: the longest pause
    between two attempts. loglevel, log_level: as the originals, without effect.
    """

    url: Text
    port: Port = 5672
    username: str | None = None
    password: Secret | None = None
    queues: Several | None = None
    queue: Text | None = None
    exchange_name: Text = "rasa-exchange"
    should_keep_unpublished_messages: bool = True
    raise_on_failure: bool = False
    connection_attempts: Annotated[int, msgspec.Meta(gt=0)] = 20
    retry_delay_in_seconds: Seconds = 5.0
    loglevel: str | int | None = None
    log_level: str | int | None = None


class KafkaBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kafka.

    url: one or several `host:port`. partition_by_sender: the conversation's id is the key.
    queue_size, group_id, loglevel: read and without effect. security_protocol, sasl_mechanism:
    in any case of letters.
    """

    url: Several
    topic: Text = DEFAULT_QUEUE
    client_id: Text | None = None
    partition_by_sender: bool = False
    security_protocol: str = "SASL_PLAINTEXT"
    sasl_username: str | None = None
    sasl_password: Secret | None = None
    sasl_mechanism: str = "PLAIN"
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_check_hostname: bool = False
    queue_size: int | None = None
    group_id: str | None = None
    loglevel: str | int | None = None


class NatsBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """NATS JetStream.

    url: one or several addresses. subject: where messages go. stream: what keeps them, made for
    the subject when it is missing. credentials: a file of the account.
    """

    url: Several = "nats://localhost:4222"
    subject: Annotated[str, msgspec.Meta(pattern=r"^[^\s*>]+$")] = DEFAULT_QUEUE
    stream: Annotated[str, msgspec.Meta(pattern=r"^[^\s*>./\\]+$")] = DEFAULT_QUEUE
    username: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    credentials: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None


class RedisStreamBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stream of Redis.

    url: host, may end in `:port`. stream: its key. max_length: about how many entries are kept,
    all when left out.
    """

    url: str = "localhost"
    port: Port = 6379
    db: Annotated[int, msgspec.Meta(ge=0)] = 0
    username: str | None = None
    password: Secret | None = None
    stream: Text = DEFAULT_QUEUE
    max_length: Annotated[int, msgspec.Meta(gt=0)] | None = None
    use_ssl: bool = False
    ssl_keyfile: str | None = None
    ssl_certfile: str | None = None
    ssl_ca_certs: str | None = None


class SqlBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table `events` with id, sender_id and data.

    url: host, may end in `:port`, or a whole address, which counts alone. db: a file for SQLite.
    """

    dialect: str = "sqlite"
    url: str | None = None
    port: Port | None = None
    db: str = "events.db"
    username: str | None = None
    password: Secret | None = None


class FileBroker(_Broker, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, one JSON object a line. path: of it, seen from the working directory."""

    path: Text = "rasa_event.log"


class CustomBroker(msgspec.Struct, frozen=True, kw_only=True):
    """A class of the project's own. path: dotted. settings: the whole section, for the class."""

    path: str
    name: str | None = None
    legacy_format: bool = False
    settings: dict[str, Json] = {}

    def __repr__(self) -> str:
        """Show no setting: there may be passwords among them."""
        return f"CustomBroker(path={self.path!r})"


BrokerConfig = (
    RabbitBroker
    | KafkaBroker
    | NatsBroker
    | RedisStreamBroker
    | SqlBroker
    | FileBroker
    | CustomBroker
)
"""Every kind of event broker."""

Kind = Literal["pika", "kafka", "nats", "redis", "sql", "file"]
