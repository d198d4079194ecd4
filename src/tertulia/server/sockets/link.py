"""One client's session of Engine.IO: what waits to be sent, and whether the client still lives.

Sending never waits, so that no turn does. What a client leaves waiting is bounded: one that does
not take it is let go.

Source: the protocol document of Engine.IO, revisions 3 and 4.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable

import msgspec

from tertulia.adapters.channels.socketio.packets import CLOSE, NOOP, PING, Version

_log = logging.getLogger("tertulia.socket")

MOST_WAITING = 256 * 1024
"""Characters that may wait for one client, beside a first packet of any length."""

MOST_PACKETS = 1000


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. interval: between two signs of life. timeout: that one may be late.

    connect: from the beginning to the first namespace. probe: that a change to a WebSocket may
    take. linger: that the last packets get at the end.
    """

    interval: float = 25.0
    timeout: float = 20.0
    connect: float = 20.0
    probe: float = 10.0
    linger: float = 1.0


def new_name() -> str:
    """Return a name that nobody can guess, of 20 characters."""
    return secrets.token_urlsafe(15)


class Link:
    """A session. on_end: told once. ended: set when it is over.

    is_socket: it goes over a WebSocket, and no longer over requests. was_slow: it ended because
    the client took nothing.
    """

    def __init__(self, version: Version, pace: Pace, on_end: Callable[["Link"], None]) -> None:
        self.sid = new_name()
        self.version: Version = version
        self.pace = pace
        self.is_socket = False
        self.ended = asyncio.Event()
        self.was_slow = False
        self._on_end = on_end
        self._upgrading = False
        self._leaving = False
        self._polls = 0
        self._waiting: deque[str] = deque()
        self._size = 0
        self._moved = asyncio.Event()
        self._pulse = _Pulse(version, pace, ask=lambda: self.send(PING), give_up=self.end)

    def send(self, packet: str, *, first: bool = False) -> None:
        """Let a packet wait for the client; too much ends the session. first: before all others."""
        if self.ended.is_set() or self._leaving:
            return
        full = self._size + len(packet) > MOST_WAITING or len(self._waiting) >= MOST_PACKETS
        if self._waiting and full:
            _log.warning(
                "T896 a client of socketio does not take what it is sent, and is let go; the "
                "messages are in the conversation"
            )
            self.was_slow = True
            self.end()
            return
        if first:
            self._waiting.appendleft(packet)
        else:
            self._waiting.append(packet)
        self._size += len(packet)
        self._wake()

    async def poll(self) -> list[str]:
        """Wait for packets and return them for one request; the newest request gets them.

        The last packet of a session that has ended is CLOSE; none where the server leaves.
        """
        self._polls += 1
        mine = self._polls
        self._wake()
        while self._is_quiet() and mine == self._polls and not self._upgrading:
            await self._moved.wait()
        if self.ended.is_set():
            return [] if self._leaving else [CLOSE]
        if self._upgrading or mine != self._polls:
            return [NOOP]
        return self._take()

    async def next(self) -> list[str]:
        """Wait for packets and return them for a WebSocket; none once the session has ended."""
        while self._is_quiet():
            await self._moved.wait()
        return self._take()

    def upgrade(self, *, begins: bool) -> None:
        """Note that a WebSocket is tried beside the requests, or that the trial is over."""
        self._upgrading = begins
        self._wake()

    def heard(self) -> None:
        """Note a sign of life."""
        if not self.ended.is_set():
            self._pulse.begin()

    def leave(self) -> None:
        """End when nothing waits any more; nothing is added from now on."""
        self._leaving = True
        if not self._waiting:
            self.end()

    def end(self) -> None:
        """End at once; what waits is dropped."""
        if self.ended.is_set():
            return
        self.ended.set()
        self._pulse.stop()
        self._waiting.clear()
        self._on_end(self)
        self._wake()

    def _is_quiet(self) -> bool:
        return not self._waiting and not self.ended.is_set()

    def _take(self) -> list[str]:
        taken = list(self._waiting)
        self._waiting.clear()
        self._size = 0
        if self._leaving:
            self.end()
        return taken

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class _Pulse:
    """Whether a client lives: of version 4 it is asked, of version 3 it is the one who asks."""

    def __init__(
        self, version: Version, pace: Pace, ask: Callable[[], None], give_up: Callable[[], None]
    ) -> None:
        self._asks = version == 4
        self._pace = pace
        self._ask = ask
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.begin()

    def begin(self) -> None:
        """Begin another interval."""
        self.stop()
        if self._asks:
            self._timer = self._loop.call_later(self._pace.interval, self._beat)
        else:
            late = self._pace.interval + self._pace.timeout
            self._timer = self._loop.call_later(late, self._give_up)

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        self._timer = self._loop.call_later(self._pace.timeout, self._give_up)
        self._ask()
