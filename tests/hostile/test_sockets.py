"""Clients of the Socket.IO channel that send what they should not, or take nothing."""

import contextlib
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.target import (
    CONNECTIONS,
    MIB,
    Target,
    attacked,
    error_code,
    head_of,
    request,
    status_of,
)
from tests.integration.programs import copied, run

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
ADDRESS = "/socket.io/?EIO=4&transport="


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    bot: Path = copied("smalltalk", tmp_path_factory.mktemp("sockets"))
    (bot / "credentials.yml").write_text("socketio:\n  session_persistence: true\n")
    assert run("train", "--fixed-model-name", "bot", folder=bot).status == 0
    with attacked(bot) as found:
        yield found


def frame(data: bytes, kind: int = TEXT, *, length: int | None = None) -> bytes:
    """Return a whole frame of a client. length: what it says of itself, if that is a lie."""
    size = len(data) if length is None else length
    if size < 126:
        head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
    return head + bytes(4) + data  # a mask of zeros changes nothing


class Socket:
    """A WebSocket without any manners."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._read = connection.makefile("rb")
        connection.sendall(
            f"GET {ADDRESS}websocket HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self.head = b"".join(iter(self._read.readline, b"\r\n")).decode().lower()
        assert self.head.startswith("http/1.1 101")
        assert self.next().startswith("0{")

    def enter(self) -> None:
        self.send("40")
        assert self.next().startswith("40{")

    def send(self, text: str) -> None:
        self.connection.sendall(frame(text.encode()))

    def next(self) -> str:
        """Return the next text; the code where the server closes."""
        kind, size = self._read.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", self._read.read(2))
        data = self._read.read(size)
        if kind & 15 == CLOSE:
            return str(struct.unpack("!H", data[:2])[0])
        return data.decode()

    def lives(self) -> None:
        """Hold that the connection is served."""
        self.send('427["session_request",{"session_id":"u"}]')
        while self.next() != "437[]":
            pass


@contextmanager
def connected(target: Target) -> Iterator[Socket]:
    with target.connection() as connection:
        yield Socket(connection)


def test_compression_is_not_taken_up(target: Target) -> None:
    with connected(target) as client:
        assert "extensions" not in client.head


@pytest.mark.parametrize("length", [1_000_001, 1 << 40, (1 << 63) - 1])
def test_a_frame_that_is_too_long_is_not_waited_for(target: Target, length: int) -> None:
    before = target.peak()
    with connected(target) as client:
        client.connection.sendall(frame(b"4" * 100, length=length))
        assert client.next() == "1009"
    assert target.peak() - before < 8 * MIB


def test_a_message_in_endless_pieces_stays_out_of_memory(target: Target) -> None:
    before = target.peak()
    piece = b"x" * 65_000
    first = struct.pack("!BBH", TEXT, 0x80 | 126, len(piece)) + bytes(4) + piece
    more = struct.pack("!BBH", 0, 0x80 | 126, len(piece)) + bytes(4) + piece
    with connected(target) as client, contextlib.suppress(OSError):
        client.connection.sendall(first)
        for _ in range(2000):
            client.connection.sendall(more)
        raise AssertionError("the server took everything")
    assert target.peak() - before < 32 * MIB


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"4\xff\xfe"), "1007"),
        (frame(b"hello", BINARY), "1002"),
        (frame(b"x", 3), "1002"),
        (frame(b""), "1002"),
        (frame(b"nonsense"), "1002"),
        (frame(b'42["user_uttered",{"message":"hello"}]'), "1002"),
        (frame(b"40" + b"[" * 10_000), "1002"),
        (b"\x81\x05hello", "1002"),  # not masked
        (frame(b"x" * 200, PING), "1002"),
    ],
)
def test_what_is_no_packet_ends_the_connection(target: Target, data: bytes, code: str) -> None:
    with connected(target) as client:
        client.connection.sendall(data)
        assert client.next() == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("[" * 10_000, "T803"),
        ('["user_uttered",' + '{"message":' * 10_000 + "1" + "}" * 10_000 + "]", "T803"),
        ('["user_uttered",{"message":"\\ud800","session_id":"u"}]', "T801"),
        ('["user_uttered",{"message":"x","session_id":"\\udfff"}]', "T801"),
        ('["user_uttered",{"message":"x","session_id":"u","metadata":"%s"}]' % ("[" * 9_999), "T8"),
        ('["user_uttered"]', "T817"),
        ('["user_uttered",1e999]', "T8"),
        ("{}", "T885"),
        ("[]", "T885"),
        ("", "T801"),
    ],
)
def test_events_that_cannot_be_read_are_refused(target: Target, data: str, code: str) -> None:
    with connected(target) as client:
        client.enter()
        client.send(f"421{data}")
        answer = client.next()
        assert answer.startswith("431[")
        assert json.loads(answer[3:])[0]["error_code"].startswith(code)
        client.lives()


def pour(target: Target, client: Socket, frames: bytes, times: int) -> None:
    """Send more than a server may take from who reads nothing; others are answered meanwhile."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            client.connection.sendall(frames)
        raise AssertionError("the server took everything")
    target.answers()


