"""The servers that can be measured: how each is trained, started and asked."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bots import Bot
from load import HOST, Outcome, Plan, Say, encode
from machine import Finished, run_to_end

_LOAD = Path(__file__).with_name("load.py")
_POLL = 0.01
_PATIENCE = 600.0

_SQL_STORE = """tracker_store:
  type: SQL
  dialect: sqlite
  db: conversations.db
"""


@dataclass(frozen=True)
class Engine:
    """A program that trains and serves.

    command: of its command line. durable: where conversations are, and when they are safe.
    database: file that holds the events of a bot's folder, if they can be counted there.
    endpoints: text of that file, if it needs one.
    """

    name: str
    command: tuple[str, ...]
    durable: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    database: str | None = None
    endpoints: str | None = None

    def prepare(self, bot: Bot, place: Path) -> Path:
        """Copy a bot's files to a folder of its own and return that."""
        folder = place / bot.name
        for path in bot.files():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bot.folder / path, target)
        (folder / "credentials.yml").write_text("rest:\n")
        if self.endpoints is not None:
            (folder / "endpoints.yml").write_text(self.endpoints)
        return folder

    def train(self, folder: Path) -> Finished:
        """Train the bot in a folder; an older model must not be there to take from."""
        shutil.rmtree(folder / "models", ignore_errors=True)
        shutil.rmtree(folder / ".rasa", ignore_errors=True)
        return run_to_end((*self.command, "train"), folder, self.environment)


def tertulia() -> Engine:
    """Return this project as installed beside the running Python, with its default store."""
    script = Path(sys.executable).with_name("tertulia")
    return Engine(
        name="tertulia",
        command=(str(script),),
        durable="SQLite, write-ahead log, synchronous=FULL; answered after the commit",
        database=".tertulia/conversations.db",
    )


def rasa(python: Path, *, sqlite: bool) -> Engine:
    """Return the original in another Python. sqlite: its SQL store in place of memory."""
    return Engine(
        name="rasa",
        command=(str(python), "-m", "rasa"),
        durable="SQLite through SQLAlchemy" if sqlite else "none: in memory, its default",
        environment={"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"},
        endpoints=_SQL_STORE if sqlite else "",
    )


@dataclass
class Server:
    """A server that runs. started: seconds from its process's begin to its first answer."""

    engine: Engine
    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    started: float = 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    def drive(
        self,
        script: Sequence[Say],
        conversations: Sequence[str],
        turns: int,
        *,
        clients: int = 1,
        kept: bool = True,
        marks: Sequence[int] = (),
        seconds: float = 600.0,
        others: Sequence[int] = (),
    ) -> Outcome:
        """Let the load generator lead conversations; see Plan.

        Raises:
            RuntimeError: an answer was wrong or missing.
        """
        plan = Plan(
            port=self.port,
            conversations=tuple(conversations),
            turns=turns,
            script=tuple(script),
            clients=clients,
            kept=kept,
            server_pid=self.pid,
            marks=tuple(marks),
            seconds=seconds,
            others=tuple(others),
        )
        ended = subprocess.run(
            (sys.executable, str(_LOAD)),
            input=json.dumps(asdict(plan)).encode(),
            capture_output=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"the load generator failed:\n{ended.stderr.decode()[-3000:]}")
        raw = json.loads(ended.stdout)
        raw["cpu"] = {int(turn): seconds for turn, seconds in raw["cpu"].items()}
        return Outcome(**raw)

    def ask(self, sender: str, say: Say) -> float:
        """Say one thing and return how long the answer took, in milliseconds."""
        return self.drive([say], [sender], 1).latencies[0][0]

    def stored_messages(self) -> int | None:
        """Return how many user messages the store holds, None where that cannot be counted."""
        if self.engine.database is None:
            return None
        path = self.folder / self.engine.database
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT count(*) FROM events WHERE type = 'user'").fetchone()[
                0
            ]


@contextmanager
def serve(engine: Engine, folder: Path, first: Say, *, sender: str = "first") -> Iterator[Server]:
    """Start a server, wait for its first answer, stop it at the end.

    Raises:
        RuntimeError: it ended, or did not answer.
    """
    port = _free_port()
    command = (*engine.command, "run", "--port", str(port))
    with (folder / "server.log").open("wb") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **engine.environment},
        )
    server = Server(engine, folder, port, process)
    try:
        _await_answer(server, first, sender)
        server.started = time.perf_counter() - begun
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def forget_conversations(engine: Engine, folder: Path) -> None:
    """Remove what earlier runs stored."""
    for name in (engine.database, "conversations.db"):
        for path in folder.glob(f"{name}*") if name else ():
            path.unlink()


def _await_answer(server: Server, first: Say, sender: str) -> None:
    plan = Plan(port=server.port, conversations=(), turns=1, script=(), kept=False)
    request = encode(plan, sender, first)
    until = time.perf_counter() + _PATIENCE
    while time.perf_counter() < until:
        if server.process.poll() is not None:
            break
        if _answers(server.port, request):
            return
        time.sleep(_POLL)
    log = (server.folder / "server.log").read_text(errors="replace")
    raise RuntimeError(f"the server did not answer:\n{log[-2000:]}")


def _answers(port: int, request: bytes) -> bool:
    """Tell whether the server gave an answer that says something."""
    try:
        with socket.create_connection((HOST, port), timeout=30) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.status == 200 and response.read().strip() not in (b"", b"[]")
    except (ConnectionError, TimeoutError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
