"""Replays recordings of Rasa Core 0.13.8, one exchange after the other, and compares answers."""

import json
import re
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import httpx2
import jwt
import msgspec
import yaml

from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.adapters.remote.client import EndpointClient
from tertulia.adapters.remote.language import HttpLanguageServer
from tertulia.adapters.remote.responses import HttpResponseServer
from tertulia.schema.endpoints import ActionEndpoint, LanguageEndpoint, ResponseEndpoint

from .judging import CORS, Answer, Rule, Score, headers_of
from .legacy_normal import normal, of_recorded_keys
from .normal import first_difference

Json = Any
COMPARED = ("content-type",)
_START = 1_700_000_000.5
"""The time that the placeholders of requests stand for; later events of a list follow by 10 s."""


LEARNED = "learned-decisions"
"""Where no story says what to do, a linear model and a neural network decide differently; from
there on the conversation is replayed with the network's decisions.
"""


class Exchange(msgspec.Struct, frozen=True):
    """A recorded request, its answer, and what was asked of other servers meanwhile."""

    number: int
    note: str
    request: dict[str, Json]
    recorded: Json
    answer: Answer
    cors: Answer
    traffic: list[dict[str, Json]]

    @property
    def method(self) -> str:
        return self.request["method"]

    @property
    def path(self) -> str:
        return self.request["path"]

    @property
    def body(self) -> Json:
        """Return the JSON that was sent, None when it was none."""
        if "json" in self.request:
            return self.request["json"]
        try:
            return json.loads(self.request.get("body", "null"))
        except ValueError:
            return None

    @property
    def conversation(self) -> str | None:
        """Return whose conversation this is about, None for other exchanges."""
        found = re.match(r"/conversations/([^/?]+)/", self.path)
        if found:
            return unquote(found[1])
        if self.path.startswith("/webhooks/") and isinstance(self.body, dict):
            return str(self.body.get("sender", "default"))
        return None


class Past(msgspec.Struct):
    """What happened to conversations so far. answered: those with an answer other than an error;
    refused: those with an error. accepted: those that only the recorded server refused.
    domain: what was recorded as the bot's domain, as JSON. origins: those the server allows.
    """

    answered: set[str] = msgspec.field(default_factory=set[str])
    refused: set[str] = msgspec.field(default_factory=set[str])
    accepted: set[str] = msgspec.field(default_factory=set[str])
    domain: Json = None
    origins: Sequence[str] = ()


class LegacyRule(msgspec.Struct, frozen=True):
    """A deviation that is meant, which may depend on what happened before."""

    name: str
    why: str
    expect: Callable[[Exchange, Answer, Past], Answer | None]

    def after(self, past: Past) -> Rule[Exchange]:
        """Return the rule for exchanges with this past."""
        return Rule(
            self.name, self.why, lambda exchange, wanted: self.expect(exchange, wanted, past)
        )


class Allowed(msgspec.Struct):
    """What pages of other origins may do. origins: those that the server is started with."""

    score: Score
    rules: Sequence[LegacyRule]
    origins: Sequence[str] = ()


_REMINDER_YEAR = re.compile(r'("date_time": ")\d{4}-')


def read_exchanges(path: Path) -> list[Exchange]:
    """Return the recorded exchanges of a file, each with the notes that follow it.

    Reminders are moved to a year that no test run sees, here and in the answers.
    """
    found: list[Exchange] = []
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(_REMINDER_YEAR.sub(r"\g<1>2999-", line))
        if "_note" in record and found:  # a note before all exchanges is of the start
            found[-1].traffic.append(record["_note"])
        elif "n" in record:
            response = record["response"]
            body = response["json"] if "json" in response else _text(response.get("text", ""))
            if "stream=" in record["request"]["path"]:
                body = _lines(response.get("text") or json.dumps(body))
            if record["request"]["path"] == "/conversations" and isinstance(body, list):
                body = sorted(body)  # they came in no order
            headers = response["headers"]
            answer = Answer(response["status"], normal(body), headers_of(headers, COMPARED))
            note, cors = record["note"] or "", Answer(0, "", headers_of(headers, CORS))
            found.append(Exchange(record["n"], note, record["request"], body, answer, cors, []))
    return found


