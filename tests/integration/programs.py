"""Runs the programs of the package as a person does: in processes of their own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

from tertulia.client import Client

Json = Any

EXAMPLES = Path(__file__).parents[2] / "examples"
TERTULIA = (str(Path(sys.executable).with_name("tertulia")),)
_PATIENCE = 240.0
_ADDRESS = re.compile(r"address\s+(https?)://\S+:(\d+)")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Done:
    """How a program ended."""

    status: int
    out: str
    err: str


def old(module: str) -> tuple[str, ...]:
    """Return the command that runs a 0.x module."""
    return (sys.executable, "-m", module)


def run(
    *args: str | Path,
    folder: Path,
    command: Sequence[str] = TERTULIA,
    typed: str = "",
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run a program to its end."""
    done = subprocess.run(
        [*command, *map(str, args)],
        cwd=folder,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def copied(name: str, folder: Path) -> Path:
    """Return a copy of an example bot without what runs left in it."""
    ignored = shutil.ignore_patterns("models", ".tertulia", "*.log", "__pycache__")
    return Path(shutil.copytree(EXAMPLES / name, folder / name, ignore=ignored))


def connected(base: str, **options: Any) -> Client:
    """Return a client that connects anew for each request, so that every worker gets some."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    transport = httpx2.HTTPTransport(limits=limits, verify=options.pop("verify", False))
    return Client(base, transport=transport, timeout=_PATIENCE, **{"attempts": 1, **options})


class Server:
    """A running server. base: its address. log: what it wrote so far."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.base = self._wait()

    @property
    def log(self) -> str:
        """What the server wrote on standard error and output."""
        return self._log.read_text("utf-8", "replace")

    def _wait(self) -> str:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if found := _ADDRESS.search(self.log):
                return f"{found[1]}://127.0.0.1:{found[2]}"
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{self.log}")

    @cached_property
    def client(self) -> Client:
        """A client of this server. What it says is sent once, so that every failure is seen."""
        return connected(self.base)

    def events(self, sender: str = "me") -> list[Json]:
        """Return all events of a conversation."""
        found = self.client.conversation(sender).tracker(include_events="ALL")
        return found.events or []

    def ask(
        self,
        path: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str | None = None,
    ) -> tuple[int, Json]:
        """Send a request; return status and body, as JSON where it is JSON.

        For what no client of ours sends: pages, routes of 0.x, wrong or odd credentials and bodies.
        method: POST with a body and GET without one, if it is not said.
        """
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kinds = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(
            self.base + path, data=data, headers={**kinds, **(headers or {})}, method=method
        )
        try:
            with _DIRECT.open(request, timeout=_PATIENCE) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def allowed_origin(self, origin: str) -> str | None:
        """Return which origin's pages may read an answer, when this one asks.

        Of what browsers send and read, a client knows nothing.
        """
        address = f"{self.base}/webhooks/rest/"
        request = urllib.request.Request(address, headers={"Origin": origin})
        with _DIRECT.open(request, timeout=_PATIENCE) as answer:
            return answer.headers.get("Access-Control-Allow-Origin")

    def say(self, text: str, sender: str = "me") -> list[str]:
        """Say something; return the texts of the answer."""
        messages = self.client.conversation(sender).say(text)
        return [message.text for message in messages if message.text is not None]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)


def _decoded(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


@contextmanager
def serving(
    *args: str | Path,
    folder: Path,
    command: Sequence[str] = (*TERTULIA, "run"),
    stdin: int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    port: str = "0",
) -> Iterator[Server]:
    """Serve on a free port (or `port`) until the block ends."""
    log = folder / "server-output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *map(str, args), "--port", port],
            cwd=folder,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
    server: Server | None = None
    try:
        server = Server(process, log)
        yield server
    finally:
        if server is not None:
            server.client.close()
        if process.poll() is None:
            process.kill()
            process.wait(_PATIENCE)
        if process.stdin is not None:
            process.stdin.close()
