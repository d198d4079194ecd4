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
from pathlib import Path
from typing import Any

Json = Any

EXAMPLES = Path(__file__).parents[2] / "examples"
TERTULIA = (str(Path(sys.executable).with_name("tertulia")),)
_PATIENCE = 60.0
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

    def ask(
        self,
        path: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str | None = None,
    ) -> tuple[int, Json]:
        """Send a request; return status and body, as JSON where it is JSON.

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
        """Return which origin's pages may read an answer, when this one asks."""
        address = f"{self.base}/webhooks/rest/"
        request = urllib.request.Request(address, headers={"Origin": origin})
        with _DIRECT.open(request, timeout=_PATIENCE) as answer:
            return answer.headers.get("Access-Control-Allow-Origin")

    def say(self, text: str, sender: str = "me") -> list[str]:
        """Say something; return the texts of the answer."""
        _, messages = self.ask("/webhooks/rest/webhook", {"sender": sender, "message": text})
        return [message["text"] for message in messages if "text" in message]

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
    try:
        yield Server(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(_PATIENCE)
        if process.stdin is not None:
            process.stdin.close()
