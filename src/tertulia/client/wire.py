"""Between calls and HTTP: headers, keys, errors, answers, and what may be sent again.

The HTTP library is loaded with the first client, not with this package.
"""

import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import httpx2
import msgspec
import stamina

from tertulia.base.secret import Secret
from tertulia.client import results
from tertulia.client.calls import NOTHING, Call
from tertulia.client.errors import ServerRefused, ServerUnreachable, UnreadableAnswer

Json = Any
T = TypeVar("T")
P = TypeVar("P")
Item_co = TypeVar("Item_co", covariant=True)

_AGAIN = frozenset({429, 502, 503, 504})
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_LONGEST_PAUSE = 30.0

PAUSE = 1.0
"""Seconds before a stream that broke is taken up again."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a client talks.

    token: shared token, scoped key, or JSON Web Token. original: the server is one of Rasa, which
    knows no idempotency keys and takes tokens in the query. timeout: seconds for an answer.
    attempts: how often a request is sent at the most.
    """

    token: Secret | None = None
    jwt: bool = False
    original: bool = False
    timeout: float = 60.0
    attempts: int = 4

    def is_safe(self, call: Call[Any]) -> bool:
        """Tell whether a request may be sent again after it may have arrived."""
        if call.keyed:
            return not self.original
        return call.method in ("GET", "PUT", "DELETE")

    def as_http(self, call: Call[Any]) -> dict[str, Any]:
        """Return the parts of a request; a retry sends the same ones, its key among them."""
        headers: dict[str, str] = dict(call.headers)
        query: dict[str, str | int | float] = dict(call.query)
        if call.keyed and not self.original:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        if self.token is not None:
            if self.original and not self.jwt:
                query["token"] = self.token.reveal()
            else:
                headers["Authorization"] = f"Bearer {self.token.reveal()}"
        request: dict[str, Any] = {
            "method": call.method,
            "url": call.path.lstrip("/"),
            "params": query,
            "headers": headers,
        }
        if call.body is not msgspec.UNSET:
            headers["Content-Type"] = "application/json"
            request["content"] = msgspec.json.encode(call.body)
        return request

    def pause(self, call: Call[Any], error: Exception) -> bool | float:
        """Return whether to send again, or after how many seconds."""
        if isinstance(error, ServerUnreachable):
            return not error.reached or self.is_safe(call)
        if isinstance(error, ServerRefused) and error.status in _AGAIN and self.is_safe(call):
            return True if error.retry_after is None else min(error.retry_after, _LONGEST_PAUSE)
        return False


class Pages(Protocol[P, Item_co]):
    """Pages of something: which call asks for the next one, and what its answer brings."""

    def following(self) -> Call[P] | None:
        """Return the next call, None after the last page."""
        ...

    def take(self, page: P, /) -> Iterable[Item_co]:
        """Return what an answer brought."""
        ...


class Line:
    """What the clients of both kinds know of the way to a server. url: of the server."""

    def __init__(self, url: str, options: Options) -> None:
        self.base = url.rstrip("/") + "/"
        self.options = options

    def http(self, transport: Any) -> dict[str, Any]:
        """Return what an HTTP client is made with."""
        return {"base_url": self.base, "timeout": self.options.timeout, "transport": transport}

    def attempts(self, call: Call[Any]) -> Any:
        """Return the attempts to make, for `for` and `async for`."""
        again = partial(self.options.pause, call)
        return stamina.retry_context(on=again, attempts=self.options.attempts)

    @contextmanager
    def reaching(self) -> Generator[None]:
        """Say that no answer came, where none comes within the block."""
        try:
            yield
        except httpx2.TransportError as error:
            what = str(error) or type(error).__name__
            raise ServerUnreachable(
                f"{self.base} gives no answer: {what}", reached=not isinstance(error, _NOT_SENT)
            ) from error


def check(response: httpx2.Response) -> None:
    """Refuse answers that are errors; the body has been read.

    Raises:
        ServerRefused: it is one.
    """
    if response.status_code < 400:
        return
    body: dict[str, Json] = {}
    try:
        body = msgspec.json.decode(response.content, type=dict[str, Json])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        body["message"] = response.text[:200]
    raise ServerRefused(
        response.status_code,
        str(body.get("message") or f"the server answered {response.status_code}"),
        code=str(body.get("error_code") or ServerRefused.code),
        reason=str(body.get("reason") or ""),
        details=cast(dict[str, object], body.get("details") or {}),
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def read(call: Call[T], response: httpx2.Response) -> T:
    """Return the answer as its type.

    Raises:
        ServerRefused: it is an error.
        UnreadableAnswer: it is something else.
    """
    check(response)
    if call.answer is NOTHING:
        return cast(T, None)
    if call.answer is None:
        return cast(T, response.text)
    try:
        found = msgspec.json.decode(response.content, type=call.answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableAnswer(
            f"{call.method} {call.path} answered something else: {error}",
            hint="Is this the address of a dialogue server?",
        ) from error
    return _tagged(found, response.headers)


def _tagged(found: T, headers: Mapping[str, str]) -> T:
    tag = headers.get("etag")
    if tag is None:
        return found
    if isinstance(found, results.Tracker):
        return msgspec.structs.replace(found, etag=tag)
    if isinstance(found, results.Acted):
        return msgspec.structs.replace(
            found, tracker=msgspec.structs.replace(found.tracker, etag=tag)
        )
    return found


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdigit() else None


class Feed:
    """Turns lines of server-sent events into what was stored. position: after which to read on."""

    def __init__(self, position: int | None) -> None:
        self.position = position
        self._fields: dict[str, str] = {}

    def take(self, line: str) -> Iterator[results.Followed]:
        """Yield what a line completes. A `cut` completes nothing: one reconnects."""
        if line:
            name, _, value = line.partition(":")
            if name:
                self._fields[name] = value.removeprefix(" ")
            return
        fields, self._fields = self._fields, {}
        if fields.get("id", "").isdigit():
            self.position = int(fields["id"])
        kind = fields.get("event", "message")
        if "data" in fields and kind in ("message", "replaced", "erased"):
            data = {**msgspec.json.decode(fields["data"]), "kind": kind, "position": self.position}
            yield msgspec.convert(data, results.Followed)
