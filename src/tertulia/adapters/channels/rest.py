"""The REST channel: a message in JSON comes in, the bot's messages go out in the same answer.

Source: spec channels.md section 3.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from tertulia.base.errors import RequestError
from tertulia.core.incoming import Incoming

Json = Any

NAME = "rest"
CONSOLE_NAME = "cmdline"
"""The channel's name in a 0.x server without credentials: its console took the same messages."""

DEFAULT_SENDER = "default"
_WRONG_PARAMETER = "T804"


def has_text(body: Json) -> bool:
    """Tell whether the body is an object with a message that is text."""
    return isinstance(body, Mapping) and isinstance(
        cast(Mapping[str, Json], body).get("message"), str
    )


def parse(body: Json, name: str = NAME) -> Incoming:
    """Return the message of a request body. Keys that nobody knows are ignored.

    name: of the channel, for messages that bring none.

    Raises:
        RequestError: no object, no text, or a key of a wrong type; `parameter` names it.
    """
    if not isinstance(body, Mapping):
        raise _wrong("", "the body must be a JSON object with 'sender' and 'message'")
    fields = cast(Mapping[str, Json], body)
    text = fields.get("message")
    if not isinstance(text, str):
        raise _wrong("message", "'message' must be text")
    channel = fields.get("input_channel")
    if channel is not None and not isinstance(channel, str):
        raise _wrong("input_channel", "'input_channel' must be text")
    metadata = fields.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise _wrong("metadata", "'metadata' must be an object")
    return Incoming(
        sender_id=_sender(fields.get("sender")),
        text=text,
        input_channel=channel or name,
        metadata=dict(cast(Mapping[str, Json], metadata)) if metadata else {},
    )


def to_line(message: Mapping[str, Json]) -> bytes:
    """Return one message as a line of the streaming form."""
    return msgspec.json.encode(message) + b"\n"


def _sender(given: Json) -> str:
    if given is None or given == "":
        return DEFAULT_SENDER
    if isinstance(given, str):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    raise _wrong("sender", "'sender' must be text")


def _wrong(parameter: str, message: str) -> RequestError:
    return RequestError(message, parameter=parameter, where="body", code=_WRONG_PARAMETER)
