"""What the events of the channel do: a session begins, a message takes a turn, the bot speaks.

Source: spec channels.md section 5.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from tertulia.adapters.channels.socketio import messages
from tertulia.adapters.channels.socketio.messages import WRONG_MESSAGE, Said
from tertulia.adapters.channels.socketio.packets import Packet
from tertulia.base.errors import ModelError, QueueFull, RequestError, TertuliaError
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered
from tertulia.core.incoming import Incoming
from tertulia.engine.terms import NO_TERMS, AlreadyDone, Terms
from tertulia.schema.channels import SOCKETIO, SocketioChannel
from tertulia.server.body import decode_json
from tertulia.server.errors import ID_TOO_LONG, NOT_AUTHORIZED, failure_of, failure_of_bug
from tertulia.server.served import Served
from tertulia.server.sockets.rooms import Client, Rooms
from tertulia.server.terms import KEY_HINT, once_by

Json = Any
_log = logging.getLogger("tertulia.server")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Json]).decode


class Refused(msgspec.Struct, frozen=True):
    """What an acknowledgement says of a message that was not taken."""

    error_code: str
    message: str


class RoomOutput:
    """Says what the bot says in a room. first: a room that counts while anybody is in it."""

    name = SOCKETIO

    def __init__(
        self, rooms: Rooms, event: str, room: str, generation: Generation, first: str | None = None
    ) -> None:
        self._rooms = rooms
        self._event = event
        self._room = room
        self._first = first
        self._generation = generation

    async def deliver(self, said: BotUttered) -> None:
        """Send the events of one utterance, in order; nobody is waited for."""
        room = self._room
        if self._first is not None and self._rooms.is_there(self._first):
            room = self._first
        for each in messages.render(said, self._generation):
            self._rooms.emit(each.room or room, self._event, each.payload)


class Talk:
    """Answers the events of clients."""

    def __init__(self, config: SocketioChannel, served: Served) -> None:
        self._config = config
        self._served = served
        self._limits = served.settings.limits

    def opened(self, rooms: Rooms) -> None:
        """Take the rooms to speak in, and let the bot speak there unasked."""
        self._rooms = rooms
        self._served.service.channels.register(SOCKETIO, self._opening)

    def heard(self, client: Client, packet: Packet) -> None:
        """Do what an event asks for; what cannot be done is logged, and told to who asked."""
        try:
            with self._served.observer.step("receive"):
                name, data = _event_of(packet, self._limits.json_depth)
            if name == messages.SESSION_REQUEST:
                self._begin_session(client, data)
                client.acknowledge(packet.number)
            elif name == self._config.user_message_evt:
                self._begin_turn(client, packet, data)
        except TertuliaError as error:
            self._refuse(client, packet, error)

    def _json(self, text: bytes) -> Json:
        return decode_json(text, depth=self._limits.json_depth)

    def _opening(self, sender_id: str) -> RoomOutput:
        generation = self._served.ready().generation
        return RoomOutput(self._rooms, self._config.bot_message_evt, sender_id, generation)

    def _begin_session(self, client: Client, data: Json) -> None:
        session = messages.session_of(data) or _new_session(client)
        self._check_reach(client, session)
        if self._config.session_persistence:
            self._rooms.join(client, session)
        client.emit(messages.SESSION_CONFIRM, session)

    def _begin_turn(self, client: Client, packet: Packet, data: Json) -> None:
        said = messages.read_message(data, self._config.metadata_key, self._json)
        sender = _sender_of(client, said, persistent=self._config.session_persistence)
        self._check_reach(client, sender)
        generation = self._generation()
        if client.turns >= self._limits.queue:
            raise QueueFull(
                f"{client.turns} messages of this client wait already",
                hint="Wait for answers before sending more.",
            )
        incoming = Incoming(
            sender_id=sender, text=said.text, input_channel=SOCKETIO, metadata=said.metadata
        )
        output = RoomOutput(
            self._rooms,
            self._config.bot_message_evt,
            sender,
            generation,
            # Clients of this generation hear what they asked for, wherever else their session is.
            client.id if generation is Generation.LEGACY else None,
        )
        turn = self._served.service.handle(incoming, output, _terms(said, packet, generation))
        task = self._served.turns.start(turn)
        client.turns += 1
        task.add_done_callback(lambda done: self._turned(client, packet, done))

    def _generation(self) -> Generation:
        if self._served.service.assistant is None:
            raise ModelError("a message came in while no model was loaded", code="T410")
        return self._served.service.assistant.generation

    def _check_reach(self, client: Client, conversation: str) -> None:
        if len(conversation) > self._limits.id_length:
            raise RequestError(
                f"the session's name has more than {self._limits.id_length} characters",
                code=ID_TOO_LONG,
            )
        if not client.grant.covers(conversation):
            raise RequestError("user has insufficient permissions.", code=NOT_AUTHORIZED)

    def _turned(self, client: Client, packet: Packet, done: "asyncio.Task[None]") -> None:
        client.turns -= 1
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, AlreadyDone):
            for payload in _decode(error.receipt.answer) if error.receipt.answer else ():
                client.emit(self._config.bot_message_evt, payload)
        elif isinstance(error, TertuliaError):
            self._refuse(client, packet, error)
            return
        elif error is not None:
            _log.error("T815 a message of socketio failed", exc_info=error)
            failure = failure_of_bug(self._served.settings).body
            client.acknowledge(packet.number, Refused(failure.error_code, failure.message))
            return
        client.acknowledge(packet.number)

    def _refuse(self, client: Client, packet: Packet, error: TertuliaError) -> None:
        failure = failure_of(error, self._served.settings)
        if failure.status < 500:
            _log.warning("%s a message came in over 'socketio' and was not taken: %s",
                         error.code, error.message)  # fmt: skip
        self._served.meters.refused(error.code)
        client.acknowledge(packet.number, Refused(error.code, failure.body.message))


def _new_session(client: Client) -> str:
    """Return a name for a session, one that the client's credentials reach."""
    return client.grant.only or f"{client.grant.prefix}{uuid.uuid4().hex}"


def _terms(said: Said, packet: Packet, generation: Generation) -> Terms:
    if said.key is None:
        return NO_TERMS

    def keep(heard: Sequence[BotUttered]) -> bytes:
        return _encode([e.payload for each in heard for e in messages.render(each, generation)])

    once = once_by(said.key, SOCKETIO, packet.data.encode(), keep)
    if once is None:
        raise RequestError(f"'{messages.KEY}': {KEY_HINT}", code=WRONG_MESSAGE)
    return Terms(once=once)


def _event_of(packet: Packet, depth: int) -> tuple[Json, Json]:
    try:
        found = decode_json(packet.data.encode(), depth=depth)
    except RequestError as error:
        raise RequestError("the event's JSON cannot be read", code=error.code) from error
    if not isinstance(found, list) or not found:
        raise RequestError("an event must be a list that begins with a name", code=WRONG_MESSAGE)
    listed = cast(list[Json], found)
    return listed[0], listed[1] if len(listed) > 1 else None


def _sender_of(client: Client, said: Said, *, persistent: bool) -> str:
    if not persistent:
        return client.id
    if said.session_id is None:
        raise RequestError("a message names no session in 'session_id'", code=WRONG_MESSAGE)
    return said.session_id
