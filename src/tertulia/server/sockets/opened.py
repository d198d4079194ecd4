"""The channel as a whole: opened with the server, closed with it."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

from tertulia.adapters.telemetry.meters import Family, counter, gauge
from tertulia.base.errors import ConfigError, MissingExtra
from tertulia.schema.channels import SocketioChannel
from tertulia.server.cors import Cors
from tertulia.server.figures import with_more
from tertulia.server.served import Served
from tertulia.server.sockets.door import Door
from tertulia.server.sockets.hub import Hub
from tertulia.server.sockets.routes import Addresses
from tertulia.server.sockets.talk import Talk


class Sockets:
    """The channel. served: what answers messages."""

    def __init__(self, config: SocketioChannel, served: Served) -> None:
        settings = served.settings
        self._path = config.path
        talk = Talk(config, served)
        door = Door(config, served.gate, Cors(settings.cors_origins))
        limits = settings.limits
        self._hub = Hub(
            config.root, door.admit, talk.heard, most=limits.connections, depth=limits.json_depth
        )
        talk.opened(self._hub.rooms)
        self._addresses = Addresses(self._hub, door, most=settings.socket_bytes)

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

    async def leave(self) -> None:
        """Say goodbye."""
        await self._hub.leave()


_DROPPED = "Clients of the Socket.IO channel that did not take what they were sent."


def open_sockets(config: SocketioChannel, served: Served) -> Sockets:
    """Open the channel; it says goodbye when the server ends, and is counted.

    Raises:
        MissingExtra: what speaks WebSocket is not installed.
        ConfigError: the key for tokens does not fit.
    """
    if find_spec("websockets") is None:
        raise MissingExtra(
            "the channel socketio needs the package 'websockets'",
            hint='Install it: pip install "tertulia[socketio]".',
        )
    sockets = Sockets(config, served)
    served.stopping.farewells.append(sockets.leave)
    served.figures = with_more(served.figures, sockets.figures)
    return sockets
