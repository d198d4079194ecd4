"""NLU data to text: YAML of version 3.1, Markdown, JSON. Reading it back gives the same data.

What a format cannot hold is an error, never left out. Only the extractor of an entity, which
annotations cannot name, is lost in YAML and Markdown.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.data.nlu.annotations import annotate
from tertulia.data.nlu.model import Example, NluData
from tertulia.data.version import NEWEST
from tertulia.data.yaml import dump


def write_yaml(data: NluData) -> str:
    """Return YAML NLU data, examples grouped by intent.

    Raises:
        DataError: an example has no intent, or a text cannot stand on a line (T358).
    """
    sections = [_intent_section(label, group) for label, group in _by_intent(data.examples)]
    for kind, words in _word_sections(data):
        sections.extend(
            {kind: name, "examples": _block(texts, kind)} for name, texts in words.items()
        )
    content: dict[str, Any] = {"version": NEWEST, "nlu": sections}
    if data.responses:
        content["responses"] = {
            name: [node.plain() for node in nodes] for name, nodes in data.responses.items()
        }
    return dump(content)


def write_markdown(data: NluData) -> str:
    """Return Markdown NLU data, examples grouped by intent.

    Raises:
        DataError: the data has responses, metadata, examples without intent, or texts that
            cannot stand on a line (T358).
    """
    if data.responses:
        raise _unwritable("Markdown NLU data holds no responses", None)
    parts: list[tuple[str, str, list[str]]] = []
    for label, group in _by_intent(data.examples):
        if with_metadata := next((one for one in group if one.metadata), None):
            raise _unwritable("Markdown NLU data holds no metadata", with_metadata.span)
        parts.append(("intent", label, [_annotated(one) for one in group]))
    for kind, words in _word_sections(data):
        parts.extend((kind, name, texts) for name, texts in words.items())
    return "\n".join(_markdown_section(*part) for part in parts)


def write_json(data: NluData) -> str:
    """Return JSON NLU data, examples in their order.

    Raises:
        DataError: the data has responses (T358).
    """
    if data.responses:
        raise _unwritable("JSON NLU data holds no responses", None)
    synonyms: dict[str, list[str]] = {}
    for text, value in data.synonyms.items():
        synonyms.setdefault(value, []).append(text)
    content = {
        "common_examples": [_json_example(example) for example in data.examples],
        "regex_features": [{"name": one.name, "pattern": one.pattern} for one in data.regexes],
        "lookup_tables": [
            {"name": name, "elements": list(words)} for name, words in data.lookup_tables.items()
        ],
        "entity_synonyms": [
            {"value": value, "synonyms": texts} for value, texts in synonyms.items()
        ],
    }
    written = msgspec.json.encode({"rasa_nlu_data": content})
    return msgspec.json.format(written, indent=2).decode() + "\n"


def _by_intent(examples: Iterable[Example]) -> list[tuple[str, list[Example]]]:
    """Group by label and intent metadata, in the order of first appearance."""
    groups: dict[tuple[str, bytes], list[Example]] = {}
    for one in examples:
        if one.label is None:
            raise _unwritable("an example without intent can only be written as JSON", one.span)
        about = msgspec.json.encode(one.metadata.get("intent"))
        groups.setdefault((one.label, about), []).append(one)
    return [(label, group) for (label, _), group in groups.items()]


def _intent_section(label: str, group: list[Example]) -> dict[str, Any]:
    section: dict[str, Any] = {"intent": _name(label, group[0].span)}
    if "intent" in group[0].metadata:
        section["metadata"] = group[0].metadata["intent"]
    texts = [_annotated(one, lines=True) for one in group]
    if any("example" in one.metadata or "\n" in one.text for one in group):
        section["examples"] = [
            {"text": text} | {"metadata": one.metadata["example"]}
            if "example" in one.metadata
            else {"text": text}
            for text, one in zip(texts, group, strict=True)
        ]
    else:
        section["examples"] = _block(texts, "intent")
    return section


def _word_sections(data: NluData) -> Iterator[tuple[str, dict[str, list[str]]]]:
    synonyms: dict[str, list[str]] = {}
    for text, value in data.synonyms.items():
        synonyms.setdefault(_name(value, None), []).append(text)
    yield "synonym", synonyms
    regexes: dict[str, list[str]] = {}
    for regex in data.regexes:
        regexes.setdefault(_name(regex.name, regex.span), []).append(regex.pattern)
    yield "regex", regexes
    tables = data.lookup_tables.items()
    yield "lookup", {_name(name, None): list(words) for name, words in tables if words}


def _annotated(example: Example, *, lines: bool = False) -> str:
    written = annotate(example.text, example.entities, at=example.span)
    if not written or written != written.strip() or ("\n" in written and not lines):
        raise _unwritable("a text that is empty, or has line breaks or outer spaces", example.span)
    return written


def _name(name: str, at: SourceSpan | None) -> str:
    if not name or name != name.strip() or "\n" in name:
        raise _unwritable(f"the name '{name}' is empty, or has line breaks or outer spaces", at)
    return name


def _block(texts: Iterable[str], kind: str) -> str:
    return "".join(f"- {_line(text, kind)}\n" for text in texts)


def _line(text: str, kind: str) -> str:
    if not text or text != text.strip() or "\n" in text:
        raise _unwritable(
            f"the {kind} entry '{text}' is empty, or has line breaks or outer spaces", None
        )
    return text


def _markdown_section(kind: str, name: str, texts: list[str]) -> str:
    lines = [f"## {kind}:{_name(name, None)}"]
    lines.extend(f"- {_line(text, kind)}" for text in texts)
    if any("<!--" in line for line in lines):
        raise _unwritable(f"the {kind} '{name}' contains the start of a comment", None)
    return "\n".join(lines) + "\n"


def _json_example(example: Example) -> dict[str, Any]:
    written: dict[str, Any] = {"text": example.text}
    if example.label is not None:
        written["intent"] = example.label
    if example.entities:
        written["entities"] = [
            {key: value for key, value in msgspec.structs.asdict(one).items() if value is not None}
            for one in example.entities
        ]
    if example.metadata:
        written["metadata"] = example.metadata
    return written


def _unwritable(message: str, at: SourceSpan | None) -> DataError:
    return DataError(
        f"this format cannot express the data: {message}",
        hint="Write the data in another format, or change it.",
        at=at,
        code="T358",
    )
