"""A load generator in a process of its own: conversations over REST webhooks, every answer checked.

Reads a `Plan` as JSON from standard input and writes an `Outcome` as JSON to standard output.
Requests are encoded before the clock starts and answers are searched, not parsed, so that on a
machine with few cores the generator takes little from the server it measures.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from machine import cpu_seconds

HOST = "127.0.0.1"
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Say:
    """One message. answers: texts of which the answer must hold one."""

    message: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What to do.

    conversations: names; each is led by one client, from the script's beginning. turns: messages
    of each. script: said again and again. kept: one connection per client, else one per message.
    marks: turns before which the server's CPU time is read. seconds: time after which no further
    message is sent. others: ports of further servers of the same bot.
    """

    port: int
    conversations: tuple[str, ...]
    turns: int
    script: tuple[Say, ...]
    clients: int = 1
    kept: bool = True
    server_pid: int | None = None
    marks: tuple[int, ...] = ()
    seconds: float = 600.0
    path: str = "/webhooks/rest/webhook"
    others: tuple[int, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """Return every port; the messages of a conversation go to one after the other."""
        return (self.port, *self.others)


@dataclass
class Outcome:
    """What happened. latencies: milliseconds per turn, a list per conversation that was led.

    cpu: turn to the CPU seconds that the server had taken before it, added up over all
    conversations: only differences between two turns mean something.
    """

    latencies: list[list[float]] = field(default_factory=list[list[float]])
    wall: float = 0.0
    own_cpu: float = 0.0
    server_cpu: float = 0.0
    cpu: dict[int, float] = field(default_factory=dict[int, float])


class WrongAnswer(Exception):
    """The server answered something else than the script says."""


class _Client(asyncio.Protocol):
    """Sends one request at a time over one connection and waits for the whole answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._missing = -1
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._missing < 0:
            head = self._received.find(_END_OF_HEAD)
            if head < 0:
                return
            self._missing = head + len(_END_OF_HEAD) + _body_length(self._received[:head])
        if len(self._received) >= self._missing and self._answer is not None:
            answer, self._answer = self._answer, None
            answer.set_result(self._received)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed before the answer"))

    def ask(self, request: bytes) -> "asyncio.Future[bytes]":
        """Send a request; the future is its whole answer, head and body."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._received, self._missing = b"", -1
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def _body_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    raise WrongAnswer(f"no Content-Length in {head!r}")


def encode(plan: Plan, sender: str, say: Say) -> bytes:
    """Return one request, ready to be sent."""
    body = json.dumps({"sender": sender, "message": say.message}).encode()
    connection = "keep-alive" if plan.kept else "close"
    head = (
        f"POST {plan.path} HTTP/1.1\r\nHost: {HOST}:{plan.port}\r\nConnection: {connection}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def check(answer: bytes, sender: bytes, wanted: tuple[bytes, ...]) -> None:
    """Refuse an answer that is not the script's."""
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise WrongAnswer(f"not 200: {answer[:300]!r}")
    if sender not in answer or not any(text in answer for text in wanted):
        raise WrongAnswer(f"none of {wanted} for {sender!r} in {answer[-600:]!r}")


async def _lead(plan: Plan, waiting: deque[str], outcome: Outcome, until: float) -> None:
    """Lead one conversation after the other, until none waits or the time is over."""
    loop = asyncio.get_running_loop()
    answers = [tuple(one.encode() for one in say.answers) for say in plan.script]
    marks = frozenset(plan.marks)
    connected: dict[int, _Client] = {}
    while waiting and time.perf_counter() < until:
        sender = waiting.popleft()
        requests = [encode(plan, sender, say) for say in plan.script]
        took: list[float] = []
        outcome.latencies.append(took)
        for turn in range(plan.turns):
            if turn + 1 in marks and plan.server_pid is not None:
                spent = cpu_seconds(plan.server_pid)
                outcome.cpu[turn + 1] = outcome.cpu.get(turn + 1, 0.0) + spent
            begun = time.perf_counter()
            if begun > until:
                break
            port = plan.ports[turn % len(plan.ports)]
            client = connected.get(port)
            if client is None:
                _, client = await loop.create_connection(_Client, HOST, port)
                connected[port] = client
            step = turn % len(requests)
            answer = await client.ask(requests[step])
            took.append((time.perf_counter() - begun) * 1e3)
            if not plan.kept:
                client.close()
                del connected[port]
            check(answer, sender.encode(), answers[step])
    for client in connected.values():
        client.close()


async def carry_out(plan: Plan) -> Outcome:
    """Do what the plan says."""
    outcome = Outcome()
    waiting = deque(plan.conversations)
    before = cpu_seconds(plan.server_pid) if plan.server_pid else 0.0
    own = time.process_time()
    begun = time.perf_counter()
    until = begun + plan.seconds
    async with asyncio.TaskGroup() as clients:
        for _ in range(plan.clients):
            clients.create_task(_lead(plan, waiting, outcome, until))
    outcome.wall = time.perf_counter() - begun
    outcome.own_cpu = time.process_time() - own
    outcome.server_cpu = (cpu_seconds(plan.server_pid) if plan.server_pid else 0.0) - before
    return outcome


def read_plan(raw: dict[str, Any]) -> Plan:
    """Return the plan that `asdict` made this of."""
    script = tuple(Say(say["message"], tuple(say["answers"])) for say in raw.pop("script"))
    lists = {name: tuple(raw.pop(name)) for name in ("conversations", "marks", "others")}
    return Plan(**raw, **lists, script=script)


def _runner() -> Callable[[Coroutine[Any, Any, Outcome]], Outcome]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


def _chunks() -> Iterator[str]:
    outcome = _runner()(carry_out(read_plan(json.load(sys.stdin))))
    yield from json.JSONEncoder().iterencode(asdict(outcome))


if __name__ == "__main__":
    sys.stdout.writelines(_chunks())
