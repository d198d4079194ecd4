"""Lists of states as compact JSON: every different state once, lists as numbers.

Source of damage is always an edited or foreign model file; it is reported, never guessed.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.states import TurnState, as_json, from_json

Json = Any

_AT_ONCE = 4096
"""Values of a list that are written at once."""


class _Book(msgspec.Struct, frozen=True):
    states: list[dict[str, Json]]
    lists: list[list[int]]


def pack(lists: Iterable[Sequence[TurnState]]) -> dict[str, Json]:
    """Return JSON that `unpack` reads."""
    numbers: dict[TurnState, int] = {}
    packed = [[numbers.setdefault(one, len(numbers)) for one in states] for states in lists]
    return {"states": [as_json(state) for state in numbers], "lists": packed}


def listed(values: Iterable[Json]) -> Iterator[bytes]:
    """Yield a list as pieces of JSON, without keeping its values."""
    before, waiting = b"[", iter(values)
    while some := list(islice(waiting, _AT_ONCE)):
        yield before
        yield msgspec.json.encode(some)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


def unpack(raw: Json) -> list[tuple[TurnState, ...]]:
    """Return the lists of states that were packed; equal states are one object.

    Raises:
        ModelError: this is no such JSON.
    """
    try:
        book = msgspec.convert(raw, _Book)
        states = [from_json(state) for state in book.states]
        # A negative number would silently count from the end.
        known = dict(enumerate(states))
        return [tuple(known[number] for number in numbers) for numbers in book.lists]
    except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"the learned states of a policy are damaged: {error}",
            hint="Train the model again.",
            code="T420",
        ) from error


def texts(raw: Json) -> list[str]:
    """Return a list of texts of a model.

    Raises:
        ModelError: it is something else.
    """
    if isinstance(raw, list) and all(isinstance(one, str) for one in cast(list[object], raw)):
        return cast(list[str], raw)
    raise ModelError(
        "a list of names in a policy is damaged", hint="Train the model again.", code="T420"
    )
