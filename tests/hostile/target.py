"""A server that is attacked over bare sockets, and watched from outside."""

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.programs import Server, serving

TOKEN = "a-token-of-the-owner"
HEADER_SECONDS = 1.5
BODY_SECONDS = 2.0
CONNECTIONS = 120
LIMITS = f"""
limits:
  header_seconds: {HEADER_SECONDS}
  body_seconds: {BODY_SECONDS}
  connections: {CONNECTIONS}
"""
MIB = 1 << 20


class Target:
    """The server under attack. folder: its working directory, which holds the bot."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.port = int(server.base.rpartition(":")[2])

    @contextmanager
    def connection(self, patience: float = 20.0) -> Iterator[socket.socket]:
        with contextlib.closing(
            socket.create_connection(("127.0.0.1", self.port), patience)
        ) as found:
            yield found

    def send(self, data: bytes) -> bytes:
        """Send bytes as they are; return everything that comes until the server closes."""
        with self.connection() as found:
            with contextlib.suppress(OSError):  # the server may close before it has everything
                found.sendall(data)
            return read_to_end(found)

    def peak(self) -> int:
        """Return the most bytes that the process ever had in memory."""
        text = Path(f"/proc/{self.server.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1]) * 1024

    def files(self) -> set[str]:
        """Return every file around the bot but those that a server writes anyway."""
        return {
            str(path)
            for path in self.folder.parent.rglob("*")
            if ".tertulia" not in path.parts and path.name != "server-output.log"
        }

    def answers(self) -> None:
        """Hold that somebody else is answered, and that nothing broke on the way."""
        assert self.server.say("hello", sender="somebody-else")
        assert "Traceback" not in self.server.log


def read_to_end(found: socket.socket) -> bytes:
    pieces: list[bytes] = []
    with contextlib.suppress(ConnectionError):
        while piece := found.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def request(
    method: str, path: str, body: bytes = b"", *headers: str, length: str | None = None
) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: bot",
        "Connection: close",
        f"Authorization: Bearer {TOKEN}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert found is not None, answer[:200]
    return int(found[1])


def head_of(answer: bytes) -> str:
    return answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()


def error_code(answer: bytes) -> str:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error_code"]


@contextmanager
def attacked(folder: Path) -> Iterator[Target]:
    (folder / "endpoints.yml").write_text(LIMITS)
    with serving("--enable-api", folder=folder, env={"TERTULIA_AUTH_TOKEN": TOKEN}) as server:
        yield Target(server, folder)
