"""What is stored, told live: of one conversation, and of all. Beyond the originals."""

from litestar.params import FromPath

from tertulia.base.errors import RequestError
from tertulia.engine.follow import NO_FEED, TOO_MANY
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.declare import ID, Facts, operation
from tertulia.server.errors import WRONG_PARAMETER
from tertulia.server.live import EVENT_STREAM, Live, Pace, Start
from tertulia.server.served import decode_id, served_by

_FACTS = Facts(
    scope="read",
    query=("after", "include_trace"),
    headers=("Last-Event-ID",),
    media_types=(EVENT_STREAM,),
    model=False,
    errors=(WRONG_PARAMETER, NO_FEED, TOO_MANY),
)


@operation(
    "GET",
    f"/conversations/{ID}/stream",
    summary="A conversation's events, live",
    tag="live",
    facts=_FACTS,
)
async def of_one(request: AnyRequest, conversation_id: FromPath[str]) -> Live:
    """Send each event of the conversation as it is stored, as server-sent events.

    From now on; with `after`, or the header `Last-Event-ID`, everything after that position.
    """
    return await _live(request, decode_id(conversation_id))


@operation("GET", "/stream", summary="All events, live", tag="live", facts=_FACTS)
async def of_all(request: AnyRequest) -> Live:
    """Send each event of every conversation as it is stored, as server-sent events.

    From now on; with `after`, or the header `Last-Event-ID`, everything after that position.
    """
    return await _live(request, None)


async def _live(request: AnyRequest, sender_id: str | None) -> Live:
    served = served_by(request)
    following = served.service.following
    feed = following.admit()
    after = query.whole_number(request, "after", default=None)
    last = request.headers.get("last-event-id")
    if last:
        # A browser that reconnects sends both: its header is the newer one.
        after = query.as_whole_number(last, "Last-Event-ID", where="header")
    end = await feed.feed_end()
    if after is not None and after > end:
        raise RequestError(
            f"nothing is stored at position {after} yet; the newest is {end}",
            hint="This id is of another store; begin with after=0, or without it.",
            parameter="after",
            where="query",
            code=WRONG_PARAMETER,
        )
    start = Start(
        after=end if after is None else after,
        sender_id=sender_id,
        trace=query.flag(request, "include_trace"),
    )
    return Live(start, following, served.stopping, Pace())


API = (of_one, of_all)
