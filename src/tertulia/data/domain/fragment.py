"""Fragment: what one domain file holds, section by section, before files are put together."""

from typing import Any, Generic, TypeVar

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import (
    Action,
    Dialect,
    Entity,
    Form,
    SessionConfig,
    Slot,
    SlotMapping,
    Variation,
)
from tertulia.data.domain.reader import Reader

Json = Any
T = TypeVar("T")


class Entry(msgspec.Struct, Generic[T], frozen=True):
    """Something with a name. raw: as written, for the form that action servers get."""

    value: T
    raw: Json
    at: SourceSpan


class IntentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An intent before the entities of all files are known.

    use: names of the entities it looks at, None for all. ignore: None when it does not say.
    """

    use: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    triggers: str | None = None
    is_retrieval: bool = False


class SlotDraft(msgspec.Struct, frozen=True):
    """A slot before the forms of all files are known. is_unmapped: it has no `mappings` key."""

    slot: Slot
    is_unmapped: bool


class FormDraft(msgspec.Struct, frozen=True):
    """A form, and the mappings that 2.x writes in it: slot name to mappings."""

    form: Form
    mappings: dict[str, tuple[SlotMapping, ...]]


class Fragment(msgspec.Struct, kw_only=True):
    """The content of one file, or of several after merging.

    order: the sections that are there, in file order. session: None when there is none.
    config: as written.
    """

    dialects: frozenset[Dialect]
    intents: dict[str, Entry[IntentDraft]] = {}
    entities: dict[str, Entry[Entity]] = {}
    slots: dict[str, Entry[SlotDraft]] = {}
    responses: dict[str, Entry[tuple[Variation, ...]]] = {}
    actions: dict[str, Entry[Action]] = {}
    forms: dict[str, Entry[FormDraft]] = {}
    e2e_actions: dict[str, Entry[str]] = {}
    session: SessionConfig | None = None
    config: dict[str, Json] = {}
    order: dict[str, None] = {}


def add(
    section: dict[str, Entry[T]], name: str, entry: Entry[T], what: str, reader: Reader
) -> None:
    """Put an entry into a section; a second of the same name is an error that names both."""
    if first := section.get(name):
        reader.error(
            "T205",
            f"the {what} '{name}' is there twice, first at {first.at}",
            entry.at,
            "Remove one of the two.",
        )
    else:
        section[name] = entry
