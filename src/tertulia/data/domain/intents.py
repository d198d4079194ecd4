"""Reads the sections `intents` and `entities`.

Source: spec domain.md sections 3 and 4.
"""

from tertulia.core.domain.model import Entity
from tertulia.data.domain.fragment import Entry, IntentDraft, add
from tertulia.data.domain.reader import Named, Reader
from tertulia.data.yaml import Node

INTENT_KEYS = ("use_entities", "ignore_entities", "triggers", "is_retrieval_intent")
ENTITY_KEYS = ("roles", "groups", "influence_conversation")


def read_intents(node: Node, reader: Reader) -> dict[str, Entry[IntentDraft]]:
    """Return the intents of a file by name."""
    found: dict[str, Entry[IntentDraft]] = {}
    for named in reader.named(node, "'intents'"):
        draft = _intent(named, reader)
        add(found, named.name, Entry(draft, named.raw, named.at), "intent", reader)
    return found


def _intent(named: Named, reader: Reader) -> IntentDraft:
    properties = _properties(named, "intent", reader)
    if properties is None:
        return IntentDraft()
    what = f"the intent '{named.name}'"
    reader.only_keys(properties, INTENT_KEYS, what, code="T207", is_error=False)
    ignore = properties.get("ignore_entities")
    draft = IntentDraft(
        use=_use(properties.get("use_entities"), what, reader),
        ignore=None if ignore is None else _ignore(ignore, what, reader),
        triggers=reader.optional_text(properties.get("triggers"), f"'triggers' of {what}"),
        is_retrieval=reader.flag(
            properties.get("is_retrieval_intent"),
            f"'is_retrieval_intent' of {what}",
            default=False,
        ),
    )
    for name in sorted({*(draft.use or ())} & {*(draft.ignore or ())}):
        reader.warning(
            "T211",
            f"{what} both uses and ignores the entity '{name}'; it is ignored",
            named.at,
            "Remove it from one of the lists.",
        )
    return draft


def _use(node: Node | None, what: str, reader: Reader) -> tuple[str, ...] | None:
    """Return the entities to use; None for all."""
    if node is None:
        return None
    if reader.is_legacy:
        # 0.x looks only at whether the value counts as true, whatever it is.
        return None if node.plain() else ()
    if node.is_null or node.value is False:
        return ()
    if node.value is True:
        return None
    if not node.is_list:
        reader.misfit(node, f"'use_entities' of {what}", "true, false or a list of entities")
        return None
    return reader.texts(node, f"'use_entities' of {what}")


def _ignore(node: Node, what: str, reader: Reader) -> tuple[str, ...]:
    if node.is_null or node.value is False:
        return ()
    if not node.is_list:
        reader.misfit(node, f"'ignore_entities' of {what}", "false or a list of entities")
        return ()
    return reader.texts(node, f"'ignore_entities' of {what}")


def read_entities(node: Node, reader: Reader) -> dict[str, Entry[Entity]]:
    """Return the entities of a file by name."""
    found: dict[str, Entry[Entity]] = {}
    for named in reader.named(node, "'entities'"):
        entity = _entity(named, reader)
        add(found, named.name, Entry(entity, named.raw, named.at), "entity", reader)
    return found


def _entity(named: Named, reader: Reader) -> Entity:
    properties = _properties(named, "entity", reader)
    if properties is None:
        return Entity(name=named.name, at=named.at)
    what = f"the entity '{named.name}'"
    reader.only_keys(properties, ENTITY_KEYS, what, code="T207", is_error=False)
    return Entity(
        name=named.name,
        roles=reader.texts(properties.get("roles"), f"'roles' of {what}"),
        groups=reader.texts(properties.get("groups"), f"'groups' of {what}"),
        influence_conversation=reader.flag(
            properties.get("influence_conversation"),
            f"'influence_conversation' of {what}",
            default=True,
        ),
        at=named.at,
    )


def _properties(named: Named, kind: str, reader: Reader) -> Node | None:
    """Return the properties of a name; none and empty ones are told apart from no colon."""
    properties = named.properties
    if properties is None:
        return None
    if not properties.is_map and not properties.is_null:
        reader.misfit(properties, f"what follows the {kind} '{named.name}'", "a mapping")
        return None
    if properties.is_null or not properties.value:
        reader.error(
            "T206",
            f"the {kind} '{named.name}' has a colon and no properties",
            named.at,
            f"Write '- {named.name}' without the colon, or indent the properties below it.",
        )
        return None
    return properties
