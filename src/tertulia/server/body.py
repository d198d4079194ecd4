"""Request bodies: read up to a limit, JSON whatever the Content-Type, typed with a named fault.

Source: spec http_api.md section 2.
"""

from collections.abc import Iterator
from typing import Any, TypeVar, cast

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection

from tertulia.base.errors import RequestError
from tertulia.schema.access import Limits
from tertulia.server.errors import MALFORMED_JSON, TOO_DEEP, TOO_MANY_EVENTS, WRONG_PARAMETER

Json = Any
T = TypeVar("T", bound=msgspec.Struct)
AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]

DEPTH = Limits().json_depth
"""Arrays and objects within each other, where the settings say nothing else."""


async def read_json(request: AnyRequest) -> Json:
    """Return the body as JSON.

    Raises:
        RequestError: it is empty, malformed, too deep, or a list that is too long.
    """
    limits = cast(Limits, request.app.state.limits)
    value: Json = decode_json(await request.body(), depth=limits.json_depth)
    if _length(value) > limits.events:
        raise RequestError(
            f"the body lists more than {limits.events} events",
            hint="Send them in several requests.",
            code=TOO_MANY_EVENTS,
        )
    return value


def _length(value: Json) -> int:
    return len(cast(list[Json], value)) if isinstance(value, list) else 1


def decode_json(body: bytes, *, depth: int = DEPTH) -> Json:
    """Return the JSON of a body.

    Raises:
        RequestError: it is empty, malformed or too deep.
    """
    if not body:
        raise RequestError("the request has no body", hint="Send a JSON body.", code=MALFORMED_JSON)
    try:
        value: Json = msgspec.json.decode(body)
    except RecursionError as error:
        raise _too_deep(depth) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestError(f"the body is not valid JSON: {error}", code=MALFORMED_JSON) from error
    if body.count(b"[") + body.count(b"{") > depth:
        _check_depth(value, depth)
    return value


def _check_depth(value: Json, most: int) -> None:
    level: list[Json] = [value]
    for _ in range(most):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise _too_deep(most)


def _children(node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        values = cast(dict[str, Json], node).values()
    elif isinstance(node, list):
        values = cast(list[Json], node)
    else:
        return
    for value in values:
        if isinstance(value, (dict, list)):
            yield value


def _too_deep(most: int) -> RequestError:
    return RequestError(
        f"the body nests arrays and objects more than {most} deep",
        hint="Flatten it.",
        code=TOO_DEEP,
    )


async def read_struct(request: AnyRequest, kind: type[T]) -> T:
    """Return the body, a JSON object, as a typed value; unknown keys are ignored.

    Raises:
        RequestError: no such object; `parameter` names the key that is wrong.
    """
    return convert(await read_json(request), kind)


def convert(value: Json, kind: type[T]) -> T:
    """Return a JSON object as a typed value.

    Raises:
        RequestError: a key is missing or of a wrong type; `parameter` names it.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        what, _, where = text.partition(" - at `$")
        parameter = where.rstrip("`").removeprefix(".")
        if not where and "required field" in text:
            parameter = text.rpartition("`")[0].rpartition("`")[2]
        raise RequestError(
            f"the body's '{parameter}' is wrong: {what}"
            if parameter
            else f"the body is wrong: {what}",
            parameter=parameter,
            where="body",
            code=WRONG_PARAMETER,
        ) from error
