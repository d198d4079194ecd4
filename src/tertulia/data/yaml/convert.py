"""Nodes to typed objects: every fault gets the place of the value that is wrong."""

import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.data.yaml.node import Node

T = TypeVar("T")
DecodeHook = Callable[[type, Any], Any]

_PATH = re.compile(r"^(?P<said>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_MISMATCH = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
# Values expected to be text may be secrets, so only the others are repeated in a message.
_SHOWN = frozenset({"int", "float", "bool", "int | null", "float | null", "bool | null"})
_LONGEST_SHOWN = 40


class _Fault(NamedTuple):
    message: str
    hint: str
    at: SourceSpan


def convert(
    node: Node,
    kind: type[T],
    *,
    diagnostics: Diagnostics,
    code: str = "T112",
    dec_hook: DecodeHook | None = None,
    strict: bool = True,
) -> T | None:
    """Return the node as a `kind`, or None when it does not fit (every fault is noted).

    kind: usually a Struct with `forbid_unknown_fields`. dec_hook: as in msgspec, for types of
    our own. strict=False also takes numbers and booleans written as text, which values from
    environment variables always are.
    """
    decoder = _Decoder(dec_hook, strict)
    try:
        return decoder.decode(node, kind)
    except msgspec.ValidationError as error:
        for fault in decoder.faults(node, kind, "", error):
            diagnostics.error(code, fault.message, hint=fault.hint, at=fault.at)
    return None


class _Decoder:
    """Decodes, and on failure descends into the parts until the fault is in one of them."""

    def __init__(self, dec_hook: DecodeHook | None, strict: bool) -> None:
        self._dec_hook = dec_hook
        self._strict = strict

    def decode(self, node: Node, kind: type[T]) -> T:
        """Return the value, or raise msgspec's ValidationError."""
        return msgspec.convert(node.plain(), kind, strict=self._strict, dec_hook=self._dec_hook)

    def faults(
        self, node: Node, kind: Any, name: str, error: msgspec.ValidationError
    ) -> list[_Fault]:
        """Return at least one fault for a node that does not decode as `kind`."""
        if found := list(self._inner(node, _bare(node, kind), name)):
            return found
        return [_leaf(node, name, str(error))]

    def _inner(self, node: Node, kind: Any, name: str) -> Iterator[_Fault]:
        origin, arguments = get_origin(kind) or kind, get_args(kind)
        if not isinstance(origin, type):
            return
        if issubclass(origin, msgspec.Struct) and node.is_map:
            yield from self._fields(node, origin, name)
        elif issubclass(origin, Mapping) and node.is_map and len(arguments) == 2:
            for key, value in node.items():
                yield from self._part(value, arguments[1], key.text)
        elif node.is_list and _is_row_of_one_kind(origin, arguments):
            for number, element in enumerate(node.elements(), 1):
                yield from self._part(element, arguments[0], f"{name} {number}".strip())

    def _part(self, node: Node, kind: Any, name: str) -> Iterator[_Fault]:
        try:
            self.decode(node, kind)
        except msgspec.ValidationError as error:
            yield from self.faults(node, kind, name, error)

    def _fields(self, node: Node, struct: type[msgspec.Struct], name: str) -> Iterator[_Fault]:
        fields: dict[str, FieldInfo] = {
            field.encode_name: field for field in msgspec.structs.fields(struct)
        }
        config = struct.__struct_config__
        for key, value in node.items():
            if field := fields.get(key.text):
                yield from self._part(value, field.type, key.text)
            elif config.forbid_unknown_fields and key.text != config.tag_field:
                near = nearest(key.text, list(fields))
                yield _Fault(
                    f"there is no setting '{key.text}' {_inside(name)}",
                    near or f"Known: {', '.join(sorted(fields))}.",
                    key.span,
                )
        for field in fields.values():
            if field.required and node.get(field.encode_name) is None:
                yield _Fault(
                    f"the setting '{field.encode_name}' is missing {_inside(name)}",
                    f"Add '{field.encode_name}: ...'.",
                    node.span,
                )


def _is_row_of_one_kind(origin: Any, arguments: tuple[Any, ...]) -> bool:
    if not arguments or not issubclass(origin, Sequence | set | frozenset):
        return False
    return origin is not tuple or arguments[-1] is Ellipsis


def _inside(name: str) -> str:
    return f"in '{name}'" if name else "here"


def _bare(node: Node, kind: Any) -> Any:
    """Return the one type that a non-null node can be, without None and annotations."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin is Union or origin is types.UnionType:
            fitting = [part for part in get_args(kind) if _may_hold(node, part)]
            if len(fitting) != 1:
                return None
            kind = fitting[0]
        else:
            return kind


def _may_hold(node: Node, kind: Any) -> bool:
    origin = get_origin(kind) or kind
    if origin is Annotated:
        return _may_hold(node, get_args(kind)[0])
    if not isinstance(origin, type):
        return False
    if node.is_map:
        return issubclass(origin, msgspec.Struct | Mapping)
    return node.is_list and issubclass(origin, Sequence) and not issubclass(origin, str | bytes)


def _leaf(node: Node, name: str, said: str) -> _Fault:
    """Return the fault that msgspec names, at the node that its path leads to."""
    parts = _PATH.match(said)
    message, path = (parts["said"], parts["path"] or "") if parts else (said, "")
    for step in _STEP.finditer(path):
        inner = _follow(node, step)
        if inner is None:
            break
        node, name = inner, step[1] or name
    subject = f"'{name}'" if name else "this"
    mismatch = _MISMATCH.match(message)
    if mismatch is None:
        said = f"{subject}: {message[:1].lower()}{message[1:]}"
        return _Fault(said, "Write a value that fits.", node.span)
    expected = mismatch[1]
    is_unquoted = "str" in expected and _could_be_text(node)
    hint = "Put the value in quotes." if is_unquoted else "Write a value of that kind."
    return _Fault(
        f"{subject} must be {_words(expected)}, got {_got(node, expected)}", hint, node.span
    )


def _follow(node: Node, step: re.Match[str]) -> Node | None:
    """Return where one step of msgspec's path leads, None where it cannot be told."""
    if step[1] is not None:
        return node.get(step[1])
    elements = node.elements()
    if step[2] is not None and int(step[2]) < len(elements):
        return elements[int(step[2])]
    return None


def _could_be_text(node: Node) -> bool:
    return node.is_scalar and not node.is_null


def _words(expected: str) -> str:
    return " or ".join(_WORDS.get(word, word) for word in expected.split(" | "))


def _got(node: Node, expected: str) -> str:
    text = node.text
    if expected in _SHOWN and text and len(text) <= _LONGEST_SHOWN:
        return f'"{text}"' if isinstance(cast(object, node.value), str) else text
    return node.kind
