"""JSON NLU data: `{"rasa_nlu_data": {...}}`, read with the place of every value.

Source: nlu.md section 4.
"""

import json
import re
from typing import NamedTuple

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.data.nlu.collect import Collector
from tertulia.data.nlu.model import Entity, NluData
from tertulia.data.yaml import Node, parse

_ROOT = "rasa_nlu_data"
_OLD_LISTS = ("intent_examples", "entity_examples")
_KNOWN = ("common_examples", *_OLD_LISTS, "regex_features", "lookup_tables", "entity_synonyms")
_FOREIGN = {
    "luis_schema_version": "LUIS",
    "utterances": "wit.ai",
    "supportedLanguages": "Dialogflow",
}
# JSON writes characters beyond the basic plane as two escapes, YAML as one.
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


class JsonText(NamedTuple):
    """Whether a text is JSON with NLU data, or else where it stops being JSON."""

    is_nlu: bool
    line: int = 0
    column: int = 0
    reason: str = ""


def look(text: str) -> JsonText:
    """Return what a text holds as JSON."""
    try:
        value: object = json.loads(text)
        return JsonText(isinstance(value, dict) and _ROOT in value)
    except json.JSONDecodeError as error:
        return JsonText(False, error.lineno, error.colno, error.msg)
    except (RecursionError, ValueError) as error:
        return JsonText(False, 1, 1, str(error))


def read_json(text: str, *, file: str, diagnostics: Diagnostics) -> NluData:
    """Return the NLU data of a JSON text; problems are noted."""
    collector = Collector(file, diagnostics)
    seen = look(text)
    if seen.reason:
        diagnostics.error(
            "T331",
            f"this is not valid JSON: {seen.reason}",
            hint="Mend it here, or convert the data to YAML.",
            at=SourceSpan(file, seen.line, seen.column),
        )
        return collector.finish()
    root = parse(_PAIR.sub(_one_escape, text), file=file, diagnostics=diagnostics)
    if root is not None and _is_ours(root, collector):
        data = root.get(_ROOT)
        if data is not None and not data.is_null:
            _Reader(collector).read(data)
    return collector.finish()


def _one_escape(found: re.Match[str]) -> str:
    high, low = int(found[2], 16), int(found[3], 16)
    code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
    return f"{found[1]}\\U{code:08x}"


def _is_ours(root: Node, collector: Collector) -> bool:
    for key in root.all_keys():
        if product := _FOREIGN.get(key.text):
            collector.diagnostics.error(
                "T342",
                f"this is an export of {product}, which is not read",
                hint=f"Convert it to YAML NLU data, or to JSON with '{_ROOT}'.",
                at=key.span,
            )
            return False
        if key.text != _ROOT:
            collector.diagnostics.error(
                "T331",
                f"JSON NLU data has only '{_ROOT}' at its root, not '{key.text}'",
                hint=nearest(key.text, [_ROOT]) or "Remove it.",
                at=key.span,
            )
    if root.get(_ROOT) is not None:
        return True
    if not list(root.items()):
        collector.diagnostics.error(
            "T331", f"JSON NLU data needs '{_ROOT}' at its root", at=root.span
        )
    return False


