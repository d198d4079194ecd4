"""Replays recorded requests to Rasa 3.6.21 and compares status, headers and bodies."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import yaml

from .called import Called
from .judging import CORS, Answer, Rule, Score, headers_of
from .normal import normal

Json = Any

COMPARED = ("allow", "content-disposition", "content-type", "filename")


class Exchange(msgspec.Struct, frozen=True):
    """A recorded request and its answer.

    number: its line in the file. cors: the answer as a browser sees it. call: the error that the
    server sent somewhere else afterwards. pushed: paths and bodies of the messages that it sent
    somewhere else before it answered. times: how often the request was sent at once; the answer's
    body is then the list of all bodies, in any order.
    """

    number: int
    note: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: Json
    answer: Answer
    cors: Answer | None
    call: Answer | None = None
    pushed: tuple[tuple[str, Json], ...] = ()
    times: int = 1

    @property
    def bare_path(self) -> str:
        return self.path.partition("?")[0]

    def __str__(self) -> str:
        return f"{self.number} {self.note}: {self.method} {self.path}"


def read_exchanges(path: Path) -> list[Exchange]:
    """Return the recorded exchanges of a file, each with the call that the server made for it."""
    found: list[Exchange] = []
    pushed: list[tuple[str, Json]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        record = json.loads(line)
        if "responses" in record:
            found.append(_volley(number, record))
        elif "response" in record:
            found.append(_exchange(number, record, tuple(pushed)))
            pushed.clear()
        elif "request" in record and "callback_url=" not in found[-1].path:
            pushed.append((record["request"]["path"], record["request"]["body"]))
        elif "request" in record:
            made = record["request"]
            call = Answer(500, normal(made["body"]), {"path": made["path"]})
            found[-1] = msgspec.structs.replace(found[-1], call=call)
    return found


def _exchange(
    number: int, record: Mapping[str, Json], pushed: tuple[tuple[str, Json], ...]
) -> Exchange:
    request, response = record["request"], record["response"]
    path, headers = request["path"], response["headers"]
    return Exchange(
        number=number,
        note=record.get("note") or "",
        method=request["method"],
        path=path,
        headers=request["headers"],
        body=request["body"],
        answer=_answer(path, response["status"], headers, response["body"]),
        cors=_cors(headers),
        pushed=pushed,
    )


def _volley(number: int, record: Mapping[str, Json]) -> Exchange:
    """Return the messages that were sent at once. The tracker recorded next shows their text."""
    bodies = record["responses"]
    sender = next(said[0]["recipient_id"] for said in bodies if said)
    path, body = "/webhooks/rest/webhook", {"sender": sender, "message": "/hello"}
    answer = Answer(200, sorted(bodies, key=str), {"content-type": "application/json"})
    return Exchange(number, record["note"], "POST", path, {}, body, answer, None, times=len(bodies))


async def replay(
    name: str,
    exchanges: Iterable[Exchange],
    client: httpx2.AsyncClient,
    rules: tuple[Sequence[Rule[Exchange]], Sequence[Rule[Exchange]]],
    called: Called,
) -> tuple[Score, Score]:
    """Send every recorded request and compare the answers, and apart from them what they allow
    pages of other origins.

    rules: for answers, and for what is allowed. called: is in the place of the server that
    callbacks went to.
    """
    score, allowed = Score(name), Score(f"{name} CORS")
    for exchange in exchanges:
        received = await _ask(exchange, client, called)
        if "callback_url=" in exchange.path and received[0].status_code == 204:
            path, body = await called.next()
            sent = Answer(500, normal(body), {"path": path})
            call = without_additions(exchange, sent)
            score.judge(exchange, f"{exchange}: its call", (exchange.call, call), rules[0])
        got = without_additions(exchange, _answer_of(exchange, received))
        score.judge(exchange, str(exchange), (exchange.answer, got), rules[0])
        if (pushed := called.so_far()) != list(exchange.pushed):
            score.differences.append(f"{exchange}: sent {pushed}, wanted {exchange.pushed}")
        if exchange.cors is not None:
            answers = (exchange.cors, _cors(received[0].headers))
            allowed.judge(exchange, str(exchange), answers, rules[1])
    return score, allowed


async def _ask(
    exchange: Exchange, client: httpx2.AsyncClient, called: Called
) -> list[httpx2.Response]:
    path = (await _path(exchange, client)).replace(Called.recorded, called.address)
    headers = {"Accept-Encoding": "identity", **exchange.headers}
    content = _content(exchange.body)
    asked = [
        client.request(exchange.method, path, headers=headers, content=content)
        for _ in range(exchange.times)
    ]
    return await asyncio.gather(*asked)


def _answer_of(exchange: Exchange, received: Sequence[httpx2.Response]) -> Answer:
    answers = [
        _answer(exchange.path, each.status_code, each.headers, _body(each)) for each in received
    ]
    if exchange.times == 1:
        return answers[0]
    bodies = sorted((each.body for each in answers), key=str)
    return Answer(answers[0].status, bodies, answers[0].headers)


def without_additions(exchange: Exchange, got: Answer) -> Answer:
    """Return our answer without the keys that we add; clients ignore what they do not know."""
    if not isinstance(got.body, dict):
        return got
    added = _ADDED_TO_ERRORS if got.status >= 400 else _ADDED.get(exchange.bare_path, ())
    body = {key: value for key, value in got.body.items() if key not in added}
    return Answer(got.status, body, got.headers)


_ADDED_TO_ERRORS = ("error_code",)
_ADDED = {"/status": ("fingerprint", "is_ready", "model_fingerprint")}


def _answer(path: str, status: int, headers: Mapping[str, str], body: Json) -> Answer:
    named = {
        name: _MADE_UP.sub("<model>", value)
        for name, value in headers_of(headers, COMPARED).items()
    }
    return Answer(status, _comparable(path, normal(body)), named)


_MADE_UP = re.compile(r"\d{8}-\d{6}-[a-z]+-[a-z]+")
"""The names of models that were given none."""


def _cors(headers: Mapping[str, str]) -> Answer:
    return Answer(0, "", headers_of(headers, CORS))


def _comparable(path: str, body: Json) -> Json:
    """Return streamed lines and YAML as what they say, no body as no text."""
    if "stream=" in path:
        text = body if isinstance(body, str) else json.dumps(body)
        return [json.loads(line) for line in text.splitlines()]
    if isinstance(body, str) and body.startswith("version:"):
        # Whether `no` is a text or false depends on YAML's version; both are written plain.
        return {"yaml": yaml.load(body, yaml.BaseLoader)}  # noqa: S506 - makes texts only
    return "" if body is None else body


async def _path(exchange: Exchange, client: httpx2.AsyncClient) -> str:
    """Return the path, with the time of our own fifth event where it has the recorded one's."""
    if not re.search(r"until=\d{10}\.", exchange.path):
        return exchange.path
    conversation = exchange.bare_path.rpartition("/")[0]
    events = (await client.get(f"{conversation}/tracker")).json()["events"]
    return f"{exchange.bare_path}?until={events[4]['timestamp']!r}"


def _content(body: Json) -> bytes | None:
    if body is None:
        return None
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _body(received: httpx2.Response) -> Json:
    if received.content.startswith(b"\x1f\x8b"):
        return "<gzip archive>"
    try:
        return received.json()
    except ValueError:
        return received.text
