"""The end of a real server: signals while turns are under way."""

import contextlib
import http.client
import json
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tertulia.client import ServerRefused, ServerUnreachable
from tests.integration.programs import Server, run, serving

DOMAIN = """version: "3.1"
intents: [slow]
actions: [action_slow]
responses:
  utter_done:
  - text: done
"""
RULES = """version: "3.1"
rules:
- rule: slow
  steps:
  - intent: slow
  - action: action_slow
  - action: utter_done
"""
CONFIG = "recipe: default.v1\nlanguage: en\npipeline: []\npolicies:\n- name: RulePolicy\n"


class Slow:
    """An action server that answers when it is let go."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.called.set()
                outer.go.wait(60)
                body = b'{"events": [], "responses": []}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_request(self, *args: object) -> None:  # type: ignore[override]
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.go.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    (folder / "data").mkdir()
    (folder / "domain.yml").write_text(DOMAIN)
    (folder / "data" / "rules.yml").write_text(RULES)
    (folder / "config.yml").write_text(CONFIG)
    done = run("train", folder=folder)
    assert done.status == 0, done.err
    return folder


@pytest.fixture
def bot(trained: Path, tmp_path: Path, slow: Slow) -> Path:
    folder = Path(shutil.copytree(trained, tmp_path / "bot"))
    url = f"http://127.0.0.1:{slow.port}/webhook"
    (folder / "endpoints.yml").write_text(f"action_endpoint:\n  url: {url}\n")
    return folder


@contextmanager
def talking(server: Server, slow: Slow) -> Iterator[list[str]]:
    """A user whose turn is under way in the block; the answer is there after it."""
    heard: list[str] = []
    talker = threading.Thread(target=lambda: heard.extend(server.say("/slow")))
    talker.start()
    assert slow.called.wait(60)
    yield heard
    talker.join(60)


def until_refused(server: Server) -> tuple[int, str | None]:
    """Say something until the server takes no more turns; return status and `Retry-After`."""
    address = ("127.0.0.1", int(server.base.rpartition(":")[2]))
    body = json.dumps({"sender": "other", "message": "/nothing"}).encode()
    head = (
        "POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(500):
        with socket.create_connection(address, 60) as connection:
            connection.sendall(head.encode() + body)
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        status = int(answer.split()[1])
        if status != 200:
            found = [line for line in answer.splitlines() if line.lower().startswith("retry-after")]
            return status, found[0].partition(": ")[2] if found else None
        threading.Event().wait(0.01)
    raise AssertionError("every message was taken")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_turn_under_way_ends_while_new_ones_are_refused(
    bot: Path, slow: Slow, number: int
) -> None:
    with serving("--enable-api", folder=bot) as server:
        with talking(server, slow) as heard:
            server.process.send_signal(number)
            assert until_refused(server) == (503, "5")
            assert server.client.status().model_id
            assert server.ask("/health/live") == (200, {"status": "ok"})
            status, health = server.ask("/health/ready")
            assert (status, health["accepting"], health["store"]) == (503, "failed", "ok")
            assert not server.client.ready()
            slow.go.set()
        assert heard == ["done"]
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.log


def test_a_turn_that_hangs_does_not_keep_the_server(bot: Path, slow: Slow) -> None:
    with serving("--shutdown-timeout", "0.5", folder=bot) as server:
        talker = threading.Thread(target=lambda: ask_quietly(server))
        talker.start()
        assert slow.called.wait(60)
        assert server.stop() == 0
        assert "1 turns did not end within" in server.log
        talker.join(60)


def test_a_second_signal_ends_the_server_at_once(bot: Path, slow: Slow) -> None:
    with serving("--shutdown-timeout", "600", folder=bot) as server:
        talker = threading.Thread(target=lambda: ask_quietly(server))
        talker.start()
        assert slow.called.wait(60)
        server.process.send_signal(signal.SIGTERM)
        until_refused(server)
        assert server.stop() == -signal.SIGTERM
        talker.join(60)


SLOW = {"sender": "me", "message": "/slow"}
KEY = {"Idempotency-Key": "the-same-all-along"}


def said_by(server: Server, kind: str) -> list[str]:
    """Return the texts of a conversation's user or bot."""
    return [event["text"] for event in server.events() if event["event"] == kind]


def with_key(server: Server) -> tuple[int, Any]:
    """Say the slow thing with the same key; the client makes a new one for each message."""
    return server.ask("/webhooks/rest/webhook", SLOW, KEY)


def cut_off(server: Server) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        with_key(server)


def test_a_turn_cut_off_by_a_kill_is_not_done_again_by_the_same_key(bot: Path, slow: Slow) -> None:
    with serving("--enable-api", folder=bot) as server:
        talker = threading.Thread(target=lambda: cut_off(server))
        talker.start()
        assert slow.called.wait(60)
        server.stop(signal.SIGKILL)
        talker.join(60)
    slow.called.clear()
    slow.go.set()
    with serving("--enable-api", folder=bot) as server:
        for _ in range(3):
            status, answer = with_key(server)
            assert (status, answer["error_code"]) == (409, "T842")
        assert not slow.called.is_set(), "the action ran a second time"
        assert said_by(server, "user") == ["/slow"]
        assert server.say("/slow") == ["done"], "the conversation goes on with another key"
        assert said_by(server, "user") == ["/slow", "/slow"]


def test_an_answer_that_was_given_is_given_again_after_a_kill(bot: Path, slow: Slow) -> None:
    slow.go.set()
    with serving("--enable-api", folder=bot) as server:
        first = with_key(server)
        assert first[0] == 200
        server.stop(signal.SIGKILL)
    slow.called.clear()
    with serving("--enable-api", folder=bot) as server:
        assert with_key(server) == first
        assert not slow.called.is_set(), "the action ran a second time"
        assert said_by(server, "user") == ["/slow"]
        assert said_by(server, "bot") == ["done"]


def ask_quietly(server: Server) -> None:
    """Say something to a server that will not answer."""
    try:
        server.say("/slow")
    except (ServerRefused, ServerUnreachable):
        return
