"""WebSockets on one connection: bounded in both directions, and nothing of them in the log."""

import logging
from typing import Any

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER = 5.0
"""Seconds that a connection gets to take what was written, once the application is done with it."""

# The server's own lines have the query, and with it tokens; the library's have messages.
_quiet = logging.getLogger("tertulia.websocket")
_quiet.setLevel(logging.ERROR)


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. Who takes nothing is not read from: pings would be answered without end."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.logger = _quiet
        self.conn.logger = _quiet
        self.conn.debug = False

    def pause_writing(self) -> None:
        """Read no more until what is written is taken."""
        super().pause_writing()
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on, unless the application has not taken the last message."""
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """Pass a message on, if it is text where it says so."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next event, once the client takes what it was sent."""
        await self.writable.wait()
        return await super().receive()

    async def run_asgi(self) -> None:
        """Run the application; the connection does not outlive it for long."""
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(LINGER, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
