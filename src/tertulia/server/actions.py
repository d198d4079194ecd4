"""The action server: a bot's own actions, offered in the wire format of the SDKs.

Source: spec sdk.md sections 1 to 4.
"""

import logging
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.base.errors import ActionRejected, ActionServerError
from tertulia.server.edge import Edge
from tertulia.server.settings import ServerSettings

Json = Any
_Any = Request[Any, Any, Any]
_log = logging.getLogger("tertulia.actions")

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes of a request, unpacked; a request holds the whole session and the domain."""


class _Call(msgspec.Struct):
    """What a request must have at least. Actions read the rest."""

    tracker: dict[str, Json] = {}
    next_action: str | None = None


class _Unusable(Exception):
    """The request is no call of an action."""


def create_action_app(runner: InProcessActions, *, cors_origins: tuple[str, ...] = ()) -> Edge:
    """Return the ASGI application. It closes the runner when the server stops.

    Raises:
        ConfigError: an origin cannot be used.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await runner.close()

    app = Litestar(
        route_handlers=_routes(runner),
        lifespan=[lifespan],
        openapi_config=None,
        request_max_body_size=BODY_LIMIT,
        exception_handlers={HTTPException: _on_framework},
        logging_config=None,
    )
    return Edge(app, ServerSettings(cors_origins=cors_origins))


def _routes(runner: InProcessActions) -> list[HTTPRouteHandler]:
    @post("/webhook", status_code=200)
    async def webhook(request: _Any) -> Response[bytes]:
        return await _webhook(runner, request)

    @get("/health")
    async def health() -> Response[bytes]:
        return _json({"status": "ok"})

    @get("/actions")
    async def actions() -> Response[bytes]:
        return _json([{"name": name} for name in runner.names])

    return [webhook, health, actions]


async def _webhook(runner: InProcessActions, request: _Any) -> Response[bytes]:
    try:
        content = _unpacked(await request.body(), request.headers.get("content-encoding"))
        call = msgspec.json.decode(content, type=_Call)
    except (_Unusable, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _json({"error": "Invalid body request"}, 400)
    name = call.next_action
    if not name:
        _log.warning("T819 a request names no action")
        return _json(None)
    if name not in runner.names:
        _log.error("T619 there is no action '%s'", name)
        error = f"No registered action found for name '{name}'."
        return _json({"error": error, "action_name": name}, 404)
    try:
        return _send(await runner.answer(name, content))
    except ActionRejected as refusal:
        return _json({"error": refusal.message, "action_name": refusal.action}, 400)
    except ActionServerError as failure:
        body = {"error": str(failure.__cause__), "request_body": msgspec.Raw(content)}
        return _json(body, 500)


def _unpacked(content: bytes, encoding: str | None) -> bytes:
    if encoding != "deflate":
        return content
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(content, BODY_LIMIT)
    except zlib.error as error:
        raise _Unusable from error
    if not unpacking.eof:
        raise _Unusable
    return found


def _json(body: Json, status: int = 200) -> Response[bytes]:
    return _send(msgspec.json.encode(body), status)


def _send(content: bytes, status: int = 200) -> Response[bytes]:
    return Response(content, status_code=status, media_type=MediaType.JSON)


def _on_framework(request: _Any, error: HTTPException) -> Response[bytes]:
    return _json({"error": error.detail}, error.status_code)
