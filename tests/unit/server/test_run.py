"""Serving for real: address, readiness, signals."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tertulia.base.errors import ConfigError
from tertulia.server import protocol
from tertulia.server.run import Certificate, run, serve


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """An application that says hello, and takes part in start and stop."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def failing(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": ""})


def leave_with(number: int, seen: list[str]) -> Callable[[str], None]:
    """Return a callback that sends this process a signal once it is served."""

    def ready(address: str) -> None:
        seen.append(address)
        os.kill(os.getpid(), number)

    return ready


async def visited_by(visit: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Serve until the visitor, who is given the port, has ended it."""

    def ready(address: str) -> None:
        tasks.append(asyncio.create_task(visit(int(address.rpartition(":")[2]))))

    tasks: list[asyncio.Task[None]] = []
    await serve(answering, "127.0.0.1", 0, on_ready=ready)
    await tasks[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_serving_by_returning(number: int) -> None:
    seen: list[str] = []
    run(serve(answering, "127.0.0.1", 0, on_ready=leave_with(number, seen)))
    assert len(seen) == 1
    assert seen[0].startswith("http://127.0.0.1:")


def test_requests_are_answered_at_the_address_that_is_told() -> None:
    answers: list[bytes] = []

    async def ask(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers.append(await reader.read())
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)

    run(visited_by(ask))
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert answers[0].endswith(b"hello")
    assert b"server:" not in answers[0].lower()


@pytest.mark.parametrize("asked_before", [0, 1])
def test_a_request_on_its_way_while_the_server_leaves_is_answered(
    asked_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LAST_CALL", 20.0)
    answers: list[bytes] = []

    async def ask(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(asked_before):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"hello")
        os.kill(os.getpid(), signal.SIGTERM)
        await until_refused(port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answers.append(await reader.read())
        writer.close()

    run(visited_by(ask))
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answers[0]
    assert answers[0].endswith(b"hello")


def test_a_connection_that_asks_nothing_does_not_keep_the_server() -> None:
    left: list[bytes] = []

    async def be_silent(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HT")
        os.kill(os.getpid(), signal.SIGTERM)
        left.append(await reader.read())
        writer.close()

    run(visited_by(be_silent))
    assert left == [b""]


async def until_refused(port: int) -> None:
    """Return once new connections are refused."""
    for _ in range(2000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return
        writer.close()
        await asyncio.sleep(0.01)
    raise AssertionError("connections are still taken")


def test_an_address_that_is_taken_is_an_error_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError) as caught:
            run(serve(answering, "127.0.0.1", taken.getsockname()[1]))
    assert caught.value.code == "T196"
    assert "taken" in caught.value.message
    assert "--port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_is_none_is_an_error(host: str, port: int) -> None:
    with pytest.raises(ConfigError) as caught:
        run(serve(answering, host, port))
    assert caught.value.code == "T196"


def test_a_unix_socket_is_served_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "s"
    seen: list[str] = []
    run(serve(answering, uds=path, on_ready=leave_with(signal.SIGTERM, seen)))
    assert seen == [f"unix:{path}"]
    assert not path.exists()


def test_a_unix_socket_left_behind_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(path))
    seen: list[str] = []
    run(serve(answering, uds=path, on_ready=leave_with(signal.SIGTERM, seen)))
    assert len(seen) == 1


def test_a_file_in_the_place_of_a_unix_socket_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("mine")
    with pytest.raises(ConfigError) as caught:
        run(serve(answering, uds=path))
    assert caught.value.code == "T196"
    assert path.read_text() == "mine"


def test_a_certificate_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("nothing")
    tls = Certificate(certificate=tmp_path / "c", key=tmp_path / "c")
    with pytest.raises(ConfigError) as caught:
        run(serve(answering, "127.0.0.1", 0, tls=tls))
    assert caught.value.code == "T197"


def test_an_application_that_cannot_start_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        run(serve(failing, "127.0.0.1", 0))
    assert caught.value.code == "T198"
