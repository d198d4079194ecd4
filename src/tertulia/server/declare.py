"""How a route is declared: what it needs, reads and answers, for the guard and the API document."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import Empty

from tertulia.engine import terms
from tertulia.server import errors
from tertulia.server.access import Scope, declared

Json = Any
Method = Literal["GET", "POST", "PUT", "DELETE"]

ID = "{conversation_id:str}"
"""The path segment that names a conversation; decode it with `decode_id`."""

JSON = "application/json"
TEXT = "text/plain"
HTML = "text/html"

_FACTS = "facts"
_NO_MODEL = errors.NO_MODEL
_BODY_ERRORS = (
    errors.MALFORMED_JSON,
    errors.BODY_TOO_LARGE,
    errors.TOO_DEEP,
    errors.SLOW_BODY,
    errors.TOO_MANY_EVENTS,
    errors.WRONG_PARAMETER,
)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a route's handler does not say by itself.

    scope: what callers must be allowed. query: names of query parameters. headers: of the request,
    those that are looked at. sends: headers of the usual answer that do not follow from the
    others. body: type of the JSON body, None for none. bodies: of a body that is
    not only JSON, media type and schema. answer: type of the answer, None for text. media_types: of
    the answer. statuses: of success, the usual one first. errors: codes of further errors. model:
    needs a model; no_model: the code of the error without one. large: the body may be longer; the
    handler reads and limits it itself.
    """

    scope: Scope
    query: tuple[str, ...] = ()
    body: Any = None
    bodies: tuple[tuple[str, dict[str, Json]], ...] = ()
    answer: Any = None
    statuses: tuple[int, ...] = (200,)
    headers: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    media_types: tuple[str, ...] = (JSON,)
    errors: tuple[str, ...] = ()
    model: bool = True
    no_model: str = _NO_MODEL
    store: bool = True
    large: bool = False

    def all_errors(self) -> tuple[str, ...]:
        """Return the codes of all errors a client may be answered with."""
        found = list(self.errors)
        if self.scope != "open":
            found += [errors.NOT_AUTHENTICATED, errors.NOT_AUTHORIZED]
        if self.model:
            found.append(self.no_model)
        if self.store:
            found += [errors.TOO_SLOW, errors.TOO_BUSY, errors.QUEUE_FULL, errors.ID_TOO_LONG]
        if self.body is not None:
            found += _BODY_ERRORS
        if self.large:
            found.append(errors.BODY_TOO_LARGE)
        if "include_events" in self.query:
            found.append(errors.WRONG_VERBOSITY)
        if "If-Match" in self.headers:
            found += [terms.WRONG_VERSION, errors.WRONG_PARAMETER]
        if "Idempotency-Key" in self.headers:
            found += [terms.KEY_REUSED, terms.CUT_OFF, errors.WRONG_PARAMETER]
        if "until" in self.query:
            found.append(errors.WRONG_PARAMETER)
        return (*found, errors.BUG)


def operation(
    method: Method, path: str | Sequence[str], *, summary: str, tag: str, facts: Facts
) -> HTTPRouteHandler:
    """Return the decorator of a route that is answered once `guard` has let the request in."""
    return HTTPRouteHandler(
        path if isinstance(path, str) else list(path),
        http_method=method,
        status_code=facts.statuses[0],
        request_max_body_size=None if facts.large else Empty,
        summary=summary,
        tags=[tag],
        opt={_FACTS: facts, **declared(facts.scope)},
        # What is returned is sent as it is: bytes, or data to be written as JSON.
        media_type=facts.media_types[0],
    )


def facts_of(handler: BaseRouteHandler) -> Facts | None:
    """Return what was declared of a route, None for routes that are not part of the API."""
    return cast("Facts | None", handler.opt.get(_FACTS))
