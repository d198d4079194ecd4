"""Two models of one bot, a server for them, clients that talk to it, and an operator who swaps."""

import asyncio
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bots import TEXT
from engines import Engine, tertulia
from load import HOST, Plan, Say, _Client, encode

MODELS = ("one.tar.gz", "two.tar.gz")
HELLO = TEXT.script[0]
_LENGTH = 100
NEW_HELLO = "Welcome back to the Corner Table!"


@dataclass
class Served:
    """A running server. models: what it can be told to load."""

    port: int
    pid: int
    folder: Path


@dataclass(frozen=True)
class Turn:
    """One answered message. began, ended: of one clock, in seconds."""

    began: float
    ended: float

    @property
    def took(self) -> float:
        """Return milliseconds."""
        return (self.ended - self.began) * 1e3


@dataclass
class Swap:
    """One exchange of the model: from the request to its answer."""

    began: float
    ended: float = 0.0


@dataclass
class Seen:
    """What clients and operator saw. failures: answers that were none, in words."""

    turns: list[Turn] = field(default_factory=list[Turn])
    swaps: list[Swap] = field(default_factory=list[Swap])
    failures: list[str] = field(default_factory=list[str])


def train_two(place: Path) -> Path:
    """Return a folder of the starter bot with two models that greet differently."""
    engine = tertulia()
    folder = engine.prepare(TEXT.bot, place)
    domain = folder / "domain.yml"
    kept: list[tuple[Path, str]] = []
    for name in MODELS:
        engine.train(folder)
        kept.append((next((folder / "models").glob("*.tar.gz")), name))
        kept[-1] = (shutil.move(kept[-1][0], place / name), name)
        text = domain.read_text(encoding="utf-8")
        domain.write_text(text.replace("Welcome to", "Welcome back to"), encoding="utf-8")
    (folder / "models").mkdir(exist_ok=True)
    for path, name in kept:
        shutil.move(path, folder / "models" / name)
    return folder


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Serve the first model with the API on a free port until the block ends."""
    engine: Engine = tertulia()
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*engine.command, "run", "--enable-api", "-p", "0", "-m", f"models/{MODELS[0]}"),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while "address" not in (text := log.read_text("utf-8")):
            if process.poll() is not None:
                raise SystemExit(text)
            time.sleep(0.05)
        port = int(text.partition("address")[2].split()[0].rpartition(":")[2])
        yield Served(port, process.pid, folder)
    finally:
        process.terminate()
        process.wait(60)


async def talk(
    served: Served,
    sender: str,
    seen: Seen,
    *,
    until: Callable[[], bool],
    pause: float = 0.0,
    most: int = 1_000_000,
) -> None:
    """Say the script again and again until told; a failure is noted and the talk goes on."""
    plan = Plan(port=served.port, conversations=(), turns=0, script=())
    requests = [(encode(plan, sender, say), _answers(say)) for say in TEXT.script]
    client: _Client | None = None
    for number, (request, answers) in enumerate(itertools.cycle(requests)):
        if until() or number >= most:
            break
        began = time.perf_counter()
        try:
            client = client or await _connected(served.port)
            answer = await client.ask(request)
            if not answer.startswith(b"HTTP/1.1 200 ") or not any(a in answer for a in answers):
                seen.failures.append(repr(answer[-300:]))
            seen.turns.append(Turn(began, time.perf_counter()))
        except (OSError, ConnectionError) as error:
            seen.failures.append(repr(error))
            client = None
        if pause:
            await asyncio.sleep(pause)
    if client is not None:
        client.close()


async def lead(served: Served, name: str, seen: Seen, *, until: Callable[[], bool]) -> None:
    """Lead one conversation after the other, as people come and go; each has 100 messages."""
    for number in itertools.count():
        if until():
            return
        await talk(served, f"{name}-{number}", seen, until=until, most=_LENGTH)


async def swap(served: Served, number: int, seen: Seen) -> None:
    """Load the model that is not served, and note how long that took."""
    body = b'{"model_file": "models/%s"}' % MODELS[number % 2].encode()
    head = f"PUT /model HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    done = Swap(time.perf_counter())
    reader, writer = await asyncio.open_connection(HOST, served.port)
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    done.ended = time.perf_counter()
    if not answer.startswith(b"HTTP/1.1 204 "):
        seen.failures.append(repr(answer[:300]))
    seen.swaps.append(done)


def _answers(say: Say) -> list[bytes]:
    answers = [*say.answers, NEW_HELLO] if say == HELLO else say.answers
    return [answer.encode() for answer in answers]


async def _connected(port: int) -> _Client:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(_Client, HOST, port)
    return cast(_Client, client)
