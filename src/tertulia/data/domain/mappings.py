"""Reads slot mappings: how a slot fills itself from a message.

Source: spec domain.md section 6.
"""

from tertulia.base.errors import nearest
from tertulia.core.domain.model import MappingCondition, SlotMapping
from tertulia.data.domain.reader import Reader
from tertulia.data.yaml import Node

_FILTER = frozenset({"intent", "not_intent"})
_ALWAYS = frozenset({"type", "conditions"})
MAPPING_KEYS = {
    "from_entity": _ALWAYS | _FILTER | {"entity", "role", "group"},
    "from_text": _ALWAYS | _FILTER,
    "from_intent": _ALWAYS | _FILTER | {"value"},
    "from_trigger_intent": _ALWAYS | _FILTER | {"value"},
    "custom": _ALWAYS | {"action"},
}
_REQUIRED = {"from_entity": "entity", "from_intent": "value", "from_trigger_intent": "value"}


def read_mappings(node: Node, what: str, reader: Reader) -> tuple[SlotMapping, ...]:
    """Return the mappings of a list; those that cannot be used are noted and left out."""
    if node.is_null:
        return ()
    if not node.is_list:
        reader.misfit(node, f"'mappings' of {what}", "a list")
        return ()
    found = (_mapping(element, what, reader) for element in node.elements())
    return tuple(mapping for mapping in found if mapping is not None)


def _mapping(node: Node, what: str, reader: Reader) -> SlotMapping | None:
    if not node.is_map:
        reader.misfit(node, f"each mapping of {what}", "a mapping with a 'type'")
        return None
    kind = _type(node, what, reader)
    if kind is None:
        return None
    inside = f"a mapping {kind} of {what}"
    reader.only_keys(node, MAPPING_KEYS[kind], inside, code="T232", is_error=False)
    required = _REQUIRED.get(kind)
    if required is not None:
        given = node.get(required)
        if given is None or given.is_null:
            reader.error(
                "T227", f"{inside} lacks '{required}'", node.span, f"Add '{required}: ...'."
            )
            return None
    value = node.get("value")
    return SlotMapping(
        type=kind,
        entity=_text(node, "entity", inside, reader),
        role=_text(node, "role", inside, reader),
        group=_text(node, "group", inside, reader),
        intent=reader.texts(node.get("intent"), f"'intent' of {inside}"),
        not_intent=reader.texts(node.get("not_intent"), f"'not_intent' of {inside}"),
        value=None if value is None else value.plain(),
        action=_text(node, "action", inside, reader),
        conditions=_conditions(node.get("conditions"), inside, reader),
        at=node.span,
    )


def _type(node: Node, what: str, reader: Reader) -> str | None:
    kind = node.get("type")
    if kind is None or kind.is_null:
        known = f"Known: {', '.join(MAPPING_KEYS)}."
        reader.error("T227", f"a mapping of {what} lacks its 'type'", node.span, known)
        return None
    if kind.text not in MAPPING_KEYS:
        reader.error(
            "T228",
            f"a mapping of {what} has the unknown type '{kind.text}'",
            kind.span,
            nearest(kind.text, list(MAPPING_KEYS)) or f"Known: {', '.join(MAPPING_KEYS)}.",
        )
        return None
    return kind.text


def _text(node: Node, key: str, inside: str, reader: Reader) -> str | None:
    return reader.optional_text(node.get(key), f"'{key}' of {inside}")


def _conditions(node: Node | None, what: str, reader: Reader) -> tuple[MappingCondition, ...]:
    if node is None or node.is_null:
        return ()
    if not node.is_list:
        reader.misfit(node, f"'conditions' of {what}", "a list")
    found: list[MappingCondition] = []
    for element in node.elements():
        if not element.is_map:
            reader.misfit(element, f"each condition of {what}", "a mapping with 'active_loop'")
            continue
        inside = f"a condition of {what}"
        reader.only_keys(
            element, ("active_loop", "requested_slot"), inside, code="T232", is_error=False
        )
        found.append(
            MappingCondition(
                active_loop=_text(element, "active_loop", inside, reader),
                requested_slot=_text(element, "requested_slot", inside, reader),
            )
        )
    return tuple(found)