async def replay(
    name: str,
    exchanges: Iterable[Exchange],
    client: httpx2.AsyncClient,
    rules: Sequence[LegacyRule],
    *,
    before: Callable[[Exchange], Awaitable[None]],
    overruled: set[str],
    allowed: Allowed | None = None,
) -> Score:
    """Send every recorded request and compare the answers.

    before: told of each exchange before it is sent.
    overruled: conversations in which our learned policy would have decided otherwise, so far.
    allowed: compares what pages of other origins may do as well.
    """
    score, past = Score(name), Past()
    past.origins = allowed.origins if allowed else ()
    bound = [rule.after(past) for rule in rules]
    for exchange in exchanges:
        about = exchange.conversation
        if exchange.path == "/domain" and isinstance(exchange.answer.body, dict):
            past.domain = past.domain or exchange.answer.body
        await before(exchange)
        received = await client.request(
            exchange.method, _path(exchange), headers=_headers(exchange), content=_content(exchange)
        )
        headers = headers_of(received.headers, COMPARED)
        answer = Answer(received.status_code, normal(_body(received)), headers)
        got = _known(exchange, answer)
        used = [LEARNED] if about in overruled and got.status < 400 else []
        what = f"{exchange.number} {exchange.note}: {exchange.method} {exchange.path}"
        score.judge(exchange, what, (exchange.answer, got), bound, used)
        if allowed is not None:
            answers = (exchange.cors, Answer(0, "", headers_of(received.headers, CORS)))
            rules_of_pages = [rule.after(past) for rule in allowed.rules]
            allowed.score.judge(exchange, what, answers, rules_of_pages)
        if about is not None:
            if exchange.path.endswith("/predict"):
                overruled.discard(about)  # nothing came of it
            await _remember(exchange, got, past, client, about)
    return score


def _known(exchange: Exchange, got: Answer) -> Answer:
    """Return our answer without the keys that we add; clients ignore what they do not know."""
    if isinstance(got.body, dict):
        bare = exchange.path.partition("?")[0]
        added = _ADDED_TO_ERRORS if got.status >= 400 else _ADDED.get(bare, ())
        body = {k: v for k, v in got.body.items() if k not in added}
        return Answer(got.status, body, got.headers)
    return got


_ADDED_TO_ERRORS = ("error_code",)
_ADDED: Mapping[str, Sequence[str]] = {
    "/status": ("model_file", "model_id", "fingerprint", "num_active_training_jobs")
}


async def _remember(
    exchange: Exchange, got: Answer, past: Past, client: httpx2.AsyncClient, about: str
) -> None:
    """Note what became of a conversation; take back what the recorded server refused."""
    ok_here, ok_there = got.status < 400, exchange.answer.status < 400
    if ok_here:
        past.answered.add(about)
    if not ok_here:
        past.refused.add(about)
    if ok_here and not ok_there:
        past.accepted.add(about)
        if exchange.method != "POST":
            return
        address = f"/conversations/{about}/tracker"
        shown = (await client.get(f"{address}?include_events=ALL")).json()["events"]
        kept = len(shown) - _added(exchange, shown)
        if kept < len(shown):
            await client.put(f"{address}/events", json=shown[:kept])


def _added(exchange: Exchange, shown: Sequence[Mapping[str, Json]]) -> int:
    """Return how many of the newest events an accepted request has added."""
    path = exchange.path.partition("?")[0]
    if path.endswith("/events"):
        return len(exchange.body) if isinstance(exchange.body, list) else 1
    if path.endswith("/webhook"):
        kinds = [event["event"] for event in reversed(shown)]
        return kinds.index("user") + 1
    return 0


def _path(exchange: Exchange) -> str:
    """Return the path with a time where the recording has a placeholder (the note tells it)."""
    found = re.match(r"T([+-][\d.]+)", exchange.note)
    until = _START + (float(found[1]) if found else 20.0)
    return exchange.path.replace("<TS>", str(until))


def _headers(exchange: Exchange) -> Mapping[str, str]:
    """Return the recorded headers; the recording program sent no others of meaning."""
    return {"Accept-Encoding": "identity", **postponed(exchange.request["headers"])}


