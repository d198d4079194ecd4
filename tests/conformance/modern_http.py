"""Replays recorded requests to Rasa 3.6.21 and compares status, headers and bodies."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import yaml

from .judging import CORS, Answer, Rule, Score, headers_of
from .normal import normal

Json = Any

COMPARED = ("allow", "content-disposition", "content-type", "filename")


class Exchange(msgspec.Struct, frozen=True):
    """A recorded request and its answer. number: its line in the file. cors: the answer as a
    browser sees it. times: how often it was sent at once; the answer's body is then the list of
    all bodies, in any order.
    """

    number: int
    note: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: Json
    answer: Answer
    cors: Answer | None
    times: int = 1

    @property
    def bare_path(self) -> str:
        return self.path.partition("?")[0]

    def __str__(self) -> str:
        return f"{self.number} {self.note}: {self.method} {self.path}"


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """Yield the recorded exchanges of a file; requests that the server itself sent are left out."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        record = json.loads(line)
        if "responses" in record:
            yield _volley(number, record)
        if "response" not in record:
            continue
        request, response = record["request"], record["response"]
        path, headers = request["path"], response["headers"]
        yield Exchange(
            number=number,
            note=record.get("note") or "",
            method=request["method"],
            path=path,
            headers=request["headers"],
            body=request["body"],
            answer=_answer(path, response["status"], headers, response["body"]),
            cors=_cors(headers),
        )


def _volley(number: int, record: Mapping[str, Json]) -> Exchange:
    """Return the messages that were sent at once. The tracker recorded next shows their text."""
    bodies = record["responses"]
    sender = next(said[0]["recipient_id"] for said in bodies if said)
    path, body = "/webhooks/rest/webhook", {"sender": sender, "message": "/hello"}
    answer = Answer(200, sorted(bodies, key=str), {"content-type": "application/json"})
    return Exchange(number, record["note"], "POST", path, {}, body, answer, None, len(bodies))


async def replay(
    name: str,
    exchanges: Iterable[Exchange],
    client: httpx2.AsyncClient,
    rules: tuple[Sequence[Rule[Exchange]], Sequence[Rule[Exchange]]],
    left_out: Callable[[Exchange], str | None],
) -> tuple[Score, Score]:
    """Send every recorded request and compare the answers, and apart from them what they allow
    pages of other origins.

    rules: for answers, and for what is allowed. left_out: why an exchange is not sent.
    """
    score, allowed = Score(name), Score(f"{name} CORS")
    for exchange in exchanges:
        if why := left_out(exchange):
            score.left_out[why] += 1
            continue
        received = await _ask(exchange, client)
        got = without_additions(exchange, _answer_of(exchange, received))
        score.judge(exchange, str(exchange), (exchange.answer, got), rules[0])
        if exchange.cors is not None:
            answers = (exchange.cors, _cors(received[0].headers))
            allowed.judge(exchange, str(exchange), answers, rules[1])
    return score, allowed


async def _ask(exchange: Exchange, client: httpx2.AsyncClient) -> list[httpx2.Response]:
    path = await _path(exchange, client)
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
    return Answer(status, _comparable(path, normal(body)), headers_of(headers, COMPARED))


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
    try:
        return received.json()
    except ValueError:
        return received.text
