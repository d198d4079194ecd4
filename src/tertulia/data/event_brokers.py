"""Reads the section `event_broker` of endpoints.yml: one broker, or a list of several.

Rule: a kind that does not exist is an error; nothing takes its place silently.

Source: spec endpoints.md section 7.
"""

from collections.abc import Iterator
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.data.kinds import kind_meant, kind_node
from tertulia.data.yaml import Node
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.brokers import (
    BrokerConfig,
    CustomBroker,
    FileBroker,
    KafkaBroker,
    Kind,
    NatsBroker,
    RabbitBroker,
    RedisStreamBroker,
    SqlBroker,
)

KINDS: dict[Kind, type[BrokerConfig]] = {
    "pika": RabbitBroker,
    "kafka": KafkaBroker,
    "nats": NatsBroker,
    "redis": RedisStreamBroker,
    "sql": SqlBroker,
    "file": FileBroker,
}
"""Name of a kind to the shape of the section."""

ALIASES: dict[str, Kind] = {
    "rabbitmq": "pika",
    "pikaeventbroker": "pika",
    "pikaproducer": "pika",
    "kafkaeventbroker": "kafka",
    "kafkaproducer": "kafka",
    "sqleventbroker": "sql",
    "sqlproducer": "sql",
    "fileeventbroker": "file",
    "fileproducer": "file",
}
"""Other spellings of `type`, in lower case; classes of the originals stand for their kinds."""

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "GSSAPI", "SCRAM-SHA-256", "SCRAM-SHA-512")


def read_event_brokers(section: Node | None, diagnostics: Diagnostics) -> tuple[BrokerConfig, ...]:
    """Return what the section says; brokers with a mistake are noted and left out."""
    if section is None or section.is_null:
        return ()
    found: list[BrokerConfig] = []
    taken: set[str] = set()
    for node in section.elements() if section.is_list else (section,):
        config = _broker(node, diagnostics)
        if config is None:
            continue
        name = name_of(config)
        if name in taken:
            diagnostics.error(
                "T139",
                f"two event brokers are called '{name}'",
                hint="Give each a `name` of its own.",
                at=node.span,
            )
        taken.add(name)
        found.append(config)
    return tuple(found)


def kind_of(config: BrokerConfig) -> str:
    """Return the name of a configuration's kind; of a custom one its path."""
    if isinstance(config, CustomBroker):
        return config.path
    return next(kind for kind, shape in KINDS.items() if isinstance(config, shape))


def name_of(config: BrokerConfig) -> str:
    """Return what a broker is called in the store, in figures and in the log."""
    return config.name or kind_of(config)


def _broker(section: Node, diagnostics: Diagnostics) -> BrokerConfig | None:
    if not section.is_map:
        diagnostics.error(
            "T139",
            "an event broker must be a mapping",
            hint="Write `type: ...`, or a list of such mappings.",
            at=section.span,
        )
        return None
    node = kind_node(section)
    written = "pika" if node is None else str(node.plain())
    kind = kind_meant(written, ALIASES)
    if kind in KINDS:
        config: Any = convert_settings(section, KINDS[kind], diagnostics)
        return config if config is None or _is_sound(section, config, diagnostics) else None
    if "." in kind:
        return _custom(section, written)
    known = (*KINDS, "rabbitmq")
    diagnostics.error(
        "T138",
        f"there is no event broker '{written}'",
        hint=nearest(kind, known) or f"Known: {', '.join(known)}.",
        at=(node or section).span,
    )
    return None


def _custom(section: Node, path: str) -> CustomBroker:
    settings = {key.text: value.plain() for key, value in section.items()}
    name = settings.get("name")
    return CustomBroker(
        path=path,
        name=name if isinstance(name, str) else None,
        legacy_format=settings.get("legacy_format") is True,
        settings=settings,
    )


def _is_sound(section: Node, config: BrokerConfig, diagnostics: Diagnostics) -> bool:
    """Tell whether a broker's values fit each other."""
    sound = True
    for key, message, hint in _mistakes(config):
        place = section.get(key) or section
        diagnostics.error("T139", message, hint=hint, at=place.span)
        sound = False
    return sound


def _mistakes(config: BrokerConfig) -> Iterator[tuple[str, str, str]]:
    """Yield the key, what is wrong with its value, and what to do."""
    if isinstance(config, RabbitBroker) and config.queue and config.queues:
        yield "queue", "'queue' and 'queues' are both given", "Keep `queues`."
    if not isinstance(config, KafkaBroker):
        return
    protocol, mechanism = config.security_protocol.upper(), config.sasl_mechanism.upper()
    if protocol not in _PROTOCOLS:
        yield (
            "security_protocol",
            f"there is no security protocol '{config.security_protocol}'",
            nearest(protocol, _PROTOCOLS) or f"Known: {', '.join(_PROTOCOLS)}.",
        )
    elif protocol.startswith("SASL"):
        yield from _of_sasl(config, mechanism)


def _of_sasl(config: KafkaBroker, mechanism: str) -> Iterator[tuple[str, str, str]]:
    if mechanism not in _MECHANISMS:
        yield (
            "sasl_mechanism",
            f"the mechanism '{config.sasl_mechanism}' is not available",
            nearest(mechanism, _MECHANISMS) or f"Known: {', '.join(_MECHANISMS)}.",
        )
    elif mechanism != "GSSAPI" and (config.sasl_username is None or config.sasl_password is None):
        yield (
            "security_protocol",
            f"the security protocol {config.security_protocol} needs a user",
            "Give `sasl_username` and `sasl_password`, or `security_protocol: PLAINTEXT`.",
        )
