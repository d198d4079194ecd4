"""Streams of events: everything once, also over a reconnect; heartbeats, and how they end."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar import Litestar
from tests.http.bot import build_service
from tests.http.conftest import Client, connect

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.domain.model import Generation
from tertulia.core.events import SlotSet
from tertulia.core.feed import forgotten_id
from tertulia.server.live import Live, Pace, Start
from tertulia.server.served import Served
from tertulia.server.stopping import Stopping

PATIENCE = 10.0


class Reader:
    """One connection. said: events with their ids; named: others, by name."""

    def __init__(self, chunks: "asyncio.Queue[bytes | None]") -> None:
        self._chunks = chunks
        self._text = ""
        self.last_id = ""
        self.comments = 0

    async def next(self) -> tuple[str, Any]:
        """Return name and data of the next event; ("end", None) when there is no more."""
        while True:
            block, found, rest = self._text.partition("\n\n")
            if not found:
                chunk = await asyncio.wait_for(self._chunks.get(), PATIENCE)
                if chunk is None:
                    return "end", None
                self._text += chunk.decode()
                continue
            self._text = rest
            fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
            self.comments += "" in fields
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return fields.get("event", "message"), json.loads(fields["data"])

    async def messages(self, count: int) -> list[tuple[str, int]]:
        found = [await self.next() for _ in range(count)]
        assert {name for name, _ in found} == {"message"}
        return [(data["sender_id"], data["seq"]) for _, data in found]


@asynccontextmanager
async def reading(
    client: Client, path: str, headers: dict[str, str] | None = None
) -> AsyncGenerator[Reader]:
    """Read a stream as a server would send it; leave when the body ends."""
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
    gone = asyncio.Event()
    begun = asyncio.Event()
    given = False

    async def receive() -> Any:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
        elif message["body"]:
            chunks.put_nowait(message["body"])
            begun.set()
        elif not message["more_body"]:
            chunks.put_nowait(None)

    where, _, query = path.partition("?")
    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("server", 80),
        "client": ("client", 1),
        "root_path": "",
    }
    task = asyncio.create_task(client.app(scope, receive, send))
    try:
        await asyncio.wait_for(begun.wait(), PATIENCE)
        yield Reader(chunks)
    finally:
        gone.set()
        await asyncio.wait_for(task, PATIENCE)


async def slot(client: Client, conversation: str, value: int = 0) -> None:
    event = {"event": "slot", "name": "n", "value": value}
    await client.post(f"/conversations/{conversation}/tracker/events", event)


async def test_events_are_told_as_they_are_stored(client: Client) -> None:
    await slot(client, "u")
    version = (await client.get("/conversations/u/log")).json()["version"]
    async with reading(client, "/conversations/u/stream") as reader:
        await slot(client, "v")
        await slot(client, "u", 7)
        name, data = await reader.next()
        assert (name, data["sender_id"], data["seq"]) == ("message", "u", version + 1)
        assert data["event"]["value"] == 7


async def test_a_stream_of_all_has_every_conversation(client: Client) -> None:
    async with reading(client, "/stream") as reader:
        await slot(client, "u")
        count = (await client.get("/conversations/u/log")).json()["version"]
        await slot(client, "v")
        told = await reader.messages(2 * count)
        assert told == [(name, n) for name in "uv" for n in range(1, count + 1)]


@pytest.mark.parametrize("path", ["/stream", "/conversations/u/stream"])
async def test_over_reconnects_nothing_is_lost_and_nothing_comes_twice(
    client: Client, path: str
) -> None:
    headers: dict[str, str] = {}
    told: list[int] = []
    for n in range(4):
        async with reading(client, path, headers) as reader:
            await slot(client, "u")
            told += [seq for _, seq in await reader.messages(1)]
            headers = {"Last-Event-ID": reader.last_id}
        for _ in range(n):
            await slot(client, "u")
    version = (await client.get("/conversations/u/log")).json()["version"]
    async with reading(client, path, headers) as reader:
        told += [seq for _, seq in await reader.messages(version - len(told))]
    assert told == list(range(1, version + 1))


async def test_a_reader_that_has_seen_nothing_knows_where_it_was(client: Client) -> None:
    await slot(client, "u")
    async with reading(client, "/conversations/u/stream") as reader:
        await slot(client, "v")
        pending = asyncio.ensure_future(reader.next())
        await asyncio.sleep(0.05)
        pending.cancel()
        last = reader.last_id
    await slot(client, "u", 8)
    async with reading(client, "/conversations/u/stream", {"Last-Event-ID": last}) as reader:
        assert (await reader.next())[1]["event"]["value"] == 8


async def test_all_there_ever_was_can_be_read(client: Client) -> None:
    await slot(client, "u")
    version = (await client.get("/conversations/u/log")).json()["version"]
    async with reading(client, "/stream?after=0") as reader:
        assert len(await reader.messages(version)) == version


async def test_an_erasure_is_told_and_the_stream_goes_on(client: Client) -> None:
    await slot(client, "u")
    for path in ("/stream", "/conversations/u/stream"):
        async with reading(client, path) as reader:
            await client.delete("/conversations/u")
            assert await reader.next() == ("erased", {"sender_sha256": forgotten_id("u")})
            await slot(client, "u")
            assert (await reader.messages(1)) == [("u", 1)]


async def test_a_replaced_log_is_told_from_its_beginning(client: Client) -> None:
    await slot(client, "u")
    async with reading(client, "/conversations/u/stream") as reader:
        event = {"event": "slot", "name": "n", "value": 9}
        await client.put("/conversations/u/tracker/events", [event])
        assert await reader.next() == ("replaced", {"sender_id": "u"})
        assert (await reader.next())[1]["event"]["value"] == 9


@pytest.mark.parametrize("headers", [{}, {"Last-Event-ID": "x"}])
async def test_a_position_that_cannot_be_is_refused(
    client: Client, headers: dict[str, str]
) -> None:
    answer = await client.get("/stream?after=12345", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "T804")


async def test_only_the_head_is_answered_to_head(client: Client) -> None:
    answer = await client.http.head("/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_more_readers_than_are_allowed_are_refused(modern: Client) -> None:
    modern.service.following._most = 1
    async with reading(modern, "/stream"):
        refused = await modern.get("/stream")
    assert (refused.status_code, refused.json()["error_code"]) == (503, "T844")


async def test_streams_end_with_the_server_and_say_so(modern: Client) -> None:
    assert isinstance(modern.app.app, Litestar)
    served: Served = modern.app.app.state.served
    async with reading(modern, "/stream") as reader:
        served.stopping.begin()
        name, data = await reader.next()
        assert (name, data["reason"]) == ("cut", "stopping")
        assert await reader.next() == ("end", None)


def live(pace: Pace) -> tuple[Any, Any]:
    service = build_service(Generation.MODERN)
    start = Start(after=0, sender_id=None)
    return service, Live(start, service.following, Stopping(), pace).to_asgi_response(None, None)


async def never() -> Any:
    await asyncio.Event().wait()


async def test_a_quiet_stream_shows_that_it_is_there() -> None:
    _, stream = live(Pace(heartbeat=0.01))
    sent: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(message: Any) -> None:
        sent.put_nowait(message.get("body", b""))

    task = asyncio.create_task(stream({"type": "http"}, never, send))
    while b": still here\n\n" not in await asyncio.wait_for(sent.get(), PATIENCE):
        pass
    task.cancel()
    await asyncio.wait((task,))


async def test_a_slow_reader_is_cut_and_told_why() -> None:
    service, stream = live(Pace(slow=0.01))
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))
        if b"data" in sent[-1]:
            await asyncio.sleep(0.1)

    async with connect("modern", service=service) as client:
        await slot(client, "u")
        await asyncio.wait_for(stream({"type": "http"}, never, send), PATIENCE)
    assert b'"reason":"slow"' in sent[-2]
    assert service.following.followers == 0


async def test_a_reader_that_takes_nothing_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    service, stream = live(Pace(patience=0.05))

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    await asyncio.wait_for(stream({"type": "http"}, never, send), PATIENCE)
    assert "T845" in caplog.text
    assert service.following.followers == 0


async def test_what_is_stored_by_another_process_is_told(tmp_path: Any) -> None:
    path = tmp_path / "c.db"
    service = build_service(Generation.MODERN, store=await SqliteStore.open(path))
    other = await SqliteStore.open(path)
    async with connect("modern", service=service) as client, reading(client, "/stream") as reader:
        await other.append("u", [SlotSet(timestamp=1.0, name="n", value=5)], expected=0)
        assert (await reader.next())[1]["event"]["value"] == 5
    await other.close()
