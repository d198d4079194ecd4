"""How a route is declared: what it needs, reads and answers, for the guard and the API document.

Source: spec http_api.md section 2 (order of checks: credentials, model, then the rest).
"""

from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from tertulia.server import errors
from tertulia.server.served import decode_id, served_by

Json = Any
Method = Literal["GET", "POST", "PUT", "DELETE"]

ID = "{conversation_id:str}"
"""The path segment that names a conversation; decode it with `decode_id`."""

JSON = "application/json"
TEXT = "text/plain"

_FACTS = "facts"
_BODY_ERRORS = (
    errors.MALFORMED_JSON,
    errors.BODY_TOO_LARGE,
    errors.TOO_DEEP,
    errors.WRONG_PARAMETER,
)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a route's handler does not say by itself.

    query: names of query parameters. body: type of the JSON body, None for none. answer: type of
    the answer, None for text. media_types: of the answer. errors: codes of further errors. guarded:
    asks for credentials. model: needs a model.
    """

    query: tuple[str, ...] = ()
    body: Any = None
    answer: Any = None
    media_types: tuple[str, ...] = (JSON,)
    errors: tuple[str, ...] = ()
    guarded: bool = True
    model: bool = True
    store: bool = True

    def all_errors(self) -> tuple[str, ...]:
        """Return the codes of all errors a client may be answered with."""
        found = list(self.errors)
        if self.guarded:
            found += [errors.NOT_AUTHENTICATED, errors.NOT_AUTHORIZED]
        if self.model:
            found.append(errors.NO_MODEL)
        if self.store:
            found.append(errors.TOO_SLOW)
        if self.body is not None:
            found += _BODY_ERRORS
        if "include_events" in self.query:
            found.append(errors.WRONG_VERBOSITY)
        if "until" in self.query:
            found.append(errors.WRONG_PARAMETER)
        return (*found, errors.BUG)


def operation(
    method: Method, path: str | Sequence[str], *, summary: str, tag: str, facts: Facts
) -> HTTPRouteHandler:
    """Return the decorator of a route that answers 200. Credentials and model are checked first."""
    return HTTPRouteHandler(
        path if isinstance(path, str) else list(path),
        http_method=method,
        status_code=200,
        summary=summary,
        tags=[tag],
        guards=[_guard] if facts.guarded or facts.model else None,
        opt={_FACTS: facts},
        # What is returned is sent as it is: bytes, or data to be written as JSON.
        media_type=facts.media_types[0],
    )


def facts_of(handler: BaseRouteHandler) -> Facts | None:
    """Return what was declared of a route, None for routes that are not part of the API."""
    return cast("Facts | None", handler.opt.get(_FACTS))


async def _guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    # Not a plain function: the framework would hand that to a thread at every request.
    facts = facts_of(handler)
    # The framework's own answer to OPTIONS stands behind the same guard, without facts.
    if facts is None or _method(connection) == "OPTIONS":
        return
    served = served_by(connection)
    if facts.guarded and not served.gate.is_open:
        encoded: str | None = connection.path_params.get("conversation_id")
        tokens: list[str] = connection.query_params.getall("token", [])
        served.gate.admit(
            token=tokens[0] if tokens else None,
            authorization=connection.headers.get("authorization"),
            conversation_id=None if encoded is None else decode_id(encoded),
        )
    if facts.model:
        served.ready()


def _method(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return cast(dict[str, Any], connection.scope).get("method", "")
