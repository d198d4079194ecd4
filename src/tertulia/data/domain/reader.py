"""Reader: takes values out of the nodes of one domain file and notes what does not fit."""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Dialect
from tertulia.data.domain.dialect import FileDialect
from tertulia.data.yaml import Key, Node

Json = Any
QUOTE = "Put the value in quotes."


class Named(msgspec.Struct, frozen=True):
    """An element of a list of names: `name`, or `name: {properties}`. raw: as written."""

    name: str
    properties: Node | None
    raw: Json
    at: SourceSpan


class Reader:
    """Reads one file. Every method returns something usable and notes what was wrong.

    declared: the file states its version, so what that version does not know is an error.
    """

    def __init__(self, source: FileDialect, diagnostics: Diagnostics) -> None:
        self.dialect = source.dialect
        self.declared = source.declared
        self.diagnostics = diagnostics

    @property
    def is_legacy(self) -> bool:
        """Whether the file is of 0.x or 1.x."""
        return self.dialect is Dialect.LEGACY

    def error(self, code: str, message: str, at: SourceSpan, hint: str = "") -> None:
        """Note something that stops training."""
        self.diagnostics.error(code, message, hint=hint, at=at)

    def warning(self, code: str, message: str, at: SourceSpan, hint: str = "") -> None:
        """Note something that training survives."""
        self.diagnostics.warning(code, message, hint=hint, at=at)

    def misfit(self, node: Node, what: str, expected: str) -> None:
        """Note that a value is of the wrong kind."""
        hint = QUOTE if expected.startswith("text") and _is_quotable(node) else ""
        self.error("T209", f"{what} must be {expected}, got {node.kind}", node.span, hint)

    def text(self, node: Node, what: str) -> str | None:
        """Return a text, or None when the value is none."""
        if isinstance(node.value, str):
            return node.value
        self.misfit(node, what, "text")
        return None

    def optional_text(self, node: Node | None, what: str) -> str | None:
        """Return a text; None when it is left out, null or no text."""
        return None if node is None or node.is_null else self.text(node, what)

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """Return the texts of a list, or of one text alone; null and left out are none."""
        if node is None or node.is_null:
            return ()
        if isinstance(node.value, str):
            return (node.value,)
        if not node.is_list:
            self.misfit(node, what, "text or a list of texts")
            return ()
        found = (self.text(element, f"each of {what}") for element in node.elements())
        return tuple(text for text in found if text is not None)

    def flag(self, node: Node | None, what: str, *, default: bool) -> bool:
        """Return true or false."""
        if node is None or node.is_null:
            return default
        if isinstance(node.value, bool):
            return node.value
        self.misfit(node, what, "true or false")
        return default

    def number(self, node: Node | None, what: str, *, default: float) -> float:
        """Return a number that is neither infinite nor none."""
        if node is None or node.is_null:
            return default
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) < 1e300:
                return float(value)
            self.error("T209", f"{what} must be an ordinary number, got {node.text}", node.span)
        else:
            self.misfit(node, what, "a number")
        return default

    def entries(self, node: Node, what: str) -> Iterator[tuple[Key, Node]]:
        """Yield the entries of a mapping whose keys are names."""
        if not node.is_map:
            self.misfit(node, what, "a mapping")
        for key, value in node.items():
            if isinstance(key.plain, str):
                yield key, value
            else:
                self.error(
                    "T209", f"a name under {what} must be text, got {key.text}", key.span, QUOTE
                )

    def named(self, node: Node, what: str) -> Iterator[Named]:
        """Yield the elements of a list of names, some with properties."""
        if not node.is_list:
            self.misfit(node, what, "a list")
        for element in node.elements():
            if isinstance(element.value, str):
                yield Named(element.value, None, element.value, element.span)
            elif not element.is_map:
                self.misfit(element, f"each of {what}", "text or a name with properties")
            elif len(entries := list(self.entries(element, what))) == 1:
                key, properties = entries[0]
                yield Named(key.text, properties, element.plain(), key.span)
            elif len(element.plain()) != 1:
                self.error(
                    "T209",
                    f"each of {what} must be one name, got {len(entries)} keys in one element",
                    element.span,
                    "Start each name with its own dash, and indent its properties below it.",
                )

    def only_keys(
        self, node: Node, known: Collection[str], what: str, *, code: str, is_error: bool = True
    ) -> None:
        """Note the keys that are not among the known."""
        note = self.error if is_error else self.warning
        for entry in node.items():
            key = entry[0]
            if key.text not in known:
                near = nearest(key.text, list(known)) or f"Known: {', '.join(sorted(known))}."
                note(code, f"{what} has no key '{key.text}'", key.span, near)


def _is_quotable(node: Node) -> bool:
    return node.is_scalar and not node.is_null
