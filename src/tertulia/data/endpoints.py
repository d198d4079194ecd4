"""Reads endpoints.yml. Every mistake is noted with its line; nothing falls back silently.

Source: spec endpoints.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.data.access import read_api_keys
from tertulia.data.event_brokers import read_event_brokers
from tertulia.data.lock_stores import read_lock_store
from tertulia.data.privacy import read_redaction
from tertulia.data.tracker_stores import read_tracker_store
from tertulia.data.yaml import Node, read_file
from tertulia.data.yaml.settings import convert_settings, decode_secret
from tertulia.schema.access import Limits
from tertulia.schema.endpoints import (
    ActionEndpoint,
    ActionModule,
    Endpoints,
    LanguageEndpoint,
    ModelEndpoint,
    ResponseEndpoint,
)
from tertulia.schema.privacy import Retention
from tertulia.schema.tracing import Tracing

SECTIONS = (
    "models",
    "nlu",
    "nlg",
    "action_endpoint",
    "tracker_store",
    "event_broker",
    "lock_store",
    "tracing",
    "api_keys",
    "limits",
    "retention",
    "redaction",
)


def read_endpoints(path: Path, *, env: Mapping[str, str], diagnostics: Diagnostics) -> Endpoints:
    """Return the endpoints of a file; problems are noted, sections with problems are left out."""
    node = read_file(path, env=env, diagnostics=diagnostics)
    if node is None or node.is_null:
        return Endpoints()
    if not node.is_map:
        diagnostics.error(
            "T136", "the file must be a mapping", hint="Write `section:` lines.", at=node.span
        )
        return Endpoints()
    for key, value in node.items():
        _check_section(key.text, value, diagnostics)
    return Endpoints(
        action_endpoint=_actions(node, diagnostics),
        nlg=_responses(node, diagnostics),
        nlu=_section(node, "nlu", LanguageEndpoint, diagnostics),
        tracker_store=read_tracker_store(node.get("tracker_store"), diagnostics),
        lock_store=read_lock_store(node.get("lock_store"), diagnostics),
        event_brokers=read_event_brokers(node.get("event_broker"), diagnostics),
        tracing=_section(node, "tracing", Tracing, diagnostics),
        models=_section(node, "models", ModelEndpoint, diagnostics),
        api_keys=read_api_keys(node.get("api_keys"), diagnostics),
        limits=_section(node, "limits", Limits, diagnostics) or Limits(),
        retention=_section(node, "retention", Retention, diagnostics),
        redaction=read_redaction(node.get("redaction"), diagnostics),
    )


def read_model_endpoint(given: dict[str, Any]) -> ModelEndpoint:
    """Return the model server of a JSON object, as of the section `models`.

    No file of this machine can be named in it.

    Raises:
        msgspec.ValidationError: a key is unknown, missing or wrong.
    """
    if "cafile" in given:
        raise msgspec.ValidationError("'cafile' can only stand in endpoints.yml")
    return msgspec.convert(given, ModelEndpoint, dec_hook=decode_secret, strict=False)


def _check_section(name: str, value: Node, diagnostics: Diagnostics) -> None:
    if name not in ("version", *SECTIONS) and not value.is_null:
        diagnostics.error(
            "T137", f"there is no section '{name}'", hint=nearest(name, SECTIONS), at=value.span
        )


def _responses(node: Node, diagnostics: Diagnostics) -> ResponseEndpoint | None:
    found: ResponseEndpoint | None = _section(node, "nlg", ResponseEndpoint, diagnostics)
    if found is not None and not found.url and found.type != "response":
        section = node.get("nlg") or node
        diagnostics.error(
            "T139",
            "the response server has no 'url'",
            hint="Add 'url: http://...', or 'type: response' for the domain's own responses.",
            at=section.span,
        )
    return found


def _actions(node: Node, diagnostics: Diagnostics) -> ActionEndpoint | ActionModule | None:
    section = node.get("action_endpoint")
    if section is None or not section.is_map or section.get("module") is None:
        return _section(node, "action_endpoint", ActionEndpoint, diagnostics)
    if section.get("url") is not None:
        diagnostics.error(
            "T149",
            "action_endpoint has both a url and a module",
            hint="Keep `url` to call an action server, or `module` to run the actions here.",
            at=section.span,
        )
        return None
    return _section(node, "action_endpoint", ActionModule, diagnostics)


def _section(node: Node, name: str, kind: type[Any], diagnostics: Diagnostics) -> Any:
    section = node.get(name)
    if section is None or section.is_null:
        return None
    return convert_settings(section, kind, diagnostics)
