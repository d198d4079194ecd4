"""Reads credentials.yml: the channels that a bot listens to.

Source: spec channels.md section 1.
"""

from collections.abc import Mapping
from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.data.yaml import Key, Node, read_file
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.channels import (
    CALLBACK,
    NAMES,
    REST,
    SOCKETIO,
    CallbackChannel,
    Channel,
    Channels,
    SocketioChannel,
)

_GONE = "rasa"


def read_credentials(
    path: Path, *, connector: str | None, env: Mapping[str, str], diagnostics: Diagnostics
) -> Channels:
    """Return the channels of a file; problems are noted, and what has one is left out.

    connector: the only channel wanted; entries of others are passed over then.
    """
    node = read_file(path, env=env, diagnostics=diagnostics)
    if node is None or node.is_null:
        return {}
    if not node.is_map:
        diagnostics.error(
            "T154",
            "the file must be a mapping of channels",
            hint="Write for example `rest:`.",
            at=node.span,
        )
        return {}
    found: dict[str, Channel] = {}
    for key, value in node.items():
        if connector in (None, key.text) and _is_known(key, diagnostics):
            found[key.text] = _read(key, value, diagnostics)
    return found


def read_connector(name: str, diagnostics: Diagnostics) -> Channels:
    """Return a channel that is asked for without credentials; problems are noted."""
    if name == CALLBACK:
        _no_address(None, diagnostics)
        return {}
    if name not in NAMES:
        diagnostics.error("T152", _unknown(name), hint=_known())
        return {}
    return {name: SocketioChannel() if name == SOCKETIO else None}


def _is_known(key: Key, diagnostics: Diagnostics) -> bool:
    name = key.text
    if name in NAMES:
        return True
    if name == _GONE:
        # Every project that the original began has this entry; its product has ended.
        diagnostics.warning(
            "T152", "the channel 'rasa' served a product that has ended; skipped", at=key.span
        )
        return False
    hint = f"{_known()} Remove the entry, or start with `--connector rest`."
    diagnostics.error("T152", _unknown(name), hint=hint, at=key.span)
    return False


def _read(key: Key, value: Node, diagnostics: Diagnostics) -> Channel:
    if key.text == REST:
        return None
    if key.text == SOCKETIO:
        if value.is_null:
            return SocketioChannel()
        return convert_settings(value, SocketioChannel, diagnostics)
    if value.is_null:
        _no_address(key.span, diagnostics)
        return None
    return convert_settings(value, CallbackChannel, diagnostics)


def _no_address(at: SourceSpan | None, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "T882",
        "the callback channel has no address to post messages to",
        hint="Write its `url` in credentials.yml, below `callback:`.",
        at=at,
    )


def _unknown(name: str) -> str:
    return f"the channel '{name}' is not available in this version"


def _known() -> str:
    return f"Available: {', '.join(NAMES)}."
