"""Another server that the product asks; the test reads each request, and then answers it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

_PATIENCE = 60


class Reply(NamedTuple):
    """What is answered. hold: before the second half of the body is sent."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    hold: asyncio.Event | None = None


class Asked:
    """A request that waits for its answer. headers: names in lower case."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self._reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def answer(self, reply: Reply) -> None:
        self._reply.set_result(reply)

    async def reply(self) -> Reply:
        return await self._reply


class Peer:
    """Takes requests. port: where, on this machine."""

    def __init__(self) -> None:
        self.port = 0
        self.count = 0
        self._asked: asyncio.Queue[Asked] = asyncio.Queue()

    async def next(self) -> Asked:
        """Return the next request; it is still to be answered."""
        return await asyncio.wait_for(self._asked.get(), _PATIENCE)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = head[0].split(" ")
        asked = Asked(method, path, headers, body)
        self.count += 1
        self._asked.put_nowait(asked)
        reply = await asked.reply()
        await _send(writer, reply)
        writer.close()


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    sized = {} if reply.status in (204, 304) else {"Content-Length": str(len(reply.body))}
    headers = {**reply.headers, **sized, "Connection": "close"}
    lines = [f"HTTP/1.1 {reply.status} x", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    half = len(reply.body) // 2
    writer.write("\r\n".join(lines).encode() + reply.body[:half])
    await writer.drain()
    if reply.hold is not None:
        await reply.hold.wait()
    writer.write(reply.body[half:])
    await writer.drain()


@asynccontextmanager
async def listening() -> AsyncGenerator[Peer]:
    """Listen on a free port until the block ends."""
    peer = Peer()
    server = await asyncio.start_server(peer._take, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