def test_pings_that_nobody_reads_the_answers_of_stay_out_of_memory(target: Target) -> None:
    before = target.peak()
    many = frame(b"x" * 125, PING) * 8000
    with connected(target) as client:
        client.connection.settimeout(1)
        pour(target, client, many, 100)
    assert target.peak() - before < 16 * MIB


def test_who_takes_nothing_is_not_read_from(target: Target) -> None:
    before = target.peak()
    ask = frame(b'42["session_request",{"session_id":"%s"}]' % (b"u" * 1000)) * 500
    with connected(target) as client:
        client.enter()
        pour(target, client, ask, 200)
    assert target.peak() - before < 32 * MIB


def test_who_asks_for_much_at_once_and_reads_is_answered_all(target: Target) -> None:
    asked = b"".join(frame(f"42{number}[]".encode()) for number in range(5000))
    with connected(target) as client:
        client.enter()
        client.connection.sendall(asked)
        for number in range(5000):
            assert client.next().startswith(f"43{number}[")


def test_sessions_are_counted(target: Target) -> None:
    statuses: list[int] = []
    for _ in range(CONNECTIONS + 5):
        answer = target.send(request("GET", f"{ADDRESS}polling"))
        statuses.append(status_of(answer))
    assert statuses[-1] == 503
    assert error_code(answer) == "T855"
    assert "retry-after" in head_of(answer)


def test_a_body_that_is_too_large_is_refused(target: Target) -> None:
    body = b"4" * 1_000_001
    answer = target.send(request("POST", f"{ADDRESS}polling&sid=x", body))
    assert (status_of(answer), error_code(answer)) in ((413, "T802"), (400, "T897"))


@pytest.mark.parametrize(
    "query",
    ["", "?EIO=4", "?EIO=5&transport=polling", "?EIO=4&transport=polling&j=0",
     "?EIO=4&transport=websocket", "?EIO=4&transport=polling&sid=%00", "?EIO=%FF&transport=polling",
     "?EIO=4&transport=polling&sid=" + "x" * 5000],
)  # fmt: skip
def test_requests_that_are_none_of_a_client_are_refused(target: Target, query: str) -> None:
    for method in ("GET", "POST"):
        answer = target.send(
            request(method, f"/socket.io/{query}", b"4" if method == "POST" else b"")
        )
        assert (status_of(answer), error_code(answer)) == (400, "T897")


def test_a_handshake_without_its_key_is_refused(target: Target) -> None:
    with target.connection() as connection:
        connection.sendall(
            f"GET {ADDRESS}websocket HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n\r\n".encode()
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")


def test_other_addresses_are_no_websockets(target: Target) -> None:
    for path in ("/", "/webhooks/rest/webhook", "/conversations/u/tracker", "/nothing"):
        with target.connection() as connection:
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert connection.recv(65536).split()[1] in (b"403", b"404")
