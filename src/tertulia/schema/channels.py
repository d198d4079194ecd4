"""The typed shape of credentials.yml: what each channel needs.

Source: spec channels.md sections 1, 4 and 5.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from tertulia.base.secret import Secret
from tertulia.schema.endpoints import Endpoint

REST = "rest"
CALLBACK = "callback"
SOCKETIO = "socketio"
NAMES = (REST, CALLBACK, SOCKETIO)
"""The channels that can be mounted. `rest` is always there."""

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Path = Annotated[str, msgspec.Meta(pattern=r"^/?[\w.~-]+(/[\w.~-]+)*/?$")]


class CallbackChannel(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the messages of the callback channel are posted. timeout: seconds for one of them."""

    timeout: float = 30.0


class SocketioChannel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the Socket.IO channel speaks with its clients.

    user_message_evt, bot_message_evt: names of the events that carry messages. namespace: of
    Socket.IO, None is the root. session_persistence: a conversation is named by the client's
    session and outlives the connection; without, each connection is one. socketio_path: seen from
    the root of the server. jwt_key, jwt_method: what signs the token that clients have to bring.
    metadata_key: of a message, where its metadata is.
    """

    user_message_evt: _Name = "user_uttered"
    bot_message_evt: _Name = "bot_uttered"
    namespace: str | None = None
    session_persistence: bool = False
    socketio_path: _Path = "/socket.io"
    jwt_key: Secret | None = None
    jwt_method: str = "HS256"
    metadata_key: _Name = "metadata"

    @property
    def path(self) -> str:
        """Return the path as routes know it: one slash before it, none behind it."""
        return f"/{self.socketio_path.strip('/')}"

    @property
    def root(self) -> str:
        """Return the namespace as Socket.IO writes it."""
        return f"/{(self.namespace or '').lstrip('/')}"


Channel = CallbackChannel | SocketioChannel | None
"""What a channel was given; None for one that needs nothing."""

Channels = Mapping[str, Channel]
"""Channels by their names. `rest` is served whether it is among them or not."""
