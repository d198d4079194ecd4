"""Headers of requests and answers, as the description of the API tells them.

Source: RFC 9110; OpenAPI 3.1.1, "Header Object".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tertulia.server.declare import Facts

Json = Any

HEADERS: Mapping[str, tuple[str, str]] = {
    "If-Match": (
        "string",
        "ETag of the tracker as the client knows it, or `*`: another version is refused.",
    ),
    "If-None-Match": (
        "string",
        "On GET: the ETag the client has. On writes: `*` refuses a conversation that exists.",
    ),
    "Idempotency-Key": (
        "string",
        "A name for this request, of the client's choice: sent again, it is answered again and "
        "not done again.",
    ),
    "Last-Event-ID": ("string", "The last id that was read: what follows it is sent."),
}
"""JSON type and meaning of every header of requests."""

SENT: Mapping[str, str] = {
    "ETag": "Names the version of the conversation, for If-Match and If-None-Match.",
    "Idempotency-Replayed": "`true`: this was done before, and is answered again.",
    "Link": 'Where the next page is, as `rel="next"`; absent on the last one.',
    "Retry-After": "Seconds after which it is worth another try.",
    "WWW-Authenticate": "How to authenticate.",
    "Content-Disposition": "Under which name to keep the model.",
    "filename": "The name of the model's file.",
}
"""Meaning of every header of answers; each may be absent."""

_VERSIONED = frozenset({"If-Match", "If-None-Match"})
_MAY_PASS = frozenset({429, 503})


def sent_with_success(facts: Facts, status: int) -> tuple[str, ...]:
    """Return the headers that an answer of a route may have."""
    found = list(facts.sends) if status == facts.statuses[0] else []
    if _VERSIONED & set(facts.headers) and status != 204:
        found.append("ETag")
    if "Idempotency-Key" in facts.headers:
        found.append("Idempotency-Replayed")
    return tuple(found)


def sent_with_error(status: int) -> tuple[str, ...]:
    """Return the headers that an error may have."""
    if status == 401:
        return ("WWW-Authenticate",)
    return ("Retry-After",) if status in _MAY_PASS else ()


def sent(names: Iterable[str]) -> dict[str, Json]:
    """Return the part of a response that tells its headers, empty without any."""
    told = {name: {"description": SENT[name], "schema": {"type": "string"}} for name in names}
    return {"headers": told} if told else {}
