"""Sections of settings that may hold secrets, read leniently where values are written as text."""

from typing import TypeVar

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.secret import Secret
from tertulia.data.yaml.convert import convert
from tertulia.data.yaml.node import Node

T = TypeVar("T")


def convert_settings(section: Node, kind: type[T], diagnostics: Diagnostics) -> T | None:
    """Return the section as a `kind`, or None when it does not fit (T139, noted).

    Numbers and booleans may be written as text, which values from the environment always are.
    """
    return convert(
        section, kind, diagnostics=diagnostics, code="T139", dec_hook=decode_secret, strict=False
    )


def decode_secret(kind: type, value: object) -> object:
    """Return a Secret of a text or number; a `dec_hook` of msgspec."""
    if kind is Secret and isinstance(value, str | int | float):
        return Secret(str(value))
    raise TypeError(f"cannot read a {kind.__name__}")
