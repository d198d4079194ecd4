"""The channel as a whole: opened with the server, closed with it."""

import asyncio
from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

from tertulia.adapters.telemetry.meters import Family, counter, gauge
from tertulia.base.errors import ConfigError, MissingExtra
from tertulia.schema.channels import SOCKETIO, Channels, SocketioChannel
from tertulia.server.cors import Cors
from tertulia.server.figures import with_more
from tertulia.server.served import Served
from tertulia.server.sockets.door import Door
from tertulia.server.sockets.hub import Hub
from tertulia.server.sockets.routes import Addresses
from tertulia.server.sockets.talk import Talk

MOST_BYTES = 1_000_000
"""Of one message, as in the originals; the server's own limit counts where it is lower."""


class Sockets:
    """The channel. served: what answers messages."""

    def __init__(self, config: SocketioChannel, served: Served) -> None:
        settings = served.settings
        self._served = served
        self._path = config.path
        talk = Talk(config, served)
        door = Door(config, served.gate, Cors(settings.cors_origins))
        limits = settings.limits
        self._hub = Hub(
            config.root, door.admit, talk.heard, most=limits.connections, depth=limits.json_depth
        )
        talk.opened(self._hub.rooms)
        self._addresses = Addresses(self._hub, door, most=min(MOST_BYTES, limits.body_bytes))

    def handlers(
        self, beside: Iterable[HTTPRouteHandler]
    ) -> Sequence[HTTPRouteHandler | WebsocketRouteHandler]:
        """Return what answers at the channel's path. beside: all other routes.

        Raises:
            ConfigError: something else answers there.
        """
        if any(self._path in each.paths for each in beside):
            raise ConfigError(
                f"the path '{self._path}' of the channel socketio is that of another route",
                hint="Choose another `socketio_path` in credentials.yml; `/socket.io` is usual.",
                code="T899",
            )
        return self._addresses.handlers(self._path)

    def figures(self) -> list[Family]:
        """Return how many clients there are, and how many were let go."""
        return [
            gauge("socketio_clients", "Clients of the Socket.IO channel.", self._hub.clients),
            counter("socketio_dropped", _DROPPED, self._hub.dropped),
        ]

    async def leave(self, patience: float) -> None:
        """Wait for turns and reminders under way, so that they are heard, and say goodbye."""
        served = self._served
        await asyncio.gather(served.turns.drain(patience), served.service.schedule.stop(patience))
        await self._hub.leave()


_DROPPED = "Clients of the Socket.IO channel that did not take what they were sent."


def open_sockets(channels: Channels, served: Served) -> Sockets | None:
    """Open the channel where it is wanted; it says goodbye when the server ends, and is counted.

    Raises:
        MissingExtra: what speaks WebSocket is not installed.
        ConfigError: the key for tokens does not fit.
    """
    config = channels.get(SOCKETIO)
    if not isinstance(config, SocketioChannel):
        return None
    if find_spec("websockets") is None:
        raise MissingExtra(
            "the channel socketio needs the package 'websockets'",
            hint='Install it: pip install "tertulia[socketio]".',
        )
    sockets = Sockets(config, served)
    served.stopping.drains.append(sockets.leave)
    served.figures = with_more(served.figures, sockets.figures)
    return sockets
