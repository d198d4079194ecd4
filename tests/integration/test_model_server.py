"""A running server pulls models from a model server, whatever that sends."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tertulia.client import ServerRefused
from tertulia.model.archive import write_model
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, Settings, train
from tests.http.trained import ESCAPED, HOSTILE, IDS, YAML, trained

from .programs import Server, serving

Reply = tuple[int, dict[str, str], bytes]
NOTHING_NEW: Reply = (304, {}, b"")
PATIENCE = 60.0


class ModelServer:
    """A server on this machine.

    reply: what it answers now. seen: tags it was asked with. sent: tags of models it has sent.
    """

    def __init__(self) -> None:
        self.reply: Reply = (404, {}, b"")
        self.seen: list[str | None] = []
        self.sent: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(self.headers.get("If-None-Match"))
                status, headers, body = outer.reply
                if headers.get("ETag") == outer.seen[-1]:
                    status, headers, body = NOTHING_NEW
                elif status == 200:
                    outer.sent.append(headers.get("ETag"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:  # type: ignore[override]
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/bot@latest"

    def offer(self, tag: str, data: bytes, **headers: str) -> None:
        self.reply = (200, {"ETag": tag, **headers}, data)


@pytest.fixture
def source() -> Iterator[ModelServer]:
    server = ModelServer()
    thread = threading.Thread(target=server.http.serve_forever)
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def project(folder: Path, source: ModelServer, wait: str = "1") -> Path:
    (folder / "endpoints.yml").write_text(
        f"models:\n  url: {source.url}\n  wait_time_between_pulls: {wait}\n"
    )
    return folder


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def served_id(server: Server) -> str | None:
    try:
        return server.client.status().model_id
    except ServerRefused as refused:
        if refused.status != 409:
            raise
        return None


def test_a_server_without_a_model_serves_the_one_that_appears(
    tmp_path: Path, source: ModelServer
) -> None:
    with serving("--enable-api", folder=project(tmp_path, source)) as server:
        assert server.say("hi") == []
        source.offer("h1", trained("yo"), filename="../../../evil/my-bot.tar.gz")
        until(lambda: served_id(server))
        assert server.client.status().model_file == "my-bot.tar.gz"
        assert server.say("hi") == ["yo"]
        asked = len(source.seen)
        until(lambda: len(source.seen) > asked)
        assert source.seen[-1] == "h1"
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            ".tertulia",
            "endpoints.yml",
            "server-output.log",
        ]


def test_the_first_model_is_there_when_the_server_is(tmp_path: Path, source: ModelServer) -> None:
    source.offer("h1", trained("yo"))
    with serving("--enable-api", folder=project(tmp_path, source, "None")) as server:
        assert served_id(server) == IDS["yo"]
        assert source.seen == [source.seen[0]]


@pytest.mark.parametrize(
    "fault",
    [
        (500, {"ETag": "x"}, b"broken"),
        (204, {"ETag": "x"}, b""),
        (302, {"Location": "http://127.0.0.1:1/", "ETag": "x"}, b""),
        (200, {}, trained("ahoy")),
        (200, {"ETag": "x"}, HOSTILE["tar with a way out"]),
        (200, {"ETag": "x"}, HOSTILE["zip with an absolute path"]),
        (200, {"ETag": "x"}, HOSTILE["gzip bomb"]),
        (200, {"ETag": "x"}, b"garbage"),
    ],
    ids=["500", "204", "redirect", "no tag", "way out", "absolute", "bomb", "garbage"],
)
def test_whatever_the_model_server_does_the_model_stays_and_the_next_one_comes(
    fault: Reply, tmp_path: Path, source: ModelServer
) -> None:
    source.offer("h1", trained("yo"))
    with serving("--enable-api", folder=project(tmp_path, source)) as server:
        assert served_id(server) == IDS["yo"]
        source.reply = fault
        asked = len(source.seen)
        until(lambda: len(source.seen) >= asked + 2)
        assert served_id(server) == IDS["yo"]
        assert server.say("hi") == ["yo"]
        source.offer("h2", trained("ahoy"))
        until(lambda: served_id(server) == IDS["ahoy"])
        assert server.say("hi") == ["ahoy"]
    assert not Path(ESCAPED).exists()


def test_one_worker_asks_the_model_server_and_all_serve_what_it_sends(
    tmp_path: Path, source: ModelServer
) -> None:
    def found(server: Server) -> set[str | None]:
        return {served_id(server) for _ in range(40)}

    source.offer("h1", trained("yo"))
    options = ("--enable-api", "--workers", "3")
    with serving(*options, folder=project(tmp_path, source)) as server:
        until(lambda: found(server) == {IDS["yo"]})
        source.offer("h2", trained("ahoy"))
        until(lambda: served_id(server) == IDS["ahoy"])
        assert found(server) == {IDS["ahoy"]}
        assert server.say("hi") == ["ahoy"]
        asked = len(source.seen)
        until(lambda: len(source.seen) >= asked + 3)
        assert source.sent == ["h1", "h2"]
        assert server.stop() == 0


def test_a_request_switches_to_an_allowed_model_server(tmp_path: Path, source: ModelServer) -> None:
    source.offer("h1", trained("ahoy"))
    options = ("--enable-api", "--outgoing-host", "127.0.0.1")
    body = {"model_server": {"url": source.url, "wait_time_between_pulls": 1}}
    with serving(*options, folder=tmp_path) as server:
        assert server.ask("/model", body, method="PUT")[0] == 204
        assert served_id(server) == IDS["ahoy"]
        source.offer("h2", trained("yo"))
        until(lambda: served_id(server) == IDS["yo"])
        source.reply = (404, {}, b"")
        assert server.ask("/model", body, method="PUT")[0] == 400
        assert served_id(server) == IDS["yo"]


def test_examples_are_tested_with_the_model_of_an_allowed_server(
    tmp_path: Path, source: ModelServer
) -> None:
    def tested(server: Server) -> tuple[int, Any]:
        body = "nlu:\n- intent: hi\n  examples: |\n    - hey\n"
        path = f"/model/test/intents?model={source.url}"
        return server.ask(path, body.encode(), {"Content-Type": "application/x-yaml"})

    with serving("--enable-api", "--outgoing-host", "127.0.0.1", folder=tmp_path) as server:
        status, answer = tested(server)
        assert (status, answer["error_code"]) == (400, "T830")
        source.offer("h1", trained("yo"))
        status, answer = tested(server)
        assert (status, answer["intent_evaluation"]["accuracy"]) == (200, 1.0)
        source.offer("h2", b"garbage")
        status, answer = tested(server)
        assert (status, answer["error_code"]) == (400, "T839")
        assert server.client.version().version
        assert server.stop() == 0
    with serving("--enable-api", folder=tmp_path) as server:
        asked = len(source.seen)
        status, answer = tested(server)
        assert (answer["error_code"], len(source.seen)) == ("T832", asked)


def test_a_pulled_0x_model_understands_with_the_nlu_model_of_the_command_line(
    tmp_path: Path, source: ModelServer
) -> None:
    (tmp_path / "all.yml").write_text(YAML)
    path = (tmp_path / "all.yml",)
    data = read_project(Project(config=path, nlu=path))
    write_model(
        train(data, Identity(model_id="c" * 32, created="now"), Settings(core=False)),
        tmp_path / "nlu",
        "folder",
    )
    core = read_project(Project(config=path, domain=path, stories=path))
    write_model(
        train(core, Identity(model_id="d" * 32, created="now"), Settings(nlu=False)),
        tmp_path / "core.tar.gz",
        "tar.gz",
    )
    source.offer("h1", (tmp_path / "core.tar.gz").read_bytes())
    command = ("-m", "rasa_core.run", "--enable_api", "-d", "models/none", "-u", "nlu")
    with serving(
        "--endpoints",
        "endpoints.yml",
        folder=project(tmp_path, source),
        command=(sys.executable, *command),
    ) as server:
        assert server.say("hey") == ["yo"]


def test_servers_that_ask_one_model_server_agree_on_its_newest_model(
    tmp_path: Path, source: ModelServer
) -> None:
    source.offer("h1", trained("yo"))
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        project(folder, source)
    with serving("--enable-api", folder=folders[0]) as first:
        until(lambda: served_id(first) == IDS["yo"])
        source.offer("h2", trained("ahoy"))
        with serving("--enable-api", folder=folders[1]) as second:
            for server in (first, second):
                until(lambda each=server: served_id(each) == IDS["ahoy"])
                assert server.say("hi") == ["ahoy"]
