"""Plain data to YAML text that reads the same under the rules of YAML 1.1 and 1.2."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from tertulia.data.yaml.node import YamlRules
from tertulia.data.yaml.scalars import resolver

_RESOLVERS = tuple(resolver(rules) for rules in YamlRules)
# Words and dates that other readers of YAML 1.1 take for something else than text.
_OTHER_TYPES = re.compile(r"[yYnN]|\d{4}-\d\d?-\d\d?.*|[0-9.+-].*", re.ASCII)
_PLAIN = re.compile(r"[\w/](?:[^\s:#]|[ ](?=[^\s#:])|:(?=[^\s:])|#)*")
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
# The longest key that YAML allows on one line with its value is 1024 characters.
_LONGEST_KEY = 800


def dump(data: object) -> str:
    """Return YAML of mappings, sequences, text, numbers, booleans and None.

    Block style, keys in the given order, Unicode as it is, text of several lines as `|` blocks;
    text that looks like another type is quoted. A lone surrogate, which UTF-8 cannot hold,
    becomes U+FFFD.

    Raises:
        TypeError: a value is of another type.
    """
    return "\n".join(_block(data, 0)) + "\n"


def _block(data: object, indent: int) -> Iterator[str]:
    """Yield the lines of a value that stands alone, indented."""
    pad = " " * indent
    if _is_mapping(data) and data:
        for key, value in data.items():
            yield from _entry(_inline(key), value, indent)
    elif _is_sequence(data) and data:
        for element in data:
            lines = _block(element, indent + 2)
            first = next(lines)
            yield f"{pad}- {first[indent + 2 :]}"
            yield from lines
    else:
        yield from _scalar_lines(data, indent)


def _scalar_lines(data: object, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(data, str) and (header := _literal(data)):
        # A block's content must be deeper than its parent; two spaces below a dash or the root.
        yield f"{pad}{header}"
        yield from _literal_lines(data, indent or 2)
    else:
        yield f"{pad}{_inline(data)}"


def _entry(key: str, value: object, indent: int) -> Iterator[str]:
    pad = " " * indent
    if len(key) > _LONGEST_KEY:
        yield f"{pad}? {key}"
        key = ""
    head = f"{pad}{key}:"
    if _is_mapping(value) and value:
        yield head
        yield from _block(value, indent + 2)
    elif _is_sequence(value) and value:
        yield head
        yield from _block(value, indent)
    elif isinstance(value, str) and (header := _literal(value)):
        yield f"{head} {header}"
        yield from _literal_lines(value, indent + 2)
    else:
        yield f"{head} {_inline(value)}"


def _is_mapping(data: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(data, Mapping)


def _is_sequence(data: object) -> TypeGuard[Sequence[object]]:
    return isinstance(data, Sequence) and not isinstance(data, str | bytes)


def _literal(text: str) -> str:
    """Return the header of a literal block, or the empty string if the text needs quotes."""
    lines = text.split("\n")
    if len(lines) < 2 or not lines[0] or lines[0][0] in " \t":
        return ""
    if any(_UNPRINTABLE.search(line.replace("\t", "")) for line in lines):
        return ""
    if any(line and line.isspace() for line in lines):
        return ""
    if not text.endswith("\n"):
        return "|-"
    return "|+" if text.endswith("\n\n") else "|"


def _literal_lines(text: str, indent: int) -> Iterator[str]:
    pad = " " * indent
    for line in text.removesuffix("\n").split("\n"):
        yield f"{pad}{line}" if line else ""


def _inline(data: object) -> str:
    match data:
        case None:
            return "null"
        case bool():
            return "true" if data else "false"
        case int():
            return str(data)
        case float():
            return _float(data)
        case str():
            return data if _is_plain(data) else _quoted(data)
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
        case _:
            raise TypeError(f"YAML has no form for {type(data).__name__}")


def _float(number: float) -> str:
    if math.isnan(number):
        return ".nan"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    mantissa, mark, exponent = repr(number).partition("e")
    # YAML 1.1 knows an exponent only after a dot.
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{mark}{exponent}"


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and "${" not in text
        and not _UNPRINTABLE.search(text)
        and not _OTHER_TYPES.fullmatch(text)
        and all(isinstance(resolve(text), str) for resolve in _RESOLVERS)
    )


def _quoted(text: str) -> str:
    return '"' + re.sub(r'["\\]|' + _UNPRINTABLE.pattern, _escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}"
