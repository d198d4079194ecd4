"""A bot in a thread: serves the chat page and speaks the rest channel, with failures on demand.

It knows nothing about dialogue: a test says which messages answer which text.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tertulia.web.pages import PAGE, SECURITY_HEADERS, asset

PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200">
<rect width="320" height="200" fill="#bfd8f2"/><circle cx="250" cy="52" r="24" fill="#f2b544"/>
<path d="M0 150 90 70l70 70 50-46 110 96v10H0z" fill="#3f6f8f"/>
<path d="M0 200v-32l120-30 200 40v22z" fill="#2d5a4a"/></svg>"""


class Received(NamedTuple):
    """One request to the webhook."""

    sender: str
    message: str
    metadata: Any
    streaming: bool


class Refuse(NamedTuple):
    """Answer with this status and body. headers: sent too."""

    status: int
    body: bytes
    headers: dict[str, str]


class Hold(NamedTuple):
    """Wait, within an answer, until the test lets the bot go on."""


class Cut(NamedTuple):
    """Break the connection, within an answer."""


Step = dict[str, Any] | str | Hold | Cut
"""A message, a raw line, or what the bot does between messages."""


def refusal(
    status: int, message: str, *, reason: str, headers: dict[str, str] | None = None
) -> Refuse:
    """Return a refusal with the error body of the API."""
    body = {"status": "failure", "message": message, "reason": reason, "code": status}
    return Refuse(status, json.dumps(body).encode(), headers or {})


class FakeBot:
    """Answers `answers[text]`, else `otherwise`; the next requests do what `upcoming` says first.

    prefix: the path that the whole server is mounted under.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.answers: dict[str, Sequence[Step]] = {}
        self.otherwise: Sequence[Step] = ()
        self.upcoming: deque[Refuse | Cut] = deque()
        self.received: list[Received] = []
        self._go_on = threading.Event()
        self._port = 0
        self._stop: Callable[[], None] | None = None

    @property
    def origin(self) -> str:
        """Return scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """Return the address of the chat page."""
        return f"{self.origin}{self.prefix}/chat"

    @property
    def picture(self) -> str:
        """Return the address of an image that exists."""
        return f"{self.origin}{self.prefix}/picture.svg"

    @property
    def texts(self) -> list[str]:
        """Return what was said to the bot, oldest first."""
        return [received.message for received in self.received]

    def go_on(self) -> None:
        """Let every held answer continue, now and later."""
        self._go_on.set()

    def start(self) -> None:
        """Listen; again on the same port after `stop`."""
        server = _Server(("127.0.0.1", self._port), _Handler)
        server.bot = self
        self._port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()

        def stop() -> None:
            self._go_on.set()
            server.shutdown()
            thread.join()
            server.server_close()

        self._stop = stop

    def stop(self) -> None:
        """Stop listening and finish what is being answered."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def steps(self, text: str) -> Sequence[Step]:
        """Return the answer to `text`."""
        return self.answers.get(text, self.otherwise)

    def wait(self) -> None:
        """Wait for `go_on`; a test that forgets it fails instead of hanging."""
        if not self._go_on.wait(timeout=20):
            raise TimeoutError


@contextmanager
def running_bot(prefix: str = "") -> Iterator[FakeBot]:
    """Run a bot for the length of a `with` block."""
    bot = FakeBot(prefix)
    bot.start()
    try:
        yield bot
    finally:
        bot.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    allow_reuse_address = True
    bot: FakeBot


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix(self.server.bot.prefix)
        if path == "/picture.svg":
            self._send(200, PICTURE, {"Content-Type": "image/svg+xml"})
            return
        name = PAGE if path == "/chat" else path.removeprefix("/chat/")
        found = asset(name)
        if found is None:
            self._send(404, b"", {})
            return
        headers = {**SECURITY_HEADERS, "Content-Type": found.media_type}
        self._send(200, found.body, headers)

    def do_POST(self) -> None:
        bot = self.server.bot
        address = urlsplit(self.path)
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert address.path == f"{bot.prefix}/webhooks/rest/webhook"
        streaming = parse_qs(address.query).get("stream") == ["true"]
        bot.received.append(Received(said["sender"], said["message"], said["metadata"], streaming))
        first = bot.upcoming.popleft() if bot.upcoming else None
        if isinstance(first, Cut):
            self.close_connection = True
        elif first is not None:
            self._send(
                first.status, first.body, {"Content-Type": "application/json", **first.headers}
            )
        elif streaming:
            self._stream(bot, said)
        else:
            messages = [self._addressed(step, said) for step in bot.steps(said["message"])]
            self._send(200, json.dumps(messages).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, bot: FakeBot, said: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for step in bot.steps(said["message"]):
                if isinstance(step, Hold):
                    bot.wait()
                elif isinstance(step, Cut):
                    return
                else:
                    message = self._addressed(step, said)
                    line = message if isinstance(message, str) else json.dumps(message)
                    self._chunk(line.encode() + b"\n")
            self._chunk(b"")
        except ConnectionError:
            # The page left: it was reloaded, or its person stopped waiting.
            self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _addressed(self, step: Step, said: dict[str, Any]) -> Any:
        return {"recipient_id": said["sender"], **step} if isinstance(step, dict) else step
