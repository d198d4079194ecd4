"""Clients that take their time, send without end, or only hold connections."""

import contextlib
import socket
import threading
import time

from tests.hostile.target import (
    BODY_SECONDS,
    CONNECTIONS,
    HEADER_SECONDS,
    MIB,
    Target,
    error_code,
    read_to_end,
    request,
    status_of,
)

EVENTS = "/conversations/u/tracker/events"


def test_a_body_that_does_not_come_is_not_waited_for(target: Target) -> None:
    with target.connection() as slow:
        slow.sendall(request("POST", EVENTS, b"[", length="1000"))
        target.answers()
        answer = read_to_end(slow)
    assert (status_of(answer), error_code(answer)) == (408, "T852")


def test_a_body_that_dribbles_is_not_waited_for_either(target: Target) -> None:
    with target.connection() as slow:
        slow.sendall(request("POST", EVENTS, b"[", length="1000"))
        deadline = time.monotonic() + BODY_SECONDS + 10
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                slow.sendall(b" ")
                time.sleep(0.1)
        assert time.monotonic() < deadline


def test_headers_that_dribble_end_the_connection(target: Target) -> None:
    with target.connection() as slow:
        deadline = time.monotonic() + HEADER_SECONDS + 10
        slow.sendall(b"GET /version HTTP/1.1\r\n")
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                slow.sendall(b"X-A: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() < deadline


def test_who_says_nothing_is_not_kept(target: Target) -> None:
    with target.connection() as silent:
        assert read_to_end(silent) == b""


def test_headers_without_end_stay_out_of_memory(target: Target) -> None:
    before = target.peak()
    with target.connection() as endless, contextlib.suppress(OSError):
        endless.sendall(b"GET /version HTTP/1.1\r\nX-A: ")
        for _ in range(200):
            endless.sendall(b"x" * MIB)
    assert target.peak() - before < 32 * MIB


def test_chunks_without_end_are_refused(target: Target) -> None:
    before = target.peak()
    head = (
        b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
    with target.connection() as endless:
        endless.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(500):
                endless.sendall(piece)
            raise AssertionError("the server took everything")
    assert target.peak() - before < 64 * MIB


def test_more_connections_than_there_may_be_are_told_so(target: Target) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            held.enter_context(target.connection())
        answer = target.send(request("GET", "/version"))
        assert (status_of(answer), error_code(answer)) == (503, "T855")
        assert b"Retry-After: 1" in answer


def test_slow_clients_delay_nobody(target: Target) -> None:
    with contextlib.ExitStack() as held:
        slow = [held.enter_context(target.connection()) for _ in range(CONNECTIONS // 2)]
        for each in slow:
            each.sendall(request("POST", EVENTS, b"[", length="1000"))
        target.answers()
        for each in slow:
            assert status_of(read_to_end(each)) == 408


def test_clients_that_leave_at_once_leave_nothing(target: Target) -> None:
    def hit() -> None:
        for _ in range(20):
            with target.connection() as brief:
                brief.sendall(request("POST", EVENTS, b"[]"))
                brief.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
                )

    hitting = [threading.Thread(target=hit) for _ in range(3)]
    for thread in hitting:
        thread.start()
    for thread in hitting:
        thread.join(30)
    assert not any(thread.is_alive() for thread in hitting)
