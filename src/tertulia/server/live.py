"""Server-sent events of the feed: whoever reads on after the last id misses nothing.

Readers are served from the store page by page, so a slow one costs no memory; one that does not
take what it is sent is let go.

Source: HTML Living Standard, section 9.2 (server-sent events).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response

from tertulia.base.border import end_tasks
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events.codec import encode
from tertulia.core.feed import EventFeed, FeedEntry
from tertulia.engine.follow import Following
from tertulia.server.stopping import Stopping

if TYPE_CHECKING:
    from litestar.types import Message, Receive, Scope, Send

_log = logging.getLogger("tertulia.follow")

EVENT_STREAM = "text/event-stream"
PAGE = 100
"""Entries that are read at a time."""

_json = msgspec.json.Encoder().encode
_RETRY = b"retry: 1000\n\n"
_HEARTBEAT = b": still here\n\n"


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. heartbeat: of silence, after which a comment is sent. slow: that a reader may take
    for one page before it is cut. patience: until one that takes nothing is dropped.
    """

    heartbeat: float = 15.0
    slow: float = 10.0
    patience: float = 30.0


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader begins: after which position. sender_id: of one conversation, None of all.

    trace: with the explanations of actions.
    """

    after: int
    sender_id: str | None
    trace: bool = False


class Live(Response[None]):
    """A response that goes on until one side ends it."""

    def __init__(self, start: Start, following: Following, stopping: Stopping, pace: Pace) -> None:
        super().__init__(None)
        self._run = _Run(start, following, stopping, pace)

    def to_asgi_response(self, *arguments: Any, **options: Any) -> Any:
        """Return what sends it."""
        return self._run


class _Run:
    """Sends one stream, watching whether the reader is still there."""

    def __init__(self, start: Start, following: Following, stopping: Stopping, pace: Pace) -> None:
        self._start = start
        self._following = following
        self._stopping = stopping
        self._pace = pace

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        headers = [
            (b"content-type", EVENT_STREAM.encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if "tertulia.head" in scope:
            await send(_body(b"", more=False))
            return
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(sending, leaving)
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: "Send") -> None:
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(self._pace.patience):
                        await send(_body(chunk))
                except TimeoutError:
                    _log.warning(
                        "T845 a reader took nothing for %g seconds and is dropped; it can read on "
                        "after the last id it has",
                        self._pace.patience,
                    )
                    return
        await send(_body(b"", more=False))

    async def _chunks(self) -> AsyncGenerator[bytes]:
        position = self._start.after
        yield _RETRY + _id(position)
        async with self._following.join() as feed:
            while not self._stopping.is_begun:
                try:
                    page = await self._page(feed, position)
                except StoreUnavailable as error:
                    _log.error("%s", error)
                    yield cut("store", "The store does not answer; read on after the last id.")
                    return
                if page:
                    began = monotonic()
                    position = page[-1].position
                    yield b"".join(told(entry, self._start) for entry in page)
                    if monotonic() - began > self._pace.slow:
                        yield cut("slow", "This reader is too slow; read on after the last id.")
                        return
                elif not await self._wait(position):
                    yield _HEARTBEAT
            yield cut("stopping", "The server is about to end; read on after the last id.")

    async def _page(self, feed: EventFeed, position: int) -> Sequence[FeedEntry]:
        return await feed.read_feed(after=position, limit=PAGE, sender_id=self._start.sender_id)

    async def _wait(self, position: int) -> bool:
        """Wait for something to be stored, or for the server to end; False when it is quiet."""
        moved = asyncio.ensure_future(self._following.moved(position, self._pace.heartbeat))
        ending = asyncio.ensure_future(self._stopping.begun())
        try:
            await asyncio.wait((moved, ending), return_when=asyncio.FIRST_COMPLETED)
            return ending.done() or moved.result()
        finally:
            await end_tasks(moved, ending)


async def _left(receive: "Receive") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(chunk: bytes, *, more: bool = True) -> "Message":
    return {"type": "http.response.body", "body": chunk, "more_body": more}


def told(entry: FeedEntry, start: Start) -> bytes:
    """Return one entry as it is sent."""
    if entry.event is not None:
        event = encode(entry.event, trace=start.trace)
        data = {"sender_id": entry.sender_id, "seq": entry.seq, "event": event}
        return b"data: " + _json(data) + b"\n" + _id(entry.position)
    if entry.kind == "erased":
        data = {"sender_sha256": entry.sender_id}
    else:
        data = {"sender_id": entry.sender_id}
    return _named(entry.kind, data) + _id(entry.position)


def cut(reason: str, message: str) -> bytes:
    """Return the last thing that is sent to a reader that is let go."""
    return _named("cut", {"reason": reason, "message": message}) + b"\n"


def _named(name: str, data: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + _json(data) + b"\n"


def _id(position: int) -> bytes:
    return b"id: %d\n\n" % position
