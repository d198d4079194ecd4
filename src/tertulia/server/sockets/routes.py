"""The addresses of the channel: requests that wait for packets, and WebSockets.

Source: the protocol document of Engine.IO, revisions 3 and 4.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import msgspec
from litestar import Response, WebSocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

from tertulia.adapters.channels.socketio import packets
from tertulia.adapters.channels.socketio.packets import Malformed, Version
from tertulia.base.border import end_tasks
from tertulia.base.errors import RequestError, TertuliaError
from tertulia.server import query
from tertulia.server.access import declared
from tertulia.server.body import AnyConnection, AnyRequest
from tertulia.server.errors import NO_PACKETS
from tertulia.server.sockets.door import Door, offered_by
from tertulia.server.sockets.hub import Hub, leaving
from tertulia.server.sockets.link import Link

_POLLING = "polling"
_WEBSOCKET = "websocket"
_VERSIONS: Mapping[str, Version] = {"3": 3, "4": 4}
_HEADERS = {"Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store"}
_OPEN = declared("open")

_Socket = WebSocket[Any, Any, Any]

_NORMAL, _GOING, _WRONG, _REFUSED = 1000, 1001, 1002, 1008
"""Codes with which a WebSocket is closed."""

_GONE = (OSError, WebSocketDisconnect)


class _Opened(msgspec.Struct, frozen=True, rename="camel"):
    """What a client is told of its session."""

    sid: str
    upgrades: list[str]
    ping_timeout: int
    ping_interval: int
    max_payload: int


class Addresses:
    """Serves the packets of clients. most: bytes of one request, and of one message."""

    def __init__(self, hub: Hub, door: Door, *, most: int) -> None:
        self._hub = hub
        self._door = door
        self._most = most

    def handlers(self, path: str) -> tuple[HTTPRouteHandler | WebsocketRouteHandler, ...]:
        """Return the handlers of the path."""

        # Functions, because the framework reads the parameters of what it calls.
        async def poll(request: AnyRequest) -> Response[bytes]:
            return await self.poll(request)

        async def push(request: AnyRequest) -> Response[bytes]:
            return await self.push(request)

        async def connect(socket: WebSocket[Any, Any, Any]) -> None:
            await self.connect(socket)

        hidden: dict[str, Any] = {"opt": _OPEN, "include_in_schema": False, "status_code": 200}
        return (
            HTTPRouteHandler(path, http_method="GET", **hidden)(poll),
            HTTPRouteHandler(path, http_method="POST", request_max_body_size=self._most, **hidden)(
                push
            ),
            WebsocketRouteHandler(path, opt=_OPEN)(connect),
        )

    async def poll(self, request: AnyRequest) -> Response[bytes]:
        """Begin a session, or wait for its next packets."""
        self._check_origin(request)
        version = _version(request)
        if "tertulia.head" in request.scope:
            return _answer([], version)
        sid = query.text(request, "sid")
        if sid is None:
            link = self._hub.open(version, offered_by(request))
            return _answer([self._opening(link, upgrades=True)], version)
        link = self._polled(sid)
        found = await link.poll()
        if not found:
            raise leaving()
        return _answer(found, link.version)

    async def push(self, request: AnyRequest) -> Response[bytes]:
        """Take packets of a session."""
        self._check_origin(request)
        _version(request)
        link = self._polled(query.text(request, "sid") or "")
        try:
            for packet in packets.split((await request.body()).decode(), link.version):
                self._hub.receive(link, packet)
        except (Malformed, UnicodeDecodeError) as error:
            link.end()
            raise _wrong("the body is no packet of Engine.IO") from error
        return _text("ok")

    async def connect(self, socket: _Socket) -> None:
        """Carry a session over a WebSocket to its end."""
        try:
            self._check_origin(socket)
            link, is_new = self._link_of(socket)
        except TertuliaError:
            await socket.close(_REFUSED)
            return
        await socket.accept()
        if is_new:
            link.is_socket = True
            link.send(self._opening(link, upgrades=False), first=True)
        elif not await _probed(socket, link):
            await _close(socket, _WRONG)
            return
        await self._carry(socket, link)

    def _link_of(self, socket: _Socket) -> tuple[Link, bool]:
        version = _version(socket, _WEBSOCKET)
        sid = query.text(socket, "sid")
        if sid is None:
            return self._hub.open(version, offered_by(socket)), True
        return self._polled(sid), False

    async def _carry(self, socket: _Socket, link: Link) -> None:
        writing = asyncio.ensure_future(_write(socket, link))
        reading = asyncio.ensure_future(self._read(socket, link))
        ending = asyncio.ensure_future(link.ended.wait())
        try:
            await asyncio.wait((writing, reading, ending), return_when=asyncio.FIRST_COMPLETED)
            code = reading.result() if reading.done() else _GOING
            link.end()
            await asyncio.wait((writing,), timeout=link.pace.linger)
        finally:
            link.end()
            await end_tasks(writing, reading, ending)
        await _close(socket, code)

    async def _read(self, socket: _Socket, link: Link) -> int:
        """Take what comes until nothing more does; return the code to close with."""
        while (packet := await _next(socket)) is not None:
            try:
                self._hub.receive(link, packet)
            except Malformed:
                return _WRONG
            await asyncio.sleep(0)  # many may be there already: what they make is sent meanwhile
        return _NORMAL

    def _polled(self, sid: str) -> Link:
        link = self._hub.find(sid)
        if link is None or link.is_socket:
            raise _wrong("there is no such session, or it goes over a WebSocket")
        return link

    def _opening(self, link: Link, *, upgrades: bool) -> str:
        told = _Opened(
            sid=link.sid,
            upgrades=[_WEBSOCKET] if upgrades else [],
            ping_timeout=int(link.pace.timeout * 1000),
            ping_interval=int(link.pace.interval * 1000),
            max_payload=self._most,
        )
        return packets.OPEN + msgspec.json.encode(told).decode()

    def _check_origin(self, connection: AnyConnection) -> None:
        headers = connection.headers
        self._door.check_origin(headers.get("origin"), headers.get("host"))


async def _probed(socket: _Socket, link: Link) -> bool:
    """Try the WebSocket as the client asks; tell whether the session goes over it now."""
    link.upgrade(begins=True)
    try:
        async with asyncio.timeout(link.pace.probe):
            if await _next(socket) != packets.PING + packets.PROBE:
                return False
            await socket.send_text(packets.PONG + packets.PROBE)
            if await _next(socket) != packets.UPGRADE or link.is_socket or link.ended.is_set():
                return False
            link.is_socket = True
    except (TimeoutError, *_GONE):
        return False
    finally:
        link.upgrade(begins=False)
    link.heard()
    return True


async def _next(socket: _Socket) -> str | None:
    """Return the next message; None when there will be none. Binary ones are nothing."""
    try:
        event = cast(Mapping[str, Any], await socket.receive())
    except _GONE:
        return None
    if event["type"] != "websocket.receive":
        return None
    return event.get("text") or ""


async def _write(socket: _Socket, link: Link) -> None:
    with suppress(*_GONE):
        while waiting := await link.next():
            for packet in waiting:
                await socket.send_text(packet)


async def _close(socket: _Socket, code: int) -> None:
    # A client that reads nothing does not read this either.
    with suppress(TimeoutError, *_GONE):
        async with asyncio.timeout(1):
            await socket.close(code)


def _version(connection: AnyConnection, transport: str = _POLLING) -> Version:
    version = _VERSIONS.get(query.text(connection, "EIO") or "")
    if version is None:
        raise _wrong("the query must say EIO=3 or EIO=4")
    if query.text(connection, "transport") != transport or "j" in connection.query_params:
        raise _wrong("the query must say transport=polling, or websocket for a WebSocket")
    return version


def _answer(found: list[str], version: Version) -> Response[bytes]:
    return _text(packets.join(found, version))


def _text(body: str) -> Response[bytes]:
    return Response(body.encode(), headers=_HEADERS)


def _wrong(message: str) -> RequestError:
    return RequestError(message, hint="A client of Socket.IO does.", code=NO_PACKETS)
