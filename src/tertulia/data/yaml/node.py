"""Node: a value of a YAML file with its place. Frozen; nothing here knows the YAML library."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

import msgspec

from tertulia.base.source import SourceSpan

Scalar = str | int | float | bool | None


class YamlRules(Enum):
    """How unquoted words and numbers are read.

    V1_1: `yes/no/on/off` are booleans, `010` is 8, `12:30` is 750 (files of 0.x).
    V1_2: only `true/false` are booleans, `010` is 10, `12:30` is text (files of 1.x and later).

    Source: domain.md section 1.1.
    """

    V1_1 = "1.1"
    V1_2 = "1.2"


class Key(msgspec.Struct, frozen=True, gc=False):
    """The key of a mapping entry.

    text: the key as written (after environment variables). plain: its typed value, such as
    `1` or `True`. span: the place of the key itself.
    """

    text: str
    plain: Scalar
    span: SourceSpan


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One `key: value` pair of a mapping."""

    key: Key
    node: "Node"


class Node(msgspec.Struct, frozen=True, gc=False):
    """A value with its place.

    value: a scalar, a tuple of nodes (list), or entries by key text (mapping), in file order.
    text: a scalar as written, after environment variables; empty for collections.
    style: how a scalar was written: "" plain, "'" or '"' quoted, "|" literal, ">" folded.
    """

    value: "Scalar | tuple[Node, ...] | dict[str, Entry]"
    span: SourceSpan
    text: str = ""
    style: str = ""

    @property
    def is_map(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.value, tuple)

    @property
    def is_scalar(self) -> bool:
        """Whether this is a single value; null is one."""
        return not isinstance(self.value, dict | tuple)

    @property
    def is_null(self) -> bool:
        """Whether this is null or left out."""
        return self.value is None

    @property
    def kind(self) -> str:
        """What this is, in words for a message: `a mapping`, `a list`, `text`, ..."""
        return kind_of(self.value)

    def plain(self) -> Any:
        """Return ordinary data: dict, list, str, int, float, bool, None. Keys are their text."""
        value = self.value
        if isinstance(value, dict):
            return {text: entry.node.plain() for text, entry in value.items()}
        if isinstance(value, tuple):
            return [node.plain() for node in value]
        return value

    def get(self, key: str) -> "Node | None":
        """Return the value under `key`, or None when there is none or this is no mapping."""
        if isinstance(self.value, dict) and (entry := self.value.get(key)):
            return entry.node
        return None

    def key(self, key: str) -> Key | None:
        """Return the key itself with its place, or None."""
        if isinstance(self.value, dict) and (entry := self.value.get(key)):
            return entry.key
        return None

    def all_keys(self) -> Iterator[Key]:
        """Yield the keys of a mapping in file order; nothing for other nodes."""
        if isinstance(self.value, dict):
            for entry in self.value.values():
                yield entry.key

    def items(self) -> "Iterator[tuple[Key, Node]]":
        """Yield keys and values of a mapping in file order; nothing for other nodes."""
        if isinstance(self.value, dict):
            for entry in self.value.values():
                yield entry.key, entry.node

    def elements(self) -> "Sequence[Node]":
        """Return the elements of a list; empty for other nodes."""
        return self.value if isinstance(self.value, tuple) else ()


def kind_of(value: object) -> str:
    """Return what a value is, in words for a message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case dict():
            return "a mapping"
        case _:
            return "a list"
