"""Unquoted text to values by the rules of YAML 1.1 or 1.2. Dates stay text: JSON has none."""

import re
from collections.abc import Callable

from tertulia.data.yaml.node import Scalar, YamlRules

_NUMBER_START = frozenset("+-.0123456789")
# Beyond this length no person means a number, and Python refuses to convert at 4300 digits.
_LONGEST_NUMBER = 300

_NULLS: dict[str, Scalar] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS_1_2: dict[str, Scalar] = (
    _NULLS
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_WORDS_1_1: dict[str, Scalar] = (
    _WORDS_1_2
    | dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True)
    | dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False)
)

_INT_1_2 = re.compile(r"[-+]?[0-9][0-9_]*|0o[0-7_]+|0x[0-9a-fA-F_]+|[-+]?0b[01_]+", re.ASCII)
_FLOAT_1_2 = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?",
    re.ASCII,
)
_INT_1_1 = re.compile(
    r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
    r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    re.ASCII,
)
_FLOAT_1_1 = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*",
    re.ASCII,
)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolver(rules: YamlRules) -> Callable[[str], Scalar]:
    """Return the function that turns unquoted text into its value; it never fails."""
    return _resolve_1_1 if rules is YamlRules.V1_1 else _resolve_1_2


def _resolve_1_2(text: str) -> Scalar:
    if text in _WORDS_1_2:
        return _WORDS_1_2[text]
    if text[0] not in _NUMBER_START or len(text) > _LONGEST_NUMBER:
        return text
    if _INT_1_2.fullmatch(text):
        return _integer(text, octal_prefix="0o")
    if _FLOAT_1_2.fullmatch(text):
        return float(text.replace("_", ""))
    return _special(text)


def _resolve_1_1(text: str) -> Scalar:
    if text in _WORDS_1_1:
        return _WORDS_1_1[text]
    if text[0] not in _NUMBER_START or len(text) > _LONGEST_NUMBER:
        return text
    if _INT_1_1.fullmatch(text):
        return _integer(text, octal_prefix="0")
    if _FLOAT_1_1.fullmatch(text):
        return _base_sixty(text) if ":" in text else float(text.replace("_", ""))
    return _special(text)


def _integer(text: str, *, octal_prefix: str) -> Scalar:
    digits = text.replace("_", "")
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    if ":" in digits:
        return sign * int(_base_sixty(digits))
    for prefix, base in (("0b", 2), ("0x", 16), (octal_prefix, 8)):
        if digits.startswith(prefix) and digits != "0":
            rest = digits[len(prefix) :]
            return sign * int(rest, base) if rest else text
    return sign * int(digits)


def _base_sixty(text: str) -> float:
    digits = text.replace("_", "")
    sign = -1.0 if digits[0] == "-" else 1.0
    total = 0.0
    for part in digits.lstrip("+-").split(":"):
        total = total * 60 + float(part)
    return sign * total


def _special(text: str) -> Scalar:
    return float(text.replace(".", "", 1)) if _SPECIAL.fullmatch(text) else text
