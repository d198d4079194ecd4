"""The one check before every route of the application: credentials, then the model.

Source: spec http_api.md section 2 (order of checks).
"""

from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tertulia.base.errors import RequestError
from tertulia.server.access import FULL, Grant, Scope, scope_of
from tertulia.server.declare import facts_of
from tertulia.server.errors import ID_TOO_LONG, NOT_AUTHORIZED
from tertulia.server.served import decode_id, served_by

_Connection = ASGIConnection[Any, Any, Any, Any]
_GRANT = "grant"


async def guard(connection: _Connection, handler: BaseRouteHandler) -> None:
    """Let a request through to its route, or raise.

    Raises:
        RequestError: 401 without credentials that count, 403 where they do not reach, and for
            everybody at routes that declare no scope.
        ModelError: the route needs a model and there is none.
    """
    # Not a plain function: the framework would hand that to a thread at every request.
    # The framework's own answer to OPTIONS stands behind the same guard, without any scope.
    if _method(connection) == "OPTIONS":
        return
    scope = scope_of(handler.opt)
    if scope is None:
        raise RequestError(
            "this address is closed: its route declares no scope", code=NOT_AUTHORIZED
        )
    served = served_by(connection)
    named = _named(connection)
    if named is not None:
        check_length(connection, named)
    if served.gate.asks(scope):
        connection.state[_GRANT] = _admit(connection, scope)
    facts = facts_of(handler)
    if facts is not None and facts.model:
        served.service.ready(code=facts.no_model)


def check_reach(connection: _Connection, conversation_id: str) -> None:
    """Refuse a conversation that the body names and the caller does not reach, or nobody may use.

    Raises:
        RequestError: 403, or 400 where the id is too long.
    """
    check_length(connection, conversation_id)
    grant: Grant = connection.state.get(_GRANT, FULL)
    if not grant.covers(conversation_id):
        raise RequestError("user has insufficient permissions.", code=NOT_AUTHORIZED)


def check_length(connection: _Connection, conversation_id: str) -> None:
    """Refuse an id that no store should be asked to keep.

    Raises:
        RequestError: it is too long.
    """
    most = served_by(connection).settings.limits.id_length
    if len(conversation_id) > most:
        raise RequestError(
            f"the conversation's id has more than {most} characters",
            hint="Shorten it, or raise 'id_length' in the section 'limits' of endpoints.yml.",
            code=ID_TOO_LONG,
        )


def _named(connection: _Connection) -> str | None:
    encoded: str | None = connection.path_params.get("conversation_id")
    return None if encoded is None else decode_id(encoded)


def _admit(connection: _Connection, scope: Scope) -> Grant:
    tokens: list[str] = connection.query_params.getall("token", [])
    return served_by(connection).gate.admit(
        scope,
        token=tokens[0] if tokens else None,
        authorization=connection.headers.get("authorization"),
        conversation_id=_named(connection),
    )


def _method(connection: _Connection) -> str:
    return cast(dict[str, Any], connection.scope).get("method", "")
