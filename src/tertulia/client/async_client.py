"""The client for code that awaits."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
import msgspec

from tertulia.base.secret import Secret
from tertulia.client import calls
from tertulia.client import results as r
from tertulia.client.calls import Call
from tertulia.client.errors import ServerRefused, ServerUnreachable
from tertulia.client.wire import PAUSE, Feed, Line, Options, Pages, check, read

Json = Any
P = TypeVar("P")
T = TypeVar("T")


class AsyncSender:
    """Sends calls to one server, again where that is safe. Errors: see `AsyncClient`."""

    def __init__(self, line: Line, http: httpx2.AsyncClient) -> None:
        self.line = line
        self._http = http

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def call(self, call: Call[T]) -> T:
        """Send a request, again where that is safe, and return the answer as its type."""
        request = self.line.options.as_http(call)
        async for attempt in self.line.attempts(call):
            with attempt, self.line.reaching():
                return read(call, await self._http.request(**request))
        raise AssertionError("no attempt was made")

    async def listing(self, pages: Pages[P, T]) -> AsyncIterator[T]:
        """Yield what is on the pages, asking for one after the other."""
        while (call := pages.following()) is not None:
            for each in pages.take(await self.call(call)):
                yield each

    async def following(
        self, conversation_id: str | None, after: int | None
    ) -> AsyncIterator[r.Followed]:
        """Yield what is stored of one conversation, or of all."""
        feed = Feed(after)
        while True:
            call = calls.follow(conversation_id, feed.position)
            async for attempt in self.line.attempts(call):
                with attempt:
                    async for each in self._until_broken(call, feed):
                        yield each
            await asyncio.sleep(PAUSE)

    async def _until_broken(self, call: Call[Any], feed: Feed) -> AsyncIterator[r.Followed]:
        """Yield what comes over one connection; only one that brings nothing is a failure."""
        connected = False
        try:
            async with self.streaming(call) as lines:
                async for line in lines:
                    connected = True
                    for each in feed.take(line):
                        yield each
        except ServerUnreachable:
            if not connected:
                raise

    @asynccontextmanager
    async def streaming(self, call: Call[Any]) -> AsyncGenerator[AsyncIterator[str]]:
        """Send a request; give the lines of the answer as they come."""
        request = self.line.options.as_http(call)
        with self.line.reaching():
            async with self._http.stream(**request) as response:
                if response.status_code >= 400:
                    await response.aread()
                    check(response)
                yield response.aiter_lines()


class AsyncClient:
    """Talks to one server. Close it, or use it in an `async with` block.

    url: of the server. token: shared token, scoped key or JSON Web Token (then with `jwt`).
    original: the server is one of Rasa. timeout: seconds for an answer. attempts: how often a
    request is sent at the most; only what cannot do harm twice is sent again.

    Every method raises ServerRefused for an error answer, ServerUnreachable when none came, and
    UnreadableAnswer for something else.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        jwt: bool = False,
        original: bool = False,
        timeout: float = 60.0,
        attempts: int = 4,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        options = Options(
            token=None if token is None else Secret(token),
            jwt=jwt,
            original=original,
            timeout=timeout,
            attempts=attempts,
        )
        line = Line(url, options)
        self._sender = AsyncSender(line, httpx2.AsyncClient(**line.http(transport)))

    async def __aenter__(self) -> "AsyncClient":
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._sender.close()

    @property
    def models(self) -> "AsyncModels":
        """Which model is served, to be changed."""
        return AsyncModels(self._sender)

    def conversation(self, conversation_id: str) -> "AsyncConversation":
        """Return one conversation; nothing is sent."""
        return AsyncConversation(self._sender, conversation_id)

    def conversations(self, *, page: int = 500) -> AsyncIterator[str]:
        """Yield the ids of all conversations, in ascending order."""
        pages = calls.IdPages(page, original=self._sender.line.options.original)
        return self._sender.listing(pages)

    async def parse(self, text: str) -> r.Parsed:
        """Return what a text means."""
        return await self._sender.call(calls.parse(text))

    async def version(self) -> r.Version:
        """Return the versions the server names itself."""
        return await self._sender.call(calls.VERSION)

    async def status(self) -> r.Status:
        """Return which model is loaded."""
        return await self._sender.call(calls.STATUS)

    async def ready(self) -> bool:
        """Tell whether the server can take traffic."""
        try:
            call = calls.readiness(original=self._sender.line.options.original)
            return calls.is_ready(await self._sender.call(call))
        except (ServerRefused, ServerUnreachable):
            return False

    def follow(self, *, after: int | None = None) -> AsyncIterator[r.Followed]:
        """Yield what is stored, of all conversations, as it is stored; it goes on for ever.

        after: begin after this position; None begins now. A broken stream is taken up again where
        it broke, nothing is left out and nothing comes twice.
        """
        return self._sender.following(None, after)