def postponed(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers whose token counts from a later time, if it counted from one yet to come."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return headers
    later = {name: _MUCH_LATER for name in ("nbf", "iat") if name in claims}
    if not later:
        return headers
    with warnings.catch_warnings(action="ignore"):  # the recorded secret is short
        signed = jwt.encode({**claims, **later}, JWT_SECRET)
    return {**headers, "Authorization": f"{scheme} {signed}"}


JWT_SECRET = "thisismysecret"
_MUCH_LATER = 32_500_000_000  # in the year 2999


def _content(exchange: Exchange) -> bytes | None:
    if "body" in exchange.request:
        body = exchange.request["body"]
        return body if isinstance(body, bytes) else body.encode()
    if exchange.body is None:
        return None
    return msgspec.json.encode(_timed(exchange.body))


def _timed(body: Json) -> Json:
    """Put times where the recording has placeholders."""
    if isinstance(body, list):
        return [_at(each, _START + 10 * index) for index, each in enumerate(body)]
    return _at(body, _START)


def _at(event: Json, when: float) -> Json:
    if isinstance(event, dict) and event.get("timestamp") == "<TS>":
        return {**event, "timestamp": when}
    return event


def _body(received: httpx2.Response) -> Json:
    kind = received.headers.get("content-type", "")
    if "event-stream" in kind:
        return _lines(received.text)
    if "json" in kind:
        try:
            return received.json()
        except ValueError:
            return received.text
    return _text(received.text)


def _text(text: str) -> Json:
    """Return YAML as what it says; other text as it is."""
    return {"yaml": yaml.safe_load(text)} if text.startswith("%YAML 1.1\n---\n") else text


def _lines(text: str) -> Json:
    return [json.loads(line) for line in text.splitlines()]


class Recorded:
    """Another server of the recording: answers as it did, and checks what it is asked.

    kind: its name in the recording's notes. missing: what it answers to a request's body where
    the recording does not say it, None for a request that should not come. path_of: what is to
    be asked where the recording asks for a path.
    """

    def __init__(
        self,
        kind: str,
        missing: Callable[[Json], Json] = lambda body: None,
        path_of: Callable[[str], str] = str,
    ) -> None:
        self._kind = kind
        self._path_of = path_of
        self._missing = missing
        self.asked = 0
        self.compared = 0
        self.differences: list[str] = []
        self._exchange = ""
        self._is_down = False
        self._requests: deque[dict[str, Json]] = deque()
        self._answers: deque[httpx2.Response] = deque()

    def expect(
        self, exchange: Exchange, unrecorded: httpx2.Response | Literal["down"] | None = None
    ) -> None:
        """Prepare for an exchange. unrecorded: the answer, where only the note describes it."""
        self.end()
        self._exchange = f"{exchange.number}"
        self._is_down = unrecorded == "down"
        for note in exchange.traffic:
            if f"{self._kind}_request" in note:
                self._requests.append(note[f"{self._kind}_request"])
            if f"{self._kind}_response" in note:
                found = note[f"{self._kind}_response"]
                content = msgspec.json.encode(found["json"])
                self._answers.append(httpx2.Response(found["status"], content=content))
        if isinstance(unrecorded, httpx2.Response):
            self._answers.append(unrecorded)

    def end(self) -> None:
        """Count what was recorded and not asked as differences."""
        if self._answers or self._requests:
            self.differences.append(f"{self._exchange}: a recorded request was not sent")
        self._answers.clear()
        self._requests.clear()

    def transport(self) -> httpx2.MockTransport:
        """Return what takes the place of a socket to this server."""
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self._is_down:
            raise httpx2.ConnectError("not reachable", request=request)
        self.asked += 1
        sent = json.loads(request.content or b"null")
        if self._requests:
            self._compare(self._requests.popleft(), request, sent)
        if self._answers:
            return self._answers.popleft()
        known = self._missing(sent)
        if known is None:
            self.differences.append(f"{self._exchange}: a request that was not recorded")
            return httpx2.Response(500)
        return httpx2.Response(200, content=msgspec.json.encode(known))

    def _compare(self, recorded: dict[str, Json], request: httpx2.Request, sent: Json) -> None:
        self.compared += 1
        wanted = normal(recorded.get("json", recorded.get("body"))) or None
        if wanted is not None:
            wanted.pop("version", None)  # each side only warns of the other's version
        got = of_recorded_keys(wanted, normal(sent))
        if recorded["method"] != request.method:
            self.differences.append(f"{self._exchange}: {request.method}")
        if normal(self._path_of(recorded["path"])) != normal(request.url.raw_path.decode()):
            self.differences.append(f"{self._exchange}: path {request.url.raw_path!r}")
        if recorded["headers"].get("X-My") != request.headers.get("X-My"):
            self.differences.append(f"{self._exchange}: headers {request.headers!r}")
        if wanted != got:
            self.differences.append(f"{self._exchange}: {first_difference(wanted, got)}")


def action_server(recorded: Recorded, endpoint: ActionEndpoint) -> HttpActionServer:
    """Return the product's adapter, speaking to the recording in place of a socket."""
    client = EndpointClient(endpoint, transport=recorded.transport())
    return HttpActionServer(endpoint, client=client)


def language_server(recorded: Recorded, endpoint: LanguageEndpoint) -> HttpLanguageServer:
    """Return the product's adapter, speaking to the recording in place of a socket."""
    return HttpLanguageServer(endpoint, transport=recorded.transport())


def response_server(recorded: Recorded, endpoint: ResponseEndpoint) -> HttpResponseServer:
    """Return the product's adapter, speaking to the recording in place of a socket."""
    client = EndpointClient(endpoint, transport=recorded.transport())
    return HttpResponseServer(endpoint, client=client)
