"""All sessions of the channel, who is in which room, and the packets of Socket.IO.

Source: spec channels.md section 5; the protocol document of Socket.IO, revisions 4 and 5.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs

import msgspec

from tertulia.adapters.channels.socketio import packets
from tertulia.adapters.channels.socketio.packets import Malformed, Packet, Version
from tertulia.base.errors import RequestError
from tertulia.server.access import Grant
from tertulia.server.body import decode_json
from tertulia.server.errors import STOPPING, TOO_MANY_CONNECTIONS
from tertulia.server.sockets.link import Link, Pace, new_name
from tertulia.server.sockets.rooms import Client, Rooms

Json = Any
_log = logging.getLogger("tertulia.socket")


class Offered(msgspec.Struct, frozen=True):
    """Credentials of the request that began a session: the header and the query's `token`."""

    authorization: str | None = None
    token: str | None = None


Admit = Callable[[Offered, str | None], Grant]
"""Returns the grant of a client, or raises RequestError. Its second argument is the token that
came with the packet."""

Heard = Callable[[Client, Packet], None]


class Hub:
    """Sessions and rooms. namespace: the one that clients talk in. most: sessions at once.

    depth: of JSON. admit: lets clients in. heard: told of each event.
    """

    def __init__(
        self, namespace: str, admit: Admit, heard: Heard, *, most: int, depth: int
    ) -> None:
        self.pace = Pace()
        self.rooms = Rooms()
        self.dropped = 0
        self._namespace = namespace
        self._admit = admit
        self._heard = heard
        self._most = most
        self._depth = depth
        self._links: dict[str, tuple[Link, Offered]] = {}
        self._clients: dict[Link, Client] = {}
        self._is_leaving = False

    @property
    def clients(self) -> int:
        """Return how many clients are in the namespace."""
        return len(self._clients)

    def open(self, version: Version, offered: Offered) -> Link:
        """Begin a session.

        Raises:
            RequestError: there are too many, or the server is about to end.
        """
        if self._is_leaving:
            raise leaving()
        if len(self._links) >= self._most:
            raise RequestError("too many clients are connected", code=TOO_MANY_CONNECTIONS)
        link = Link(version, self.pace, self._ended)
        self._links[link.sid] = link, offered
        if version == 3:
            self._enter_root(link, offered)
        asyncio.get_running_loop().call_later(self.pace.connect, self._check_entered, link)
        return link

    def find(self, sid: str) -> Link | None:
        """Return a session by the name that its client knows."""
        found = self._links.get(sid)
        return None if found is None else found[0]

    def receive(self, link: Link, packet: str) -> None:
        """Take a packet of Engine.IO.

        Raises:
            Malformed: it is none, or not in its place. The session has ended.
        """
        if link.ended.is_set():
            return
        link.heard()
        kind, data = packet[:1], packet[1:]
        try:
            if kind == packets.MESSAGE:
                self._take(link, packets.read(data))
            elif kind == packets.PING:
                link.send(f"{packets.PONG}{data}")
            elif kind == packets.CLOSE:
                link.end()
            else:
                _check_kind(kind)
        except Malformed:
            link.end()
            raise

    async def leave(self) -> None:
        """Say goodbye to all: what waits gets a moment to be taken."""
        self._is_leaving = True
        links = [link for link, _ in self._links.values()]
        for link in links:
            link.leave()
        ends = [asyncio.ensure_future(link.ended.wait()) for link in links]
        if ends:
            await asyncio.wait(ends, timeout=self.pace.linger)
        for link in links:
            link.end()
        for each in ends:
            each.cancel()

    def _take(self, link: Link, packet: Packet) -> None:
        if packet.kind == packets.CONNECT:
            self._connect(link, packet)
            return
        client = self._clients.get(link)
        if packet.namespace != self._namespace:
            if link.version == 4:
                raise Malformed
            return  # everybody of version 3 is in the root
        if client is None:
            raise Malformed
        if packet.kind == packets.DISCONNECT:
            link.end()
        elif packet.kind == packets.EVENT:
            self._heard(client, packet)

    def _connect(self, link: Link, packet: Packet) -> None:
        if link in self._clients:
            return
        if packet.namespace != self._namespace:
            if link.version == 4 or packet.namespace != packets.ROOT:
                _refuse(link, packet.namespace, "Unable to connect")
            return
        offered = self._links[link.sid][1]
        asked = packet.query
        token = _token_of_query(asked) if asked else _token_of(packet.data, self._depth)
        self._enter(link, offered, token)

    def _enter_root(self, link: Link, offered: Offered) -> None:
        """Clients of version 3 are in the root without asking."""
        if self._namespace == packets.ROOT:
            self._enter(link, offered, None)
        else:
            link.send(packets.write(packets.CONNECT, packets.ROOT))

    def _enter(self, link: Link, offered: Offered, token: str | None) -> None:
        try:
            grant = self._admit(offered, token)
        except RequestError as error:
            _log.info("a client of socketio was not let in: %s", error)
            _refuse(link, self._namespace, error.message)
            return
        new = new_name() if link.version == 4 else link.sid
        client = Client(link, new, self._namespace, grant)
        self._clients[link] = client
        self.rooms.enter(client)
        told = {"sid": client.id} if link.version == 4 else msgspec.UNSET
        link.send(packets.write(packets.CONNECT, self._namespace, told))

    def _check_entered(self, link: Link) -> None:
        if link not in self._clients:
            link.end()

    def _ended(self, link: Link) -> None:
        self.dropped += link.was_slow
        self._links.pop(link.sid, None)
        client = self._clients.pop(link, None)
        if client is not None:
            self.rooms.leave(client)


def leaving() -> RequestError:
    """Return the error of whoever comes while the server leaves."""
    return RequestError("the server is about to end", hint="Connect again.", code=STOPPING)


def _token_of_query(query: str) -> str | None:
    found = parse_qs(query).get("token")
    return found[0] if found else None


def _token_of(data: str, depth: int) -> str | None:
    if not data:
        return None
    try:
        given = decode_json(data.encode(), depth=depth)
    except RequestError as error:
        raise Malformed from error
    fields = cast(dict[str, Json], given) if isinstance(given, dict) else {}
    token = fields.get("token")
    return token if isinstance(token, str) else None


def _refuse(link: Link, namespace: str, why: str) -> None:
    told = {"message": why} if link.version == 4 else why
    link.send(packets.write(packets.REFUSE, namespace, told))


def _check_kind(kind: str) -> None:
    if kind not in (packets.PONG, packets.NOOP):
        raise Malformed
