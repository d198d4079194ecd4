"""Slot values as numbers for the policies: exact vectors, per slot type and generation.

Source: spec domain.md section 5.2.
"""

from collections.abc import Callable, Sized
from typing import Any

from tertulia.base.errors import DomainError
from tertulia.core.domain.model import Generation, Slot

Json = Any

OTHER_VALUE = "__other__"
"""Implicit last value of a modern categorical slot: anything that is not listed."""

SLOT_TYPES = ("text", "bool", "float", "list", "categorical", "any", "unfeaturized")

_NOT_A_NUMBER = (TypeError, ValueError, OverflowError)


def features(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    """Return the feature vector of a slot that holds `value`.

    Its length is `dimension(slot, generation)`; empty when the slot does not influence the
    conversation. A value of the wrong kind counts as unset.
    """
    if not slot.influence_conversation:
        return ()
    return _vector_of(slot)(slot, value, generation)


def dimension(slot: Slot, generation: Generation) -> int:
    """Return the length of the slot's feature vectors."""
    return len(features(slot, None, generation))


def categories(slot: Slot, generation: Generation) -> tuple[str, ...]:
    """Return the lower-cased values of a categorical slot, one per feature."""
    values = tuple(value.lower() for value in slot.values)
    if generation is Generation.MODERN and OTHER_VALUE not in values:
        return (*values, OTHER_VALUE)
    return values


def _text(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    return (0.0 if value is None else 1.0,)


def _bool(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    if value is None:
        return (0.0, 0.0)
    read = _legacy_truth if generation is Generation.LEGACY else _modern_truth
    try:
        return (1.0, float(read(value)))
    except _NOT_A_NUMBER:
        return (0.0, 0.0)


def _legacy_truth(value: Json) -> bool:
    return float(value) != 0.0


def _modern_truth(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value == 1
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    if value.isnumeric():
        return float(value) == 1
    word = value.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    raise ValueError(word)


def _float(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    known = (1.0,) if generation is Generation.MODERN else ()
    try:
        inside = max(slot.min_value, min(slot.max_value, float(value)))
    except _NOT_A_NUMBER:
        return (0.0,) * (len(known) + 1)
    span = abs(slot.max_value - slot.min_value) or 1.0
    return (*known, (inside - slot.min_value) / span)


def _list(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    return (1.0 if isinstance(value, Sized) and len(value) > 0 else 0.0,)


def _categorical(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    names = categories(slot, generation)
    vector = [0.0] * len(names)
    if value is not None:
        word = str(value).lower()
        if word in names:
            vector[names.index(word)] = 1.0
        elif OTHER_VALUE in names and generation is Generation.MODERN:
            vector[names.index(OTHER_VALUE)] = 1.0
    return tuple(vector)


def _nothing(slot: Slot, value: Json, generation: Generation) -> tuple[float, ...]:
    return ()


_Vector = Callable[[Slot, Json, Generation], tuple[float, ...]]
_VECTORS: dict[str, _Vector] = {
    "text": _text,
    "bool": _bool,
    "float": _float,
    "list": _list,
    "categorical": _categorical,
    "any": _nothing,
    "unfeaturized": _nothing,
}


def _vector_of(slot: Slot) -> _Vector:
    if vector := _VECTORS.get(slot.type):
        return vector
    raise DomainError(
        f"the slot '{slot.name}' has the unknown type '{slot.type}'",
        hint=f"Known types: {', '.join(SLOT_TYPES)}.",
        at=slot.at,
        code="T220",
    )