class _Reader:
    """Reads the lists of one file into a collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._diagnostics = collector.diagnostics

    def read(self, data: Node) -> None:
        """Read every list of `rasa_nlu_data`."""
        if not data.is_map:
            self._wrong(data, f"'{_ROOT}' must be a mapping")
            return
        for key, node in data.items():
            if key.text not in _KNOWN:
                hint = nearest(key.text, _KNOWN) or f"Known: {', '.join(_KNOWN)}."
                message = f"'{_ROOT}' has no list '{key.text}'"
                self._diagnostics.error("T331", message, hint=hint, at=key.span)
            elif not node.is_list:
                self._wrong(node, f"'{key.text}' must be a list")
            elif key.text in _OLD_LISTS:
                self._diagnostics.warning(
                    "T341",
                    f"'{key.text}' is an old name; its examples are read",
                    hint="Move them to 'common_examples'.",
                    at=key.span,
                )
        for name in ("common_examples", *_OLD_LISTS):
            for node in _list(data, name):
                self._example(node)
        for node in _list(data, "regex_features"):
            self._regex(node)
        for node in _list(data, "lookup_tables"):
            self._lookup(node)
        for node in _list(data, "entity_synonyms"):
            self._synonym(node)

    def _wrong(self, node: Node, message: str, hint: str = "") -> None:
        self._diagnostics.error("T340", f"{message}, got {node.kind}", hint=hint, at=node.span)

    def _text(self, node: Node, key: str, what: str) -> str | None:
        """Return the non-empty text under `key`; its absence is noted."""
        inner = node.get(key)
        if inner is not None and isinstance(inner.value, str) and inner.value.strip():
            return inner.value
        self._diagnostics.error(
            "T340",
            f"{what} needs '{key}', a text that is not empty",
            at=(inner or node).span,
        )
        return None

    def _example(self, node: Node) -> None:
        text = self._text(node, "text", "an example")
        intent = node.get("intent")
        if text is None or not self._is_text_or_absent(intent):
            return
        label = intent.value.strip() if intent and isinstance(intent.value, str) else None
        if intent and label and not self._collector.is_label(label, intent.span):
            return
        entities = self._entities(node.get("entities"), text)
        if entities is None:
            return
        metadata = node.get("metadata")
        about = metadata.plain() if metadata is not None and metadata.is_map else None
        self._collector.example(label, text, entities, node.span, about)

    def _is_text_or_absent(self, intent: Node | None) -> bool:
        if intent is None or isinstance(intent.value, str | None):
            return True
        self._wrong(intent, "'intent' must be text", "Put it in quotes.")
        return False

    def _entities(self, section: Node | None, text: str) -> tuple[Entity, ...] | None:
        if section is None or section.is_null:
            return ()
        if not section.is_list:
            self._wrong(section, "'entities' must be a list")
            return None
        read = (self._entity(one, text) for one in section.elements())
        return tuple(one for one in read if one is not None)

    def _entity(self, node: Node, text: str) -> Entity | None:
        name = self._text(node, "entity", "an entity")
        start, end = self._offset(node, "start"), self._offset(node, "end")
        if name is None or start is None or end is None:
            return None
        value = node.get("value")
        given = value.value if value is not None else None
        if isinstance(given, bool) or not isinstance(given, str | int | float | None):
            self._wrong(value or node, "'value' must be text or a number")
            return None
        return Entity(
            start=start,
            end=end,
            entity=name,
            value=text[start:end] if given is None else given,
            role=self._optional(node, "role"),
            group=self._optional(node, "group"),
            extractor=self._optional(node, "extractor"),
        )

    def _offset(self, node: Node, key: str) -> int | None:
        inner = node.get(key)
        if inner is not None and isinstance(inner.value, int) and not isinstance(inner.value, bool):
            return inner.value
        message = f"an entity needs '{key}', a whole number: characters from the start of the text"
        self._diagnostics.error("T340", message, at=(inner or node).span)
        return None

    def _optional(self, node: Node, key: str) -> str | None:
        inner = node.get(key)
        if inner is None or inner.value is None:
            return None
        if isinstance(inner.value, str):
            return inner.value
        self._wrong(inner, f"'{key}' must be text", "Put it in quotes.")
        return None

    def _regex(self, node: Node) -> None:
        name = self._text(node, "name", "a regex feature")
        pattern = self._text(node, "pattern", "a regex feature")
        if name is not None and pattern is not None:
            place = node.get("pattern") or node
            self._collector.regex(name, pattern, place.span)

    def _lookup(self, node: Node) -> None:
        name = self._text(node, "name", "a lookup table")
        elements = node.get("elements")
        if name is None:
            return
        if elements is not None and isinstance(elements.value, str):
            self._collector.lookup_file(name, elements.value, elements.span)
        elif elements is not None and elements.is_list:
            words = (word for one in elements.elements() if (word := self._word(one)))
            self._collector.lookup(name, tuple(words), node.span)
        else:
            self._wrong(elements or node, "'elements' must be a list of words or a file's path")

    def _synonym(self, node: Node) -> None:
        value = self._text(node, "value", "a synonym")
        texts = node.get("synonyms")
        if value is None:
            return
        if texts is None or not texts.is_list:
            self._wrong(texts or node, "'synonyms' must be a list of words")
            return
        for one in texts.elements():
            if word := self._word(one):
                self._collector.synonym(word, value, one.span)

    def _word(self, node: Node) -> str | None:
        if isinstance(node.value, str):
            return node.value.strip() or None
        self._wrong(node, "a word must be text", "Put it in quotes.")
        return None


def _list(data: Node, name: str) -> tuple[Node, ...]:
    node = data.get(name)
    return tuple(node.elements()) if node else ()
