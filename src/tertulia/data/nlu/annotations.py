"""Entity annotations inside example texts: `[text](entity:value)` and `[text]{"entity": ...}`.

Source: nlu.md section 2.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, cast

import msgspec

from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.data.nlu.model import Entity

# Both generations in one pattern: the short form of 0.x, then the two JSON forms. Brackets
# followed by anything else are text.
_ANNOTATION = re.compile(
    r"\[(?P<text>[^\]]+)\]"
    r"(?:\((?P<entity>[^:)]*)(?::(?P<value>[^)]+))?\)"
    r"|(?P<one>\{[^}]+\})"
    r"|(?P<many>\[\s*\{.*?\}\s*\]))"
)
_HINT = 'Write [text](type:value), or [text]{"entity": "type", "role": "..."} with JSON.'


class Annotated(msgspec.Struct, frozen=True):
    """A text without its annotations, and what they said."""

    text: str
    entities: tuple[Entity, ...]


def read_annotations(text: str, *, at: SourceSpan | None = None) -> Annotated:
    """Return the plain text and its entities, offsets counted in the plain text.

    Raises:
        DataError: an annotation is no valid JSON, or lacks or mistypes a part (T333).
    """
    if "[" not in text:
        return Annotated(text, ())
    plain, done = "", 0
    entities: list[Entity] = []
    for found in _ANNOTATION.finditer(text):
        plain += text[done : found.start()]
        start, surface = len(plain), found["text"]
        plain, done = plain + surface, found.end()
        entities.extend(
            Entity(start=start, end=len(plain), **{"value": surface, **fields})
            for fields in _annotation_fields(found, at)
        )
    return Annotated(plain + text[done:], tuple(entities))


def _annotation_fields(found: re.Match[str], at: SourceSpan | None) -> Iterator[dict[str, Any]]:
    if found["entity"] is not None:
        name = found["entity"].strip()
        if not name:
            raise _invalid(found[0], "the entity has no type", at)
        value = found["value"]
        yield {"entity": name} if value is None else {"entity": name, "value": value}
        return
    try:
        written: object = msgspec.json.decode(found["one"] or found["many"])
    except msgspec.DecodeError as error:
        raise _invalid(found[0], "it is not valid JSON", at) from error
    for one in cast("list[object]", written) if isinstance(written, list) else [written]:
        yield _checked(one, found[0], at)


def _checked(written: object, source: str, at: SourceSpan | None) -> dict[str, Any]:
    if not isinstance(written, dict):
        raise _invalid(source, "it is not a JSON object", at)
    fields = cast("dict[str, object]", written)
    if not isinstance(fields.get("entity"), str) or not fields["entity"]:
        raise _invalid(source, "'entity' is missing or not text", at)
    for name in ("role", "group"):
        if not isinstance(fields.get(name), str | None):
            raise _invalid(source, f"'{name}' is not text", at)
    value = fields.get("value", "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _invalid(source, "'value' is neither text nor a number", at)
    return {name: fields[name] for name in ("entity", "value", "role", "group") if name in fields}


def _invalid(source: str, why: str, at: SourceSpan | None) -> DataError:
    return DataError(
        f"the entity annotation '{source}' cannot be read: {why}", hint=_HINT, at=at, code="T333"
    )


def annotate(text: str, entities: Sequence[Entity], *, at: SourceSpan | None = None) -> str:
    """Return the text with its entities written in; `read_annotations` gives both back.

    The extractor of an entity has no written form and is left out.

    Raises:
        DataError: no annotation can express this: overlapping entities, brackets (T358).
    """
    ordered = sorted(entities, key=lambda entity: (entity.start, entity.end))
    written, done = "", 0
    for (start, end), group in groupby(ordered, key=lambda entity: (entity.start, entity.end)):
        written += text[done:start] + _written(text[start:end], list(group))
        done = end
    written += text[done:]
    wanted = tuple(msgspec.structs.replace(entity, extractor=None) for entity in ordered)
    try:
        back = read_annotations(written)
    except DataError:
        back = None
    if back != Annotated(text, wanted):
        raise DataError(
            "this text cannot be written with annotations: entities overlap or are empty, or "
            "it contains brackets that look like an annotation",
            hint="Write this data as JSON, or change the text.",
            at=at,
            code="T358",
        )
    return written


def _written(surface: str, entities: list[Entity]) -> str:
    if len(entities) > 1:
        return f"[{surface}][{', '.join(_json(surface, entity) for entity in entities)}]"
    entity = entities[0]
    short = _short(surface, entity)
    return short or f"[{surface}]{_json(surface, entity)}"


def _short(surface: str, entity: Entity) -> str:
    """Return the short form, or the empty string when it cannot express the entity."""
    name, value = entity.entity, entity.value
    if entity.role is not None or entity.group is not None or not isinstance(value, str):
        return ""
    if ":" in name or ")" in name or name != name.strip() or not value or ")" in value:
        return ""
    return f"[{surface}]({name})" if value == surface else f"[{surface}]({name}:{value})"


def _json(surface: str, entity: Entity) -> str:
    fields: dict[str, object] = {"entity": entity.entity}
    if entity.role is not None:
        fields["role"] = entity.role
    if entity.group is not None:
        fields["group"] = entity.group
    if entity.value != surface:
        fields["value"] = entity.value
    inner = ", ".join(
        f"{msgspec.json.encode(name).decode()}: {msgspec.json.encode(value).decode()}"
        for name, value in fields.items()
    )
    # The form ends at the first brace or bracket, so those inside are written as escapes.
    for character in "{}[]":
        inner = inner.replace(character, f"\\u{ord(character):04x}")
    return f"{{{inner}}}"
