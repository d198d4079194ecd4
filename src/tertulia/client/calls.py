"""Every request as a value: what is sent, and what the answer is read as. No input or output.

Source: docs/reference/http-api.md; of the originals, spec http_api.md section 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from tertulia.client import results as r

Json = Any
T = TypeVar("T")


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One request. answer: type of the answer, None for text, `NOTHING` for none.

    keyed: it makes the bot do something, so it gets an idempotency key.
    """

    method: str
    path: str
    answer: type[T] | None
    query: Mapping[str, str | int | float] = {}
    body: Json = msgspec.UNSET
    headers: Mapping[str, str] = {}
    keyed: bool = False


class _Nothing:
    """No body."""


NOTHING = _Nothing


def of_conversation(conversation_id: str, what: str = "") -> str:
    """Return the path of something of a conversation."""
    return f"/conversations/{quote(conversation_id, safe='')}{what}"


def say(conversation_id: str, text: str, metadata: Mapping[str, Json] | None) -> Call[Any]:
    """Say something to the bot."""
    body: dict[str, Json] = {"sender": conversation_id, "message": text}
    if metadata is not None:
        body["metadata"] = dict(metadata)
    path = "/webhooks/rest/webhook"
    return Call(method="POST", path=path, answer=list[r.Message], body=body, keyed=True)


def say_streaming(conversation_id: str, text: str) -> Call[Any]:
    """Say something, and be told each message as it is said."""
    return msgspec.structs.replace(say(conversation_id, text, None), query={"stream": "true"})


def tracker(conversation_id: str, include_events: str, until: float | None) -> Call[r.Tracker]:
    """Return a conversation's state."""
    query: dict[str, str | float] = {"include_events": include_events}
    if until is not None:
        query["until"] = until
    path = of_conversation(conversation_id, "/tracker")
    return Call(method="GET", path=path, answer=r.Tracker, query=query)


def append(
    conversation_id: str, events: Sequence[Mapping[str, Json]], if_match: str | None
) -> Call[r.Tracker]:
    """Add events to a conversation."""
    path = of_conversation(conversation_id, "/tracker/events")
    return Call(
        method="POST",
        path=path,
        answer=r.Tracker,
        # 0.x takes one event, not a list of one.
        body=events[0] if len(events) == 1 else list(events),
        headers=_if_match(if_match),
        keyed=True,
    )


def replace(
    conversation_id: str, events: Sequence[Mapping[str, Json]], if_match: str | None
) -> Call[r.Tracker]:
    """Make these events the whole conversation."""
    path = of_conversation(conversation_id, "/tracker/events")
    return Call(
        method="PUT", path=path, answer=r.Tracker, body=list(events), headers=_if_match(if_match)
    )


def log_message(conversation_id: str, text: str, if_match: str | None) -> Call[r.Tracker]:
    """Log a message without an answer."""
    path = of_conversation(conversation_id, "/messages")
    body = {"sender": "user", "text": text}
    headers = _if_match(if_match)
    return Call(method="POST", path=path, answer=r.Tracker, body=body, headers=headers, keyed=True)


def execute(conversation_id: str, action: str, if_match: str | None) -> Call[r.Acted]:
    """Run one action."""
    path = of_conversation(conversation_id, "/execute")
    headers = _if_match(if_match)
    return Call(
        method="POST", path=path, answer=r.Acted, body={"name": action}, headers=headers, keyed=True
    )


def trigger(
    conversation_id: str, intent: str, entities: Json, if_match: str | None
) -> Call[r.Acted]:
    """Let the bot react to an event from outside."""
    path = of_conversation(conversation_id, "/trigger_intent")
    body = {"name": intent} if entities is None else {"name": intent, "entities": entities}
    headers = _if_match(if_match)
    return Call(method="POST", path=path, answer=r.Acted, body=body, headers=headers, keyed=True)


def log_page(conversation_id: str, after: int, limit: int) -> Call[r.LogPage]:
    """Return a part of a log."""
    query = {"after": after, "limit": limit}
    path = of_conversation(conversation_id, "/log")
    return Call(method="GET", path=path, answer=r.LogPage, query=query)


