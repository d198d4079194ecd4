"""HTTP on one connection, with an end to how long and how large the head of a request may be.

The web server's own protocol waits forever for headers and takes them in any size; refusals here
have the body of every other error.
"""

import asyncio
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from tertulia.server.errors import (
    LARGE_HEADERS,
    TOO_MANY_CONNECTIONS,
    UNREADABLE,
    Failure,
    failure_of_code,
)
from tertulia.server.settings import ServerSettings

LAST_CALL = 0.5
"""Seconds in which an open connection may still bring a request, once the server leaves."""


class Front:
    """Makes the protocol of each connection. is_leaving: no connection outlives its next answer."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.is_leaving = False

    def __call__(self, **given: Any) -> HttpToolsProtocol:
        """Return the protocol of one connection."""
        return LimitedProtocol(self, **given)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. The clock of a head runs from the connection, or from its first byte."""

    def __init__(self, front: Front, **given: Any) -> None:
        super().__init__(**given)
        self._front = front
        self._settings = front.settings
        self._limits = front.settings.limits
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; refuse when too many are connected."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(TOO_MANY_CONNECTIONS, {"Retry-After": "1"})
            return
        self._start_clock()
        if self._front.is_leaving:
            self.shutdown()

    def shutdown(self) -> None:
        """End the connection after its next answer, or soon if nobody asks.

        A request may be on its way: to close at once would reset it, and the client could not
        know whether it was served.
        """
        if self._is_idle():
            self.loop.call_later(LAST_CALL, self._close_if_idle)
        else:
            self._part_after_answer()

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
            if self._front.is_leaving:
                self._part_after_answer()

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

    def _newest(self) -> RequestResponseCycle | None:
        """Return the newest request; None before the first, which uvicorn does not declare."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _is_idle(self) -> bool:
        cycle = self._newest()
        return cycle is None or cycle.response_complete

    def _part_after_answer(self) -> None:
        cycle = self._newest()
        if cycle is not None:
            cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()

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
