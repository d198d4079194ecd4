"""Query parameters: the first of a name counts; booleans and numbers as the originals read them.

Source: spec http_api.md section 2, events.md section 6.
"""

import math
from typing import overload

from tertulia.base.errors import RequestError
from tertulia.core.tracker.views import Verbosity
from tertulia.server.body import AnyConnection, AnyRequest
from tertulia.server.errors import WRONG_PARAMETER, WRONG_VERBOSITY
from tertulia.server.settings import ServerSettings

_MOST = 1_000_000
LARGEST = 2**63 - 1


def text(request: AnyConnection, name: str) -> str | None:
    """Return the first parameter of this name, None when there is none."""
    found: list[str] = request.query_params.getall(name, [])
    return found[0] if found else None


def flag(request: AnyRequest, name: str, *, default: bool = False) -> bool:
    """Return whether the parameter says `true` in any case; anything else is false."""
    value = text(request, name)
    return default if value is None else value.lower() == "true"


def number(request: AnyRequest, name: str, settings: ServerSettings) -> float | None:
    """Return a number, None when absent; what is none is ignored in the modern profile.

    Raises:
        RequestError: no number, in the legacy profile.
    """
    value = text(request, name)
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isnan(found):
        return found
    if settings.is_legacy:
        raise RequestError(
            f"'{name}' must be a number", parameter=name, where="query", code=WRONG_PARAMETER
        )
    return None


def count(request: AnyRequest, name: str, settings: ServerSettings, *, default: int) -> int:
    """Return a whole number that is not negative, read as `number` does; others are ignored.

    Raises:
        RequestError: no number, in the legacy profile.
    """
    value = number(request, name, settings)
    return default if value is None or not 0 <= value < _MOST else int(value)


@overload
def whole_number(
    request: AnyRequest, name: str, *, default: int, least: int = 0, most: int = LARGEST
) -> int: ...


@overload
def whole_number(
    request: AnyRequest, name: str, *, default: None, least: int = 0, most: int = LARGEST
) -> int | None: ...


def whole_number(
    request: AnyRequest, name: str, *, default: int | None, least: int = 0, most: int = LARGEST
) -> int | None:
    """Return a whole number in these bounds, `default` when absent.

    Raises:
        RequestError: no such number.
    """
    value = text(request, name)
    if value is None:
        return default
    return as_whole_number(value, name, least=least, most=most)


def as_whole_number(
    value: str, name: str, *, least: int = 0, most: int = LARGEST, where: str = "query"
) -> int:
    """Return the whole number that a text is. Raises as `whole_number`."""
    if value.isascii() and value.isdigit() and len(value) < 20 and least <= int(value) <= most:
        return int(value)
    raise RequestError(
        f"'{name}' must be a whole number from {least} to {most}",
        parameter=name,
        where=where,
        code=WRONG_PARAMETER,
    )


def verbosity(
    request: AnyRequest, settings: ServerSettings, default: Verbosity = Verbosity.AFTER_RESTART
) -> Verbosity:
    """Return which events the client wants to see.

    Raises:
        RequestError: the value is none of the four.
    """
    value = text(request, "include_events")
    if value is None or (value == "" and not settings.is_legacy):
        return default
    found = Verbosity.__members__.get(value.upper())
    if found is None:
        raise RequestError(
            "invalid parameter value for 'include_events'. "
            "Should be one of NONE, APPLIED, AFTER_RESTART, ALL",
            parameter="include_events",
            where="query",
            code=WRONG_VERBOSITY,
        )
    return found