def predict(conversation_id: str) -> Call[r.Prediction]:
    """Return the next action; the originals use up a followup action by it."""
    path = of_conversation(conversation_id, "/predict")
    return Call(method="POST", path=path, answer=r.Prediction)


def story(conversation_id: str) -> Call[str]:
    """Return a conversation as a test story."""
    return Call(method="GET", path=of_conversation(conversation_id, "/story"), answer=None)


def export(conversation_id: str) -> Call[r.Export]:
    """Return everything that is kept of a conversation."""
    return Call(method="GET", path=of_conversation(conversation_id, "/export"), answer=r.Export)


def erase(conversation_id: str, if_match: str | None) -> Call[Any]:
    """Forget a conversation."""
    path = of_conversation(conversation_id)
    return Call(method="DELETE", path=path, answer=NOTHING, headers=_if_match(if_match))


def conversations(after: str | None, limit: int) -> Call[Any]:
    """Return ids of conversations."""
    query: dict[str, str | int] = {"limit": limit}
    if after is not None:
        query["after"] = after
    return Call(method="GET", path="/conversations", answer=list[str], query=query)


def parse(text: str) -> Call[r.Parsed]:
    """Return what a text means."""
    body = {"text": text}
    return Call(method="POST", path="/model/parse", answer=r.Parsed, body=body)


def follow(conversation_id: str | None, after: int | None) -> Call[Any]:
    """Follow what is stored."""
    path = "/stream" if conversation_id is None else of_conversation(conversation_id, "/stream")
    return Call(
        method="GET", path=path, answer=None, query={} if after is None else {"after": after}
    )


def load_model(path: str) -> Call[Any]:
    """Serve another model, which the server has."""
    body = {"model_file": path}
    return Call(method="PUT", path="/model", answer=NOTHING, body=body)


UNLOAD_MODEL: Call[Any] = Call(method="DELETE", path="/model", answer=NOTHING)
ROLL_BACK: Call[Any] = Call(method="POST", path="/model/rollback", answer=NOTHING)
VERSION: Call[r.Version] = Call(method="GET", path="/version", answer=r.Version)
STATUS: Call[r.Status] = Call(method="GET", path="/status", answer=r.Status)


def readiness(*, original: bool) -> Call[dict[str, Json]]:
    """Return whether a server can take traffic; the originals tell by their status alone."""
    path = "/status" if original else "/health/ready"
    return Call(method="GET", path=path, answer=dict[str, Any])


def is_ready(found: Mapping[str, Json]) -> bool:
    """Tell what the answer to `readiness` says; the status of 3.x is an error without a model."""
    return found.get("is_ready", True) is True and found.get("status", "ok") == "ok"


def _if_match(etag: str | None) -> dict[str, str]:
    return {} if etag is None else {"If-Match": etag}


class LogPages:
    """Which page of a log to ask for, and what is on it."""

    def __init__(self, conversation_id: str, after: int, limit: int) -> None:
        self._id = conversation_id
        self._after: int | None = after
        self._limit = limit

    def following(self) -> Call[r.LogPage] | None:
        """Return the next call, None after the last page."""
        return None if self._after is None else log_page(self._id, self._after, self._limit)

    def take(self, page: r.LogPage) -> Iterable[r.LoggedEvent]:
        """Return what an answer brought."""
        self._after = page.next
        return page.events


class IdPages:
    """Which page of ids to ask for. original: servers of 0.x know no pages and answer all."""

    def __init__(self, limit: int, *, original: bool) -> None:
        self._last: str | None = None
        self._limit = limit
        self._original = original
        self._ended = False

    def following(self) -> Call[list[str]] | None:
        """Return the next call, None after the last page."""
        return None if self._ended else conversations(self._last, self._limit)

    def take(self, page: list[str]) -> Iterable[str]:
        """Return what an answer brought."""
        self._ended = self._original or len(page) != self._limit
        self._last = page[-1] if page else None
        return page
