"""Clients of the channel, and the rooms in which they hear what is said.

Source: spec channels.md section 5 (rooms).
"""

from collections import deque
from typing import Any

from tertulia.adapters.channels.socketio import packets
from tertulia.server.access import Grant
from tertulia.server.sockets.link import Link

Json = Any

MOST_ROOMS = 16
"""Sessions that one client may listen to; of more the oldest is left."""


class Client:
    """A client that is in the namespace. id: its own room. grant: what its credentials allow.

    turns: under way for it.
    """

    def __init__(self, link: Link, id_: str, namespace: str, grant: Grant) -> None:
        self.link = link
        self.id = id_
        self.grant = grant
        self.turns = 0
        self.rooms: deque[str] = deque()
        self._namespace = namespace

    def emit(self, event: str, payload: Json) -> None:
        """Send an event."""
        self.link.send(packets.write(packets.EVENT, self._namespace, [event, payload]))

    def acknowledge(self, number: int | None, *answer: Json) -> None:
        """Answer an event that asked for it."""
        if number is not None:
            self.link.send(packets.write(packets.ACK, self._namespace, answer, number))


class Rooms:
    """Who hears what. Each client is in a room of its own from the beginning to its end."""

    def __init__(self) -> None:
        self._members: dict[str, dict[Client, None]] = {}

    def enter(self, client: Client) -> None:
        """Open a client's own room."""
        self._members[client.id] = {client: None}

    def join(self, client: Client, room: str) -> None:
        """Let a client hear what is said in a room."""
        if client.link.ended.is_set() or room in client.rooms or room == client.id:
            return
        if len(client.rooms) >= MOST_ROOMS:
            self._part(client, client.rooms.popleft())
        client.rooms.append(room)
        self._members.setdefault(room, {})[client] = None

    def leave(self, client: Client) -> None:
        """Take a client out of all its rooms."""
        for room in (client.id, *client.rooms):
            self._part(client, room)

    def emit(self, room: str, event: str, payload: Json) -> None:
        """Send an event to everybody in a room; to nobody where there is none."""
        for client in tuple(self._members.get(room, ())):
            client.emit(event, payload)

    def is_there(self, room: str) -> bool:
        """Tell whether anybody is in a room."""
        return room in self._members

    def _part(self, client: Client, room: str) -> None:
        members = self._members[room]
        del members[client]
        if not members:
            del self._members[room]
