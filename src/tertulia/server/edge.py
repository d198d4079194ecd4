"""The outermost layer: what happens to every request before routing and after the answer.

Conversation ids may contain slashes in the modern profile, while a route's parameter is one path
segment; so ids are percent-encoded again here and decoded by the routes.
"""

import logging
import re
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from tertulia.adapters.telemetry.telemetry import Telemetry
from tertulia.server.cors import Cors, Header
from tertulia.server.patience import Patient
from tertulia.server.redact import redacted
from tertulia.server.settings import ServerSettings

if TYPE_CHECKING:
    from litestar.types import (
        ASGIApp,
        HTTPResponseStartEvent,
        HTTPScope,
        Message,
        Receive,
        Scope,
        Send,
    )

_log = logging.getLogger("tertulia.access")

_ACTIONS = (
    "tracker/events|tracker|story|respond|execute|predict|messages|trigger_intent|log|export|stream"
)
_MODERN_PATH = re.compile(rf"/conversations/(.+?)/({_ACTIONS})/?", re.DOTALL)
_LEGACY_PATH = re.compile(rf"/conversations/([^/]+)/({_ACTIONS})/?", re.DOTALL)
_ID_ALONE = re.compile(r"/conversations/(.+)", re.DOTALL)
_RAW_ID_ALONE = re.compile(rb"/conversations/([^/?]+)")

_NO_SNIFFING: Header = (b"x-content-type-options", b"nosniff")


class Edge:
    """Wraps the routes: ids, HEAD, CORS, the access log."""

    def __init__(
        self, app: "ASGIApp", settings: ServerSettings, telemetry: Telemetry | None = None
    ) -> None:
        self.app = app
        self.settings = settings
        self._telemetry = telemetry or Telemetry()
        self._body_seconds = settings.limits.body_seconds
        self._cors = Cors(settings.cors_origins)
        self._path = _LEGACY_PATH if settings.is_legacy else _MODERN_PATH

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        method, path = scope["method"], scope["path"]
        answered = _Answer(send, is_head=method == "HEAD", headers=self._headers(scope))
        inner = cast(
            "Scope",
            {
                **scope,
                "method": "GET" if method == "HEAD" else method,
                "path": self._encode_id(scope),
                # For answers that do not end by themselves.
                **({"tertulia.head": True} if method == "HEAD" else {}),
            },
        )
        try:
            if path.endswith("/chat/"):
                await answered.redirect(b"../chat")
            else:
                await self._route(inner, Patient(receive, self._body_seconds).receive, answered)
        finally:
            took = perf_counter() - began
            self._telemetry.meters.answered(method, answered.status, took)
            if _log.isEnabledFor(logging.INFO):
                _log_access(method, scope, answered.status, took * 1000)

    async def _route(self, scope: "Scope", receive: "Receive", answered: "_Answer") -> None:
        traces = self._telemetry.traces
        if traces is None:
            await self.app(scope, receive, answered.send)
            return
        facts = cast(dict[str, Any], scope)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        with traces.request(facts["method"], headers) as span:
            try:
                await self.app(scope, receive, answered.send)
            finally:
                span.answered(answered.status, facts.get("path_template", ""))

    def _encode_id(self, scope: "HTTPScope") -> str:
        path = scope["path"]
        if not path.startswith("/conversations/"):
            return path
        if scope["method"] == "DELETE" and _RAW_ID_ALONE.fullmatch(scope["raw_path"]):
            # The id is one segment as it was sent, so it is all of the id, whatever its end.
            return f"/conversations/{quote(path.removeprefix('/conversations/'), safe='')}"
        found = self._path.fullmatch(path)
        if found is not None:
            return f"/conversations/{quote(found[1], safe='')}/{found[2]}"
        alone = _ID_ALONE.fullmatch(path)
        if scope["method"] == "DELETE" and alone is not None and self._path is _MODERN_PATH:
            return f"/conversations/{quote(alone[1], safe='')}"
        return path

    def _headers(self, scope: "Scope") -> list[Header]:
        if self._cors.is_closed:
            return []
        given = dict(scope["headers"])
        origin = given.get(b"origin")
        headers = self._cors.headers(origin.decode("latin-1") if origin is not None else None)
        is_preflight = (
            scope["type"] == "http"
            and scope["method"] == "OPTIONS"
            and origin is not None
            and b"access-control-request-method" in given
        )
        if is_preflight and origin is not None:
            asked = given.get(b"access-control-request-headers")
            headers += self._cors.preflight(origin.decode("latin-1"), asked)
        return headers


def _log_access(method: str, scope: "HTTPScope", status: int, took: float) -> None:
    path = quote(scope["path"])

    def fields() -> dict[str, str | float]:
        query = redacted(scope["query_string"])
        told = {"method": method, "path": path, "query": query}
        return {**told, "status": status, "ms": round(took, 2)}

    _log.info("%s %s %d %.1fms", method, path, status, took, extra={"fields": fields})


class _Answer:
    """Watches one answer go out. status: 0 until it began."""

    def __init__(self, send: "Send", *, is_head: bool, headers: list[Header]) -> None:
        self._send = send
        self._is_head = is_head
        self._headers = headers
        self.status = 0

    async def send(self, message: "Message") -> None:
        if message["type"] == "http.response.start":
            message = self._begin(message)
        elif self._is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    async def redirect(self, location: bytes) -> None:
        headers = [(b"location", location), (b"content-length", b"0")]
        await self.send({"type": "http.response.start", "status": 308, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _begin(self, message: "HTTPResponseStartEvent") -> "HTTPResponseStartEvent":
        headers = list(message["headers"])
        self.status = message["status"]
        if self.status == 204 and any(name == b"allow" for name, _ in headers):
            # The originals answer OPTIONS with 200, and browsers accept either.
            self.status = 200
            headers.append((b"content-length", b"0"))
        if all(name.lower() != _NO_SNIFFING[0] for name, _ in headers):
            headers.append(_NO_SNIFFING)
        headers += self._headers
        message["status"], message["headers"] = self.status, headers
        return message