class AsyncModels:
    """Which model a server serves. Errors: see `AsyncClient`."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def load(self, path: str) -> None:
        """Serve the model that lies there, on the server; its roots are the limit."""
        await self._sender.call(calls.load_model(path))

    async def unload(self) -> None:
        """Serve no model."""
        await self._sender.call(calls.UNLOAD_MODEL)

    async def roll_back(self) -> None:
        """Serve the one before again."""
        await self._sender.call(calls.ROLL_BACK)


class AsyncRecord:
    """What can be read of one conversation. Errors: see `AsyncClient`."""

    def __init__(self, sender: AsyncSender, conversation_id: str) -> None:
        self._sender = sender
        self.id = conversation_id

    async def tracker(
        self, *, include_events: str = "AFTER_RESTART", until: float | None = None
    ) -> r.Tracker:
        """Return the state. until: only events up to this time, in Unix seconds."""
        return await self._sender.call(calls.tracker(self.id, include_events, until))

    async def predict(self) -> r.Prediction:
        """Return the next action the bot would take."""
        return await self._sender.call(calls.predict(self.id))

    async def story(self) -> str:
        """Return the conversation as a test story."""
        return await self._sender.call(calls.story(self.id))

    def events(self, *, after: int = 0, page: int = 500) -> AsyncIterator[r.LoggedEvent]:
        """Yield the events as they are stored, page by page."""
        return self._sender.listing(calls.LogPages(self.id, after, page))

    async def export(self) -> r.Export:
        """Return everything that is kept."""
        return await self._sender.call(calls.export(self.id))

    def follow(self, *, after: int | None = None) -> AsyncIterator[r.Followed]:
        """Yield what is stored, as it is stored; see `AsyncClient.follow`."""
        return self._sender.following(self.id, after)


class AsyncConversation(AsyncRecord):
    """One conversation of a server. Errors: see `AsyncClient`."""

    async def say(
        self, text: str, *, metadata: Mapping[str, Json] | None = None
    ) -> list[r.Message]:
        """Say something to the bot and return what it says."""
        return await self._sender.call(calls.say(self.id, text, metadata))

    async def say_streaming(self, text: str) -> AsyncIterator[r.Message]:
        """Say something to the bot and yield each message as it is said. It is not sent again."""
        async with self._sender.streaming(calls.say_streaming(self.id, text)) as lines:
            async for line in lines:
                if line:
                    yield msgspec.json.decode(line, type=r.Message)

    async def append(self, *events: Mapping[str, Json], if_match: str | None = None) -> r.Tracker:
        """Add events. if_match: the tracker's `etag`; another version is refused with 412."""
        return await self._sender.call(calls.append(self.id, events, if_match))

    async def replace(
        self, events: Sequence[Mapping[str, Json]], *, if_match: str | None = None
    ) -> r.Tracker:
        """Make these events the whole conversation. if_match: as in `append`."""
        return await self._sender.call(calls.replace(self.id, events, if_match))

    async def log_message(self, text: str, *, if_match: str | None = None) -> r.Tracker:
        """Log a message without an answer. if_match: as in `append`."""
        return await self._sender.call(calls.log_message(self.id, text, if_match))

    async def execute(self, action: str, *, if_match: str | None = None) -> r.Acted:
        """Run one action. if_match: as in `append`."""
        return await self._sender.call(calls.execute(self.id, action, if_match))

    async def trigger(
        self, intent: str, entities: Json = None, *, if_match: str | None = None
    ) -> r.Acted:
        """Let the bot react to an event from outside. if_match: as in `append`."""
        return await self._sender.call(calls.trigger(self.id, intent, entities, if_match))

    async def erase(self, *, if_match: str | None = None) -> None:
        """Forget the conversation. if_match: as in `append`."""
        await self._sender.call(calls.erase(self.id, if_match))
