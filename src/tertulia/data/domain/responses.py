"""Reads `responses` (0.x: `templates`): what the bot says, with all its variations.

Source: spec domain.md section 7.
"""

from typing import Any

from tertulia.core.domain.model import Dialect, ResponseCondition, Variation
from tertulia.data.domain.fragment import Entry, add
from tertulia.data.domain.reader import Reader
from tertulia.data.yaml import Node

Json = Any
Responses = dict[str, Entry[tuple[Variation, ...]]]

_TEXTS = ("image", "button_type", "channel", "id")
_LISTS = ("buttons", "quick_replies", "elements")


def read_responses(node: Node, reader: Reader, section: str = "responses") -> Responses:
    """Return the responses of a file by name."""
    found: Responses = {}
    for key, value in reader.entries(node, f"'{section}'"):
        what = f"the response '{key.text}'"
        if not value.is_list:
            reader.error(
                "T240",
                f"{what} must be a list of variations, got {value.kind}",
                key.span,
                "Start each variation with a dash: '- text: ...'.",
            )
            continue
        read = (_variation(element, what, reader) for element in value.elements())
        variations = tuple(variation for variation in read if variation is not None)
        _note_equal_ids(variations, what, reader)
        raw = [variation.content for variation in variations]
        add(found, key.text, Entry(variations, raw, key.span), "response", reader)
    return found


def _variation(node: Node, what: str, reader: Reader) -> Variation | None:
    if reader.is_legacy and isinstance(node.value, str):
        return Variation(content={"text": node.value}, at=node.span)
    if not node.is_map:
        reader.error(
            "T241",
            f"a variation of {what} must be a mapping, got {node.kind}",
            node.span,
            "Write '- text: \"...\"'.",
        )
        return None
    content: dict[str, Json] = node.plain()
    if not _has_text(node, what, reader):
        return None
    if reader.is_legacy and not isinstance(content.get("text"), str | None):
        # YAML 1.1 makes booleans of yes and no; what was written is what was meant.
        content["text"] = node.value and (node.get("text") or node).text
    _check_fields(node, what, reader)
    return Variation(
        content=content,
        channel=_text_or_none(content.get("channel")),
        condition=_conditions(node.get("condition"), what, reader),
        id=_text_or_none(content.get("id")),
        at=node.span,
    )


def _text_or_none(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _has_text(node: Node, what: str, reader: Reader) -> bool:
    text, custom = node.get("text"), node.get("custom")
    if text is None and custom is not None:
        return True
    if text is None or text.is_null:
        reader.error(
            "T242",
            f"a variation of {what} has no text",
            (text or node).span,
            "Add 'text: \"...\"' or 'custom: {...}'.",
        )
        return False
    if isinstance(text.value, str):
        return True
    if reader.is_legacy and text.is_scalar:
        reader.warning(
            "T209",
            f"the text of {what} is {text.kind}; it is read as '{text.text}'",
            text.span,
            "Put it in quotes.",
        )
        return True
    reader.misfit(text, f"the text of {what}", "text")
    return False


def _check_fields(node: Node, what: str, reader: Reader) -> None:
    for field in _TEXTS:
        reader.optional_text(node.get(field), f"'{field}' of {what}")
    for field in _LISTS:
        _check_list(node.get(field), f"'{field}' of {what}", reader)
    if (custom := node.get("custom")) is not None and not (custom.is_map or custom.is_null):
        reader.misfit(custom, f"'custom' of {what}", "a mapping")
    attachment = node.get("attachment")
    is_strict = reader.dialect is Dialect.V3
    if is_strict and attachment is not None and not (attachment.is_map or attachment.is_null):
        reader.misfit(attachment, f"'attachment' of {what}", "a mapping")


def _check_list(node: Node | None, what: str, reader: Reader) -> None:
    if node is None or node.is_null:
        return
    if not node.is_list:
        reader.misfit(node, what, "a list")
    for element in node.elements():
        if not element.is_map:
            reader.misfit(element, f"each of {what}", "a mapping")


def _conditions(
    node: Node | None, what: str, reader: Reader
) -> tuple[ResponseCondition, ...] | None:
    if node is None or node.is_null:
        return None
    if not node.is_list:
        reader.misfit(node, f"'condition' of {what}", "a list")
        return None
    if not node.elements():
        reader.warning(
            "T244",
            f"a variation of {what} has an empty 'condition', so it is never used",
            node.span,
            "Remove 'condition', or list what must hold.",
        )
    found: list[ResponseCondition] = []
    for element in node.elements():
        kind, name, value = (element.get(key) for key in ("type", "name", "value"))
        is_slot = kind is not None and kind.value == "slot"
        if is_slot and name is not None and isinstance(name.value, str) and value is not None:
            found.append(ResponseCondition(name=name.value, value=value.plain()))
        else:
            reader.error(
                "T247",
                f"a condition of {what} needs 'type: slot', 'name' and 'value'",
                element.span,
                "Write '- type: slot', 'name: ...' and 'value: ...' below each other.",
            )
    return tuple(found)


def _note_equal_ids(variations: tuple[Variation, ...], what: str, reader: Reader) -> None:
    seen: dict[str, Variation] = {}
    for variation in variations:
        if variation.id is None:
            continue
        first = seen.setdefault(variation.id, variation)
        if first is not variation and variation.at is not None:
            reader.warning(
                "T243",
                f"two variations of {what} have the id '{variation.id}', first at {first.at}",
                variation.at,
                "Give each its own, or a response server cannot tell them apart.",
            )
