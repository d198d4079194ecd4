"""The page of configuration has every key of the typed shapes, with its default, and no other."""

import re
from typing import Any

import msgspec
import pytest

from tertulia.data.endpoints import SECTIONS
from tertulia.schema.access import ApiKey, Limits
from tertulia.schema.brokers import (
    FileBroker,
    KafkaBroker,
    NatsBroker,
    RabbitBroker,
    RedisStreamBroker,
    SqlBroker,
)
from tertulia.schema.channels import CallbackChannel
from tertulia.schema.config import SETTINGS
from tertulia.schema.endpoints import ActionEndpoint, ActionModule, Endpoint, ResponseEndpoint
from tertulia.schema.locks import PostgresLocks, RedisLocks
from tertulia.schema.privacy import RedactedPattern, Retention
from tertulia.schema.stores import DynamoStore, MongoStore, RedisStore, SqlStore
from tertulia.schema.tracing import Tracing
from tests.docs.pages import ROOT, section

PAGE = ROOT / "docs" / "reference" / "configuration.md"


def _names(text: str) -> set[str]:
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}


def _fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


def test_every_setting_of_config_yml_is_described() -> None:
    described = _names(section(PAGE, "## config.yml")) | {"policy"}
    assert described == set(SETTINGS)


def test_every_section_of_endpoints_yml_is_described() -> None:
    text = section(PAGE, "## endpoints.yml")
    missing = [name for name in SECTIONS if f"`{name}`" not in text]
    assert missing == []


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("### Every server", Endpoint),
        ("### action_endpoint, with a url", ActionEndpoint),
        ("### action_endpoint, with a module", ActionModule),
        ("### nlg", ResponseEndpoint),
        ("### callback", CallbackChannel),
        ("### tracing", Tracing),
        ("### api_keys", ApiKey),
        ("### limits", Limits),
        ("### retention", Retention),
        ("### redaction", RedactedPattern),
    ],
)
def test_every_key_of_a_server_is_described(heading: str, kind: type[msgspec.Struct]) -> None:
    shared = {} if not issubclass(kind, Endpoint) or kind is Endpoint else _fields(Endpoint)
    own = set(_fields(kind)) - set(shared)
    assert _names(section(PAGE, heading)) == own


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("### tracker_store: SQL", SqlStore),
        ("### tracker_store: Redis", RedisStore),
        ("### tracker_store: MongoDB", MongoStore),
        ("### tracker_store: DynamoDB", DynamoStore),
        ("### lock_store: PostgreSQL", PostgresLocks),
        ("### lock_store: Redis", RedisLocks),
    ],
)
def test_every_key_of_a_store_is_described(heading: str, kind: type[msgspec.Struct]) -> None:
    text = section(PAGE, heading)
    table = text[text.index("| Key |") :]
    keys = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    assert {name for cell in keys for name in re.findall(r"`([a-z_]+)`", cell)} == set(
        _fields(kind)
    )


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("### event_broker: pika", RabbitBroker),
        ("### event_broker: kafka", KafkaBroker),
        ("### event_broker: nats", NatsBroker),
        ("### event_broker: redis", RedisStreamBroker),
        ("### event_broker: sql", SqlBroker),
        ("### event_broker: file", FileBroker),
    ],
)
def test_every_key_of_an_event_broker_is_described(
    heading: str, kind: type[msgspec.Struct]
) -> None:
    shared = _keys(section(PAGE, "### event_broker"))
    assert shared == {"type", "store_type", "name", "legacy_format", "timeout"}
    assert _keys(section(PAGE, heading)) | shared == set(_fields(kind))


def _keys(text: str) -> set[str]:
    cells = re.findall(r"^\| ([^|]+) \|", text[text.index("| Key |") :], re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}


@pytest.mark.parametrize("variable", ["TERTULIA_AUTH_TOKEN", "TERTULIA_JWT_SECRET", "LOG_LEVEL"])
def test_variables_are_described(variable: str) -> None:
    assert f"`{variable}`" in section(PAGE, "## Variables")
