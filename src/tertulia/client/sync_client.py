"""The client for ordinary code."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
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


class Sender:
    """Sends calls to one server, again where that is safe. Errors: see `Client`."""

    def __init__(self, line: Line, http: httpx2.Client) -> None:
        self.line = line
        self._http = http

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def call(self, call: Call[T]) -> T:
        """Send a request, again where that is safe, and return the answer as its type."""
        request = self.line.options.as_http(call)
        for attempt in self.line.attempts(call):
            with attempt, self.line.reaching():
                return read(call, self._http.request(**request))
        raise AssertionError("no attempt was made")

    def listing(self, pages: Pages[P, T]) -> Iterator[T]:
        """Yield what is on the pages, asking for one after the other."""
        while (call := pages.following()) is not None:
            yield from pages.take(self.call(call))

    def following(self, conversation_id: str | None, after: int | None) -> Iterator[r.Followed]:
        """Yield what is stored of one conversation, or of all."""
        feed = Feed(after)
        while True:
            call = calls.follow(conversation_id, feed.position)
            for attempt in self.line.attempts(call):
                with attempt:
                    yield from self._until_broken(call, feed)
            time.sleep(PAUSE)

    def _until_broken(self, call: Call[Any], feed: Feed) -> Iterator[r.Followed]:
        """Yield what comes over one connection; only one that brings nothing is a failure."""
        connected = False
        try:
            with self.streaming(call) as lines:
                for line in lines:
                    connected = True
                    yield from feed.take(line)
        except ServerUnreachable:
            if not connected:
                raise

    @contextmanager
    def streaming(self, call: Call[Any]) -> Generator[Iterator[str]]:
        """Send a request; give the lines of the answer as they come."""
        request = self.line.options.as_http(call)
        with self.line.reaching(), self._http.stream(**request) as response:
            if response.status_code >= 400:
                response.read()
                check(response)
            yield response.iter_lines()


class Client:
    """Talks to one server. Close it, or use it in a `with` block.

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
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        options = Options(
            token=None if token is None else Secret(token),
            jwt=jwt,
            original=original,
            timeout=timeout,
            attempts=attempts,
        )
        line = Line(url, options)
        self._sender = Sender(line, httpx2.Client(**line.http(transport)))

    def __enter__(self) -> "Client":
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._sender.close()

    @property
    def models(self) -> "Models":
        """Which model is served, to be changed."""
        return Models(self._sender)

    def conversation(self, conversation_id: str) -> "Conversation":
        """Return one conversation; nothing is sent."""
        return Conversation(self._sender, conversation_id)

    def conversations(self, *, page: int = 500) -> Iterator[str]:
        """Yield the ids of all conversations, in ascending order."""
        pages = calls.IdPages(page, original=self._sender.line.options.original)
        return self._sender.listing(pages)

    def parse(self, text: str) -> r.Parsed:
        """Return what a text means."""
        return self._sender.call(calls.parse(text))

    def version(self) -> r.Version:
        """Return the versions the server names itself."""
        return self._sender.call(calls.VERSION)

    def status(self) -> r.Status:
        """Return which model is loaded."""
        return self._sender.call(calls.STATUS)

    def ready(self) -> bool:
        """Tell whether the server can take traffic."""
        try:
            call = calls.readiness(original=self._sender.line.options.original)
            return calls.is_ready(self._sender.call(call))
        except (ServerRefused, ServerUnreachable):
            return False

    def follow(self, *, after: int | None = None) -> Iterator[r.Followed]:
        """Yield what is stored, of all conversations, as it is stored; it goes on for ever.

        after: begin after this position; None begins now. A broken stream is taken up again where
        it broke, nothing is left out and nothing comes twice.
        """
        return self._sender.following(None, after)


class Models:
    """Which model a server serves. Errors: see `Client`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def load(self, path: str) -> None:
        """Serve the model that lies there, on the server; its roots are the limit."""
        self._sender.call(calls.load_model(path))

    def unload(self) -> None:
        """Serve no model."""
        self._sender.call(calls.UNLOAD_MODEL)

    def roll_back(self) -> None:
        """Serve the one before again."""
        self._sender.call(calls.ROLL_BACK)


class Record:
    """What can be read of one conversation. Errors: see `Client`."""

    def __init__(self, sender: Sender, conversation_id: str) -> None:
        self._sender = sender
        self.id = conversation_id

    def tracker(
        self, *, include_events: str = "AFTER_RESTART", until: float | None = None
    ) -> r.Tracker:
        """Return the state. until: only events up to this time, in Unix seconds."""
        return self._sender.call(calls.tracker(self.id, include_events, until))

    def predict(self) -> r.Prediction:
        """Return the next action the bot would take."""
        return self._sender.call(calls.predict(self.id))

    def story(self) -> str:
        """Return the conversation as a test story."""
        return self._sender.call(calls.story(self.id))

    def events(self, *, after: int = 0, page: int = 500) -> Iterator[r.LoggedEvent]:
        """Yield the events as they are stored, page by page."""
        return self._sender.listing(calls.LogPages(self.id, after, page))

    def export(self) -> r.Export:
        """Return everything that is kept."""
        return self._sender.call(calls.export(self.id))

    def follow(self, *, after: int | None = None) -> Iterator[r.Followed]:
        """Yield what is stored, as it is stored; see `Client.follow`."""
        return self._sender.following(self.id, after)


class Conversation(Record):
    """One conversation of a server. Errors: see `Client`."""

    def say(self, text: str, *, metadata: Mapping[str, Json] | None = None) -> list[r.Message]:
        """Say something to the bot and return what it says."""
        return self._sender.call(calls.say(self.id, text, metadata))

    def say_streaming(self, text: str) -> Iterator[r.Message]:
        """Say something to the bot and yield each message as it is said. It is not sent again."""
        with self._sender.streaming(calls.say_streaming(self.id, text)) as lines:
            for line in lines:
                if line:
                    yield msgspec.json.decode(line, type=r.Message)

    def append(self, *events: Mapping[str, Json], if_match: str | None = None) -> r.Tracker:
        """Add events. if_match: the tracker's `etag`; another version is refused with 412."""
        return self._sender.call(calls.append(self.id, events, if_match))

    def replace(
        self, events: Sequence[Mapping[str, Json]], *, if_match: str | None = None
    ) -> r.Tracker:
        """Make these events the whole conversation. if_match: as in `append`."""
        return self._sender.call(calls.replace(self.id, events, if_match))

    def log_message(self, text: str, *, if_match: str | None = None) -> r.Tracker:
        """Log a message without an answer. if_match: as in `append`."""
        return self._sender.call(calls.log_message(self.id, text, if_match))

    def execute(self, action: str, *, if_match: str | None = None) -> r.Acted:
        """Run one action. if_match: as in `append`."""
        return self._sender.call(calls.execute(self.id, action, if_match))

    def trigger(
        self, intent: str, entities: Json = None, *, if_match: str | None = None
    ) -> r.Acted:
        """Let the bot react to an event from outside. if_match: as in `append`."""
        return self._sender.call(calls.trigger(self.id, intent, entities, if_match))

    def erase(self, *, if_match: str | None = None) -> None:
        """Forget the conversation. if_match: as in `append`."""
        self._sender.call(calls.erase(self.id, if_match))
