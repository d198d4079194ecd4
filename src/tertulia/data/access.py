"""Reads the keys of programs from endpoints.yml."""

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import Node
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.access import ApiKey

SHORTEST = 16
"""Characters that a key must have at least; shorter ones can be guessed."""


def read_api_keys(section: Node | None, diagnostics: Diagnostics) -> tuple[ApiKey, ...]:
    """Return the keys of the section; those with problems are noted."""
    if section is None or section.is_null:
        return ()
    found = convert_settings(section, list[ApiKey], diagnostics) or []
    names: set[str] = set()
    secrets: set[str] = set()
    for key in found:
        text = key.key.reveal()
        if len(text) < SHORTEST:
            _refuse(f"the API key '{key.name}' is too short", section, diagnostics)
        elif key.name in names or text in secrets:
            _refuse(f"the API key '{key.name}', or its name, is there twice", section, diagnostics)
        names.add(key.name)
        secrets.add(text)
    return tuple(found)


def _refuse(message: str, section: Node, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "T129",
        message,
        hint="Give each program a key of its own, such as `openssl rand -hex 32` makes.",
        at=section.span,
    )
