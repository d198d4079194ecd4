"""Questions and answers between two processes over a socket, both ways, a JSON object a line."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import msgspec

Json = Any
Handler = Callable[[Json], Awaitable[Json]]

_LONGEST = 256 * 1024 * 1024
"""Bytes of a line. The sockets lead to our own processes only."""


class WireError(Exception):
    """The other end is gone, or could not do what was asked; the text says why."""


class Wire:
    """One end. handlers: by verb; each is run as a task of its own, its result is the answer."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handlers = handlers
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._tasks: set[asyncio.Task[Json]] = set()

    @classmethod
    async def over(cls, end: socket.socket, handlers: Mapping[str, Handler]) -> "Wire":
        """Return the end of a connected socket."""
        reader, writer = await asyncio.open_connection(sock=end, limit=_LONGEST)
        return cls(reader, writer, handlers)

    async def call(self, verb: str, data: Json = None) -> Json:
        """Ask the other end; return its answer.

        Raises:
            WireError: it is gone, or failed.
        """
        number = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send({"ask": number, "verb": verb, "data": data})
            return await answer
        finally:
            self._waiting.pop(number, None)

    def tell(self, verb: str, data: Json = None) -> None:
        """Let the other end know something; nothing comes back."""
        self._send({"verb": verb, "data": data})

    async def listen(self) -> None:
        """Take what comes until the other end is gone."""
        try:
            while line := await self._reader.readline():
                self._take(msgspec.json.decode(line))
        except (OSError, msgspec.DecodeError):
            pass  # it died within a line
        finally:
            self.close()

    def close(self) -> None:
        """Hang up; whoever waits for an answer is told."""
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(WireError("the other process is gone"))

    def _take(self, message: dict[str, Json]) -> None:
        if "verb" in message:
            self._perform(message)
            return
        answer = self._waiting.get(message["answer"])
        if answer is None or answer.done():
            return
        if message.get("error") is not None:
            answer.set_exception(WireError(message["error"]))
        else:
            answer.set_result(message.get("data"))

    def _perform(self, message: dict[str, Json]) -> None:
        handler = self._handlers[message["verb"]]

        async def work() -> Json:
            return await handler(message.get("data"))

        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._reply(message.get("ask"), done))

    def _reply(self, number: int | None, task: "asyncio.Task[Json]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or number is None:
            return
        error = task.exception()
        if error is not None:
            self._send({"answer": number, "error": f"{type(error).__name__}: {error}"})
        else:
            self._send({"answer": number, "data": task.result()})

    def _send(self, message: dict[str, Json]) -> None:
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\n")
        elif "ask" in message:
            raise WireError("the other process is gone")
