"""Values without their places: what two runs over the same files in other folders share."""

from collections.abc import Mapping, Set
from enum import Enum
from typing import Any, TypeVar, cast

import msgspec

from tertulia.data.yaml import Node

Json = Any
S = TypeVar("S", bound=msgspec.Struct)

_PLACES = frozenset({"at", "span"})


def plain(value: object) -> Json:
    """Return any value of structs and collections as JSON data without places in files."""
    if isinstance(value, Node):
        return value.plain()
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return {
            "type": type(value).__name__,
            **{name: plain(getattr(value, name)) for name in fields if name not in _PLACES},
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        mapping = cast(Mapping[object, object], value)
        return {str(key): plain(one) for key, one in mapping.items()}
    if isinstance(value, Set):
        return sorted(str(one) for one in cast(Set[object], value))
    if isinstance(value, list | tuple):
        return [plain(one) for one in cast(tuple[object, ...], value)]
    return value


def without_places(value: S) -> S:
    """Return a struct without the places in files of its parts, the rest unchanged."""
    return cast(S, _stripped(value))


def _stripped(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        changes = {
            name: None if name in _PLACES else _stripped(getattr(value, name))
            for name in value.__struct_fields__
        }
        return msgspec.structs.replace(value, **changes)
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in cast(dict[object, object], value).items()}
    if isinstance(value, tuple):
        return tuple(_stripped(one) for one in cast(tuple[object, ...], value))
    return value
