"""The REST channel over HTTP: all messages in one list, or line by line as they are stored.

Source: spec channels.md sections 1 to 3.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream

from tertulia.adapters.channels import rest
from tertulia.adapters.channels.collector import Collector, Message, render
from tertulia.base.errors import TertuliaError
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered
from tertulia.core.incoming import Incoming
from tertulia.engine.terms import AlreadyDone, Terms
from tertulia.server import query
from tertulia.server.body import AnyRequest, read_json
from tertulia.server.declare import JSON, Facts, operation
from tertulia.server.guard import check_reach
from tertulia.server.served import Served, served_by
from tertulia.server.settings import ServerSettings
from tertulia.server.terms import REPLAYED, kept_messages, messages_of, once_only
from tertulia.server.turns import report_failure

Json = Any
_log = logging.getLogger("tertulia.server")

LINES = "text/event-stream"
"""Media type of the streaming form, which is lines of JSON all the same."""

_encode = msgspec.json.Encoder().encode
_NOTHING: list[Message] = []


class RestMessage(msgspec.Struct):
    """What a user says. sender: whose conversation, `default` when missing."""

    message: str
    sender: str | int | None = None
    input_channel: str | None = None
    metadata: dict[str, Json] | None = None


class Health(msgspec.Struct, frozen=True):
    """A channel's sign of life."""

    status: str


@operation(
    "GET",
    "/webhooks/rest",
    summary="Whether the channel is there",
    tag="channels",
    facts=Facts(scope="open", answer=Health, model=False, store=False),
)
async def health(request: AnyRequest) -> Health:
    """Answer that the channel is mounted."""
    return Health("ok")


@operation(
    "POST",
    "/webhooks/rest/webhook",
    summary="Say something to the bot",
    tag="channels",
    facts=Facts(
        scope="channel",
        query=("stream", "token"),
        headers=("Idempotency-Key",),
        body=RestMessage,
        answer=list[Message],
        media_types=(JSON, LINES),
        model=False,
    ),
)
async def webhook(request: AnyRequest) -> Response[bytes] | Stream:
    """Take a message through a turn and return what the bot says.

    With `stream=true` each message is a line of its own, sent as soon as its event is stored.
    """
    served = served_by(request)
    as_lines = query.flag(request, "stream")
    with served.observer.step("receive"):
        body = await read_json(request)
    if not served.settings.is_legacy and isinstance(body, dict) and not rest.has_text(body):
        _log.warning("T817 a message without text came in over 'rest' and was ignored")
        return _whole(_NOTHING)
    incoming = rest.parse(body, _channel_name(served.settings, as_lines=as_lines))
    check_reach(request, incoming.sender_id)
    if served.service.assistant is None:
        _log.warning("T410 a message came in while no model was loaded, and was ignored")
        return _whole(_NOTHING)
    generation = served.service.assistant.generation
    terms = await once_only(request, "rest", messages_of(incoming.sender_id, generation))
    if as_lines:
        return await _stream(served, incoming, generation, terms)
    output = Collector(incoming.sender_id, generation)
    try:
        await served.turns.run(served.service.handle(incoming, output, terms))
    except AlreadyDone as done:
        return Response(_encode(kept_messages(done)), media_type=JSON, headers=dict(REPLAYED))
    except TertuliaError as error:
        # What was said is stored; a client of this generation would drop it with an error.
        if served.settings.is_legacy or not output.messages:
            raise
        _log.error("%s", error)
    return _whole(output.messages)


def _channel_name(settings: ServerSettings, *, as_lines: bool) -> str:
    """Return what the originals call the channel.

    Without credentials that list `rest`, 0.x has only its console, which takes the same
    messages; streaming went by the name of the class that both share.
    """
    is_console = settings.is_legacy and rest.NAME not in settings.channels and not as_lines
    return rest.CONSOLE_NAME if is_console else rest.NAME


def _whole(messages: list[Message]) -> Response[bytes]:
    return Response(_encode(messages), media_type=JSON)


class _Lines:
    """An output channel that passes messages on as lines. None in the queue ends them.

    The name is the original's, which responses with a `channel` are chosen by.
    """

    name = "queue"

    def __init__(self, recipient_id: str, generation: Generation) -> None:
        self._recipient_id = recipient_id
        self._generation = generation
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def deliver(self, said: BotUttered) -> None:
        for message in render(said, self._recipient_id, self._generation):
            self.queue.put_nowait(rest.to_line(message))


async def _stream(
    served: Served, incoming: Incoming, generation: Generation, terms: Terms
) -> Stream:
    """Start the turn and answer once its first message is there, or its failure."""
    output = _Lines(incoming.sender_id, generation)
    task = served.turns.start(served.service.handle(incoming, output, terms))
    task.add_done_callback(lambda _: output.queue.put_nowait(None))
    first = await served.turns.next_of(output.queue)
    if first is None:
        try:
            task.result()
        except AlreadyDone as done:
            again = b"".join(map(rest.to_line, kept_messages(done)))
            return Stream(iter([again]), headers={"Content-Type": LINES, **REPLAYED})
    else:
        task.add_done_callback(report_failure)

    async def lines() -> AsyncGenerator[bytes]:
        line = first
        while line is not None:
            yield line
            line = await served.turns.next_of(output.queue)

    return Stream(lines(), headers={"Content-Type": LINES})


CHANNELS = (health, webhook)
