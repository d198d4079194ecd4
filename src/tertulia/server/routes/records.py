"""What is kept of a conversation: page by page, as a whole, and how it is forgotten.

Beyond the originals. Events are shown as they are stored, with their sequence numbers, whatever
the profile.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.params import FromPath
from litestar.response import Stream

from tertulia.base.errors import RequestError, StoreConflict
from tertulia.core.events import Event
from tertulia.core.events.codec import encode
from tertulia.core.reminders import Reminder
from tertulia.engine.records import Records
from tertulia.engine.terms import WRONG_VERSION
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.declare import ID, JSON, Facts, operation
from tertulia.server.errors import UNKNOWN_CONVERSATION, WRONG_PARAMETER
from tertulia.server.served import decode_id, served_by
from tertulia.server.terms import expected_of

Json = Any
LINES = "application/jsonl"

_MOST = 1000
_USUAL = 100
_PAGE = 500
_encode = msgspec.json.Encoder().encode


class LoggedEvent(msgspec.Struct, frozen=True):
    """An event with its number. seq: from 1, each number once, also after the log was replaced."""

    seq: int
    event: dict[str, Json]


class LogPage(msgspec.Struct, frozen=True):
    """A part of a log. version: the newest event's number. next: `after` of the next page.

    next: null when this is the end of the log for now.
    """

    sender_id: str
    version: int
    events: list[LoggedEvent]
    next: int | None


class Export(msgspec.Struct, frozen=True):
    """Everything that is kept of a conversation. reminders: what is still to fire."""

    sender_id: str
    version: int
    reminders: list[Reminder]
    events: list[LoggedEvent]


@operation(
    "GET",
    f"/conversations/{ID}/log",
    summary="A conversation's events, page by page",
    tag="conversations",
    facts=Facts(
        scope="read",
        query=("after", "limit", "include_trace"),
        answer=LogPage,
        model=False,
        errors=(UNKNOWN_CONVERSATION, WRONG_PARAMETER),
    ),
)
async def log(request: AnyRequest, conversation_id: FromPath[str]) -> LogPage:
    """Return up to `limit` events after number `after`. The cost is that of the page."""
    records = served_by(request).service.records
    name = decode_id(conversation_id)
    after = query.whole_number(request, "after", default=0)
    limit = query.whole_number(request, "limit", default=_USUAL, least=1, most=_MOST)
    trace = query.flag(request, "include_trace")
    page = await records.page(name, after=after, limit=limit)
    if not page.version:
        raise _unknown()
    events = _logged(page.first, page.events, trace=trace)
    last = page.first + len(events) - 1
    more = bool(events) and last < page.version
    return LogPage(name, page.version, events, last if more else None)


@operation(
    "GET",
    f"/conversations/{ID}/export",
    summary="Everything that is kept of a conversation",
    tag="conversations",
    facts=Facts(
        scope="read",
        query=("format",),
        answer=Export,
        media_types=(JSON, LINES),
        model=False,
        errors=(UNKNOWN_CONVERSATION, WRONG_PARAMETER),
    ),
)
async def export(request: AnyRequest, conversation_id: FromPath[str]) -> Stream:
    """Return one JSON document; with `format=lines` a line for the head, then one an event.

    It is sent while it is read, however long it is. An export that was disturbed ends before its
    end, which clients notice as a broken answer.
    """
    records = served_by(request).service.records
    name = decode_id(conversation_id)
    as_lines = _format(request) == "lines"
    version = await records.version(name)
    if not version:
        raise _unknown()
    head = {
        "sender_id": name,
        "version": version,
        "reminders": await records.reminders(name),
    }
    events = _events(records, name, version)
    if as_lines:
        return Stream(_lines(head, events), headers={"Content-Type": LINES})
    return Stream(_document(head, events), headers={"Content-Type": JSON})


@operation(
    "DELETE",
    f"/conversations/{ID}",
    summary="Erase a conversation",
    tag="conversations",
    facts=Facts(
        scope="write",
        statuses=(204,),
        headers=("If-Match",),
        model=False,
        errors=(UNKNOWN_CONVERSATION, WRONG_PARAMETER, WRONG_VERSION),
    ),
)
async def erase(request: AnyRequest, conversation_id: FromPath[str]) -> Response[None]:
    """Forget the conversation: events, state, reminders and idempotency keys, on the disk too."""
    served = served_by(request)
    name = decode_id(conversation_id)
    erased = await served.turns.run(served.service.records.erase(name, expected_of(request)))
    if not erased:
        raise _unknown()
    return Response(None, status_code=204)


def _format(request: AnyRequest) -> Literal["json", "lines"]:
    given = query.text(request, "format")
    if given in (None, "json"):
        return "json"
    if given == "lines":
        return "lines"
    raise RequestError(
        "'format' must be 'json' or 'lines'",
        parameter="format",
        where="query",
        code=WRONG_PARAMETER,
    )


def _logged(first: int, events: Sequence[Event], *, trace: bool) -> list[LoggedEvent]:
    return [LoggedEvent(seq, encode(e, trace=trace)) for seq, e in enumerate(events, first)]


async def _events(
    records: Records, sender_id: str, version: int
) -> AsyncGenerator[list[LoggedEvent]]:
    """Yield all events up to a version, some at a time.

    Raises:
        StoreConflict: the log was replaced or erased meanwhile.
    """
    page = await records.page(sender_id, after=0, limit=_PAGE)
    while page.events:
        events = _logged(page.first, page.events, trace=True)
        yield [each for each in events if each.seq <= version]
        after = events[-1].seq
        if after >= version:
            return
        page = await records.page(sender_id, after=after, limit=_PAGE)
        if page.first != after + 1 or not page.events:
            raise StoreConflict("the conversation was replaced while it was exported")


async def _lines(
    head: dict[str, Json], pages: AsyncGenerator[list[LoggedEvent]]
) -> AsyncGenerator[bytes]:
    yield _encode(head) + b"\n"
    async for page in pages:
        yield b"".join(_encode(each) + b"\n" for each in page)


async def _document(
    head: dict[str, Json], pages: AsyncGenerator[list[LoggedEvent]]
) -> AsyncGenerator[bytes]:
    yield _encode(head)[:-1] + b',"events":['
    separator = b""
    async for page in pages:
        yield separator + b",".join(_encode(each) for each in page)
        separator = b","
    yield b"]}"


def _unknown() -> RequestError:
    return RequestError("conversation ID not found.", code=UNKNOWN_CONVERSATION)


API = (log, export, erase)
