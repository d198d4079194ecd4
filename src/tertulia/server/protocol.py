"""HTTP on one connection, with an end to how long and how large the head of a request may be.

The web server's own protocol waits forever for headers and takes them in any size; refusals here
have the body of every other error.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tertulia.server.errors import (
    LARGE_HEADERS,
    TOO_MANY_CONNECTIONS,
    UNREADABLE,
    Failure,
    failure_of_code,
)
from tertulia.server.settings import ServerSettings


def protocol_for(settings: ServerSettings) -> Callable[..., HttpToolsProtocol]:
    """Return what makes the protocol of each connection."""

    def make(**given: Any) -> HttpToolsProtocol:
        return LimitedProtocol(settings, **given)

    return make


class LimitedProtocol(HttpToolsProtocol):
    """One connection. The clock of a head runs from the connection, or from its first byte."""

    def __init__(self, settings: ServerSettings, **given: Any) -> None:
        super().__init__(**given)
        self._settings = settings
        self._limits = settings.limits
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; refuse when too many are connected."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(TOO_MANY_CONNECTIONS, {"Retry-After": "1"})
        else:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head that is not complete."""
        super().data_received(data)
        if self._deadline is not None:
            self._head += len(data)
            self._check_head(self._head)

    def on_message_begin(self) -> None:
        """Start the clock of the next request on this connection."""
        super().on_message_begin()
        self._start_clock()

    def on_headers_complete(self) -> None:
        """Stop the clock, and look at the size of what came in one piece."""
        self._stop_clock()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if self._check_head(size):
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body of a request that was taken."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass the end of a request that was taken."""
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, once."""
        if not self.transport.is_closing():
            self._refuse(UNREADABLE)

    def _start_clock(self) -> None:
        self._stop_clock()
        self._head = 0
        self._deadline = self.loop.call_later(self._limits.header_seconds, self._give_up)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        # Whoever is this slow reads no answer.
        self._deadline = None
        self.transport.close()

    def _check_head(self, size: int) -> bool:
        if size > self._limits.header_bytes and not self.transport.is_closing():
            self._refuse(LARGE_HEADERS)
        return not self.transport.is_closing()

    def _refuse(self, code: str, headers: dict[str, str] | None = None) -> None:
        self._stop_clock()
        failure = failure_of_code(code, self._settings, headers)
        self.transport.write(_as_http(failure))
        self.transport.close()


def _as_http(failure: Failure) -> bytes:
    body = msgspec.json.encode(failure.body)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **failure.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[failure.status] + lines.encode("ascii") + b"\r\n" + body
