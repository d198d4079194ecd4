"""Reads the section `slots`.

Source: spec domain.md section 5.
"""

import re

import msgspec

from tertulia.base.errors import nearest
from tertulia.core.domain.model import Dialect, Slot
from tertulia.data.domain.fragment import Entry, SlotDraft, add
from tertulia.data.domain.mappings import read_mappings
from tertulia.data.domain.reader import Reader
from tertulia.data.yaml import Key, Node

DEFAULT_SLOTS = (
    "requested_slot",
    "session_started_metadata",
    "knowledge_base_listed_objects",
    "knowledge_base_last_object",
    "knowledge_base_last_object_type",
)
"""Slots that the product itself writes; mappings never fill them."""

_COMMON_KEYS = frozenset({"type", "initial_value", "value_reset_delay"})
_TYPE_KEYS = {
    "categorical": frozenset({"values"}),
    "float": frozenset({"min_value", "max_value"}),
}
_CLASS_PATH = re.compile(r"(?:rasa_core|rasa\.core|rasa\.shared\.core)\.slots\.(\w+)Slot")
_CLASS_NAMES = {
    "Text": "text",
    "Boolean": "bool",
    "Float": "float",
    "List": "list",
    "Categorical": "categorical",
    "Unfeaturized": "unfeaturized",
    "Any": "any",
}
_USE_ANY = "Use the type 'any', or the type it had with 'influence_conversation: false'."


def read_slots(node: Node, reader: Reader) -> dict[str, Entry[SlotDraft]]:
    """Return the slots of a file by name."""
    found: dict[str, Entry[SlotDraft]] = {}
    for key, value in reader.entries(node, "'slots'"):
        if not value.is_map:
            reader.misfit(value, f"the slot '{key.text}'", "a mapping with a 'type'")
            continue
        kind = _type(key.text, value, reader)
        if kind is None:
            continue
        draft = _slot(key, kind, value, reader)
        add(found, key.text, Entry(draft, value.plain(), key.span), "slot", reader)
    return found


def _slot(key: Key, kind: str, node: Node, reader: Reader) -> SlotDraft:
    name, what = key.text, f"the slot '{key.text}'"
    reader.only_keys(node, _keys(kind, node, what, reader), f"{what} ({kind})", code="T223")
    mappings = node.get("mappings")
    auto_fill = reader.flag(node.get("auto_fill"), f"'auto_fill' of {what}", default=True)
    initial = node.get("initial_value")
    slot = Slot(
        name=name,
        type=kind,
        initial_value=None if initial is None else initial.plain(),
        influence_conversation=_influence(kind, node, what, reader),
        values=_values(node.get("values"), what, reader),
        mappings=() if mappings is None else read_mappings(mappings, what, reader),
        auto_fill=auto_fill and mappings is None,
        is_default=name in DEFAULT_SLOTS and not reader.is_legacy,
        at=key.span,
    )
    if mappings is None and reader.declared and reader.dialect is Dialect.V3:
        reader.error(
            "T229",
            f"{what} lacks 'mappings', which say how it is filled",
            node.span,
            "Add 'mappings: []' when only actions set it, or a list such as '- type: from_entity'.",
        )
    return SlotDraft(_with_range(slot, node, what, reader), mappings is None)


def _type(name: str, node: Node, reader: Reader) -> str | None:
    """Return the short name of a slot's type, or None when there is no such type."""
    given = node.get("type")
    known = ("text", "bool", "float", "list", "categorical")
    known += ("unfeaturized",) if reader.is_legacy else ("any",)
    if given is None or given.is_null:
        hint = f"Add 'type: ...'. Known: {', '.join(known)}."
        reader.error("T222", f"the slot '{name}' has no type", node.span, hint)
        return None
    written = reader.text(given, f"the type of the slot '{name}'")
    if written is None:
        return None
    path = _CLASS_PATH.fullmatch(written)
    kind = _CLASS_NAMES.get(path[1], written) if path else written
    if kind in known:
        return kind
    if kind == "unfeaturized" and reader.dialect is Dialect.V2:
        reader.warning(
            "T208", f"the slot '{name}' has the old type 'unfeaturized'", given.span, _USE_ANY
        )
        return kind
    if kind == "unfeaturized":
        hint = _USE_ANY
    elif "." in kind:
        reader.error(
            "T221",
            f"the slot '{name}' is of the class '{kind}'; custom slot classes are not supported",
            given.span,
            "Use the type 'text', 'categorical' or 'any' (0.x: 'unfeaturized').",
        )
        return None
    else:
        hint = nearest(kind, known) or f"Known: {', '.join(known)}."
    message = f"the slot '{name}' has the type '{kind}', which is neither known nor defined"
    reader.error("T220", message, given.span, hint)
    return None


def _keys(kind: str, node: Node, what: str, reader: Reader) -> frozenset[str]:
    """Return the keys a slot may have; `auto_fill` where it is too new gets a note of its own."""
    keys = _COMMON_KEYS | _TYPE_KEYS.get(kind, frozenset()) | {"auto_fill"}
    if reader.is_legacy:
        return keys
    if reader.declared and reader.dialect is Dialect.V3 and (key := node.key("auto_fill")):
        reader.error(
            "T208",
            f"{what} has 'auto_fill', which 3.x does not know",
            key.span,
            "Remove it; a mapping of the type from_entity fills a slot from an entity.",
        )
    return keys | {"influence_conversation", "mappings"}


def _influence(kind: str, node: Node, what: str, reader: Reader) -> bool:
    given = node.get("influence_conversation")
    if kind in ("any", "unfeaturized"):
        if given is not None and given.value is True:
            reader.error(
                "T226",
                f"{what} of the type '{kind}' cannot influence the conversation",
                given.span,
                "Remove 'influence_conversation', or choose another type.",
            )
        return False
    return reader.flag(given, f"'influence_conversation' of {what}", default=True)


def _values(node: Node | None, what: str, reader: Reader) -> tuple[str, ...]:
    if node is None or node.is_null:
        return ()
    if not node.is_list:
        reader.misfit(node, f"'values' of {what}", "a list")
    values: list[str] = []
    for element in node.elements():
        if element.is_null and not reader.is_legacy:
            reader.warning(
                "T230",
                f"'values' of {what} has an empty value, which is left out",
                element.span,
                "Remove it: a slot without value needs no value of its own.",
            )
        elif element.is_scalar:
            values.append(str(element.value).lower())
        else:
            reader.misfit(element, f"each of 'values' of {what}", "text or a number")
    return tuple(values)


def _with_range(slot: Slot, node: Node, what: str, reader: Reader) -> Slot:
    if slot.type != "float":
        return slot
    low = reader.number(node.get("min_value"), f"'min_value' of {what}", default=0.0)
    high = reader.number(node.get("max_value"), f"'max_value' of {what}", default=1.0)
    if low >= high:
        place = node.get("min_value") or node.get("max_value") or node
        reader.error(
            "T224",
            f"'min_value' of {what} is {low}, which is not below 'max_value' {high}",
            place.span,
            "Give both; when left out they are 0.0 and 1.0.",
        )
        return slot
    initial = slot.initial_value
    is_number = isinstance(initial, int | float) and not isinstance(initial, bool)
    if is_number and not low <= initial <= high:
        reader.warning(
            "T225",
            f"'initial_value' of {what} is {initial}, outside {low} to {high}",
            (node.get("initial_value") or node).span,
            "Policies see it as the nearer end of the range.",
        )
    return msgspec.structs.replace(slot, min_value=low, max_value=high)
