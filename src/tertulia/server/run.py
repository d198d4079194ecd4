"""Serves an application with uvicorn: address taken early, signals end it after the last turn."""

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
import uvicorn

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret
from tertulia.schema.channels import SOCKETIO
from tertulia.server.bind import address_of, bind, bind_path
from tertulia.server.edge import Edge
from tertulia.server.protocol import Front
from tertulia.server.settings import ServerSettings
from tertulia.server.stopping import Stopping

if TYPE_CHECKING:
    from litestar.types import ASGIApp

T = TypeVar("T")

BACKLOG = 2048

_COLLECTOR = (10_000, 20, 20)
"""New objects, and rounds, between two searches for unreachable cycles (see `gc`)."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """TLS files. ca: certificates that clients must be signed by, None asks clients for none."""

    certificate: Path
    key: Path
    password: Secret | None = None
    ca: Path | None = None


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the fastest event loop of this system and return its result."""
    # Turns make few cycles; looking for them as often as usual takes a twelfth of their time.
    gc.freeze()
    gc.set_threshold(*_COLLECTOR)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


async def serve(
    app: "ASGIApp",
    host: str = "0.0.0.0",  # noqa: S104 - the default of the originals; the CLI shows it
    port: int = 5005,
    *,
    uds: Path | None = None,
    tls: Certificate | None = None,
    on_ready: Callable[[str], None] | None = None,
    stopping: Stopping | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends the process at once.

    port: 0 takes a free one. uds: a Unix socket instead of host and port. on_ready: called once
    with the address, when requests are answered. stopping: drained between signal and end.

    Raises:
        ConfigError: the address cannot be used, or the certificate cannot be read.
    """
    bound = bind_path(uds) if uds is not None else bind(host, port)
    try:
        await serve_bound(app, bound, tls=tls, on_ready=on_ready, stopping=stopping)
    finally:
        if uds is not None:
            _remove(uds)


async def serve_bound(
    app: "ASGIApp",
    bound: socket.socket,
    *,
    tls: Certificate | None = None,
    on_ready: Callable[[str], None] | None = None,
    stopping: Stopping | None = None,
) -> None:
    """Serve a socket, which other processes may serve as well, and close it. See `serve`."""
    try:
        front = Front(_settings_of(app))
        config = uvicorn.Config(
            app,
            loop="none",
            http=cast(Any, front),
            **_socket_options(front.settings),
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            **_tls_options(tls),
        )
        _load(config)
        address = address_of(bound, secure=tls is not None)
        server = _Server(
            config,
            front,
            on_ready=lambda: on_ready(address) if on_ready else None,
            stopping=stopping or Stopping(),
        )
        await server.serve(sockets=[bound])
    except SystemExit as error:  # how uvicorn says that the application did not start
        raise ConfigError(
            "the server could not start", hint="The log above says why.", code="T198"
        ) from error
    finally:
        bound.close()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """uvicorn, which tells when it is ready and leaves by returning instead of by a signal."""

    def __init__(
        self,
        config: uvicorn.Config,
        front: Front,
        *,
        on_ready: Callable[[], None],
        stopping: Stopping,
    ) -> None:
        super().__init__(config)
        self._front = front
        self._on_ready = on_ready
        self._stopping = stopping
        self._drained: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def leave(number: int, frame: FrameType | None) -> None:
            # From now on a signal does what it does to any program: it ends it.
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            loop.call_soon_threadsafe(self._leave)

        before = {number: signal.signal(number, leave) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _leave(self) -> None:
        if self._stopping.is_quiet:
            self.should_exit = True
            return
        self._stopping.begin()
        self._drained = asyncio.get_running_loop().create_task(self._drain_and_exit())

    async def _drain_and_exit(self) -> None:
        await self._stopping.drain()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._front.is_leaving = True
        await self._take_waiting(sockets or [])
        # What is left of the one deadline; at least a moment, to send what is written already.
        self.config.timeout_graceful_shutdown = max(1, ceil(self._stopping.remaining()))
        await super().shutdown(sockets)

    async def _take_waiting(self, sockets: list[socket.socket]) -> None:
        """Listen no longer, but take who is connected already: closing would reset these."""
        waiting = [each.dup() for each in sockets]
        for listener in (*self.servers, *sockets):
            listener.close()
        for _ in range(3):
            await asyncio.sleep(0)  # the loop closes its own descriptors a round later
        # Whoever connects between these two lines is reset.
        taken = [connection for each in waiting for connection in _accepted(each)]
        for each in waiting:
            each.close()
        loop = asyncio.get_running_loop()
        for connection in taken:
            await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)

    def _protocol(self) -> asyncio.Protocol:
        make = cast(Callable[..., asyncio.Protocol], self.config.http_protocol_class)
        return make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _accepted(listener: socket.socket) -> list[socket.socket]:
    """Return the connections that nobody has taken yet."""
    found: list[socket.socket] = []
    listener.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            found.append(listener.accept()[0])
    return found


def _settings_of(app: "ASGIApp") -> ServerSettings:
    return app.settings if isinstance(app, Edge) else ServerSettings()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None  # not made for this system
    return uvloop.new_event_loop


def _socket_options(settings: ServerSettings) -> dict[str, Any]:
    if SOCKETIO not in settings.channels:
        return {"ws": "none"}
    # Only servers with this channel load the library for it.
    from tertulia.server.sockets.protocol import SocketProtocol

    return {
        "ws": SocketProtocol,
        "ws_max_size": settings.socket_bytes,
        "ws_ping_interval": None,  # the clients' protocol has signs of life of its own
        "ws_per_message_deflate": False,  # a small frame could become a large message
    }


def _tls_options(tls: Certificate | None) -> dict[str, Any]:
    if tls is None:
        return {}
    import ssl

    return {
        "ssl_certfile": os.fspath(tls.certificate),
        "ssl_keyfile": os.fspath(tls.key),
        "ssl_keyfile_password": tls.password.reveal() if tls.password else None,
        "ssl_ca_certs": os.fspath(tls.ca) if tls.ca else None,
        "ssl_cert_reqs": ssl.CERT_REQUIRED if tls.ca else ssl.CERT_NONE,
    }


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"the certificate cannot be used: {error}",
            hint="Check the files of --ssl-certificate and --ssl-keyfile, and the password.",
            code="T197",
        ) from error
