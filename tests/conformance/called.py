"""A server that is called back, and compares what it gets with what was recorded."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

Json = Any

_PATIENCE = 60


class Called:
    """Takes calls. address: host and port of this one. recorded: of the recorded one."""

    recorded: ClassVar[str] = "localhost:5099"

    def __init__(self, address: str) -> None:
        self.address = address
        self._calls: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()

    async def next(self) -> tuple[str, Json]:
        """Return path and body of the next call."""
        return await asyncio.wait_for(self._calls.get(), _PATIENCE)

    def so_far(self) -> list[tuple[str, Json]]:
        """Return path and body of each call that was not asked for yet."""
        return [self._calls.get_nowait() for _ in range(self._calls.qsize())]

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self._calls.put_nowait((lines[0].split(" ")[1], _decoded(body)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def _decoded(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:
        return body


@asynccontextmanager
async def called_back() -> AsyncGenerator[Called]:
    """Listen on a free port until the block ends."""
    called = Called("")
    server = await asyncio.start_server(called._take, "127.0.0.1", 0)
    called.address = f"localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield called
