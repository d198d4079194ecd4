"""A running server trains in processes of their own, and is not disturbed by it."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tertulia.model.archive import read_model_bytes
from tests.http.trained import YAML, trained

from .programs import Server, serving

PATIENCE = 60.0
YAML_TYPE = "application/x-yaml"
MANY = "\n".join(f"    - word{n} is number {n} of the {n % 7} things" for n in range(6000))
LONG = YAML.replace(
    "- name: KeywordIntentClassifier",
    "- name: CountVectorsFeaturizer\n- name: DIETClassifier\n  epochs: 300",
).replace(
    "    - hey\n", f"    - hey\n{MANY}\n- intent: bye\n  examples: |\n    - bye\n    - ciao\n"
)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def children_of(pid: int) -> set[int]:
    """Return the processes that this one started and that still run."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[1]) == pid and stat[0] != "Z":
                found.add(int(entry.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def begin_training(server: Server, text: str, query: str = "") -> socket.socket:
    """Send a training request and do not wait for its answer."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)))
    body = text.encode()
    head = f"POST /model/train{query} HTTP/1.1\r\nHost: x\r\nContent-Type: {YAML_TYPE}\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def job_of(server: Server) -> int:
    found: set[int] = set()

    def seen() -> bool:
        found.update(children_of(server.process.pid))
        return bool(found)

    until(seen)
    return next(iter(found))


def jobs(server: Server) -> int:
    return server.client.status().num_active_training_jobs


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.tar.gz").write_bytes(trained())
    return tmp_path


def test_turns_are_answered_while_a_model_is_trained(bot: Path) -> None:
    with serving("--enable-api", folder=bot) as server, begin_training(server, LONG):
        job = job_of(server)
        assert jobs(server) == 1
        for number in range(20):
            assert server.say("hi", sender=f"u{number}") == ["yo"]
        assert is_running(job), "it was over before the turns were"


def test_a_client_that_goes_away_ends_its_training(bot: Path) -> None:
    with serving("--enable-api", folder=bot) as server:
        connection = begin_training(server, LONG)
        job = job_of(server)
        connection.close()
        until(lambda: not is_running(job))
        until(lambda: jobs(server) == 0)
        assert server.say("hi") == ["yo"]
        assert sorted(os.listdir(bot / "models")) == ["m.tar.gz"]


def test_a_server_that_stops_ends_its_training(bot: Path) -> None:
    with (
        serving("--enable-api", folder=bot) as server,
        begin_training(server, LONG) as connection,
    ):
        job = job_of(server)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < PATIENCE / 2
        assert not is_running(job)
        assert b" 503 " in connection.recv(1000).partition(b"\r\n")[0]


def test_a_training_does_not_outlive_a_server_that_was_killed(bot: Path) -> None:
    with serving("--enable-api", folder=bot) as server, begin_training(server, LONG):
        job = job_of(server)
        server.stop(signal.SIGKILL)
        until(lambda: not is_running(job))


class Mailbox:
    """A server that takes what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.posts.append((headers, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:  # type: ignore[override]
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/done"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    thread = threading.Thread(target=box.http.serve_forever)
    thread.start()
    yield box
    box.http.shutdown()
    thread.join()
    box.http.server_close()


def post(server: Server, path: str, text: str) -> tuple[int, Any]:
    return server.ask(path, text.encode(), {"Content-Type": YAML_TYPE})


def test_a_client_is_called_back_with_the_model_or_the_error(bot: Path, mailbox: Mailbox) -> None:
    query = f"?callback_url={mailbox.url}"
    with serving("--enable-api", "--outgoing-host", "127.0.0.1", folder=bot) as server:
        assert post(server, f"/model/train{query}&force_training=true", YAML)[0] == 204
        until(lambda: mailbox.posts)
        headers, body = mailbox.posts.pop()
        assert headers["content-type"] == "application/x-tar"
        assert (bot / "models" / headers["filename"]).read_bytes() == body
        assert read_model_bytes(body).manifest.assistant_id == "tiny"
        assert post(server, f"/model/train{query}", "a: [")[0] == 204
        until(lambda: mailbox.posts)
        headers, body = mailbox.posts.pop()
        assert (headers["content-type"], json.loads(body)["code"]) == ("application/json", 400)
        examples = "nlu:\n- intent: hi\n  examples: |\n    - hey\n"
        assert post(server, f"/model/test/intents{query}", examples)[0] == 204
        until(lambda: mailbox.posts)
        assert json.loads(mailbox.posts.pop()[1])["intent_evaluation"]["accuracy"] == 1.0


def test_a_client_that_is_to_be_called_back_hears_of_the_servers_end(
    bot: Path, mailbox: Mailbox
) -> None:
    with serving("--enable-api", "--outgoing-host", "127.0.0.1", folder=bot) as server:
        assert post(server, f"/model/train?callback_url={mailbox.url}", LONG)[0] == 204
        job_of(server)
        assert server.stop() == 0
    assert json.loads(mailbox.posts[0][1])["code"] == 503
