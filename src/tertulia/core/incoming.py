"""What a user sends, as channels hand it to the engine."""

from typing import Any

import msgspec

Json = Any


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a user.

    input_channel: name of the channel, None for the HTTP API's own calls. message_id: made by
    the engine when None. parse_data: an understanding the sender brings along instead of NLU's.
    """

    sender_id: str
    text: str
    input_channel: str | None = None
    message_id: str | None = None
    metadata: dict[str, Json] = {}
    parse_data: dict[str, Json] | None = None
