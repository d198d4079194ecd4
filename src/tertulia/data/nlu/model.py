"""NLU training data as values: examples, synonyms, regexes, lookup tables, responses."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.data.yaml import Node


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """An annotated part of an example's text.

    start, end: character offsets, end exclusive. value: text or a number; what the entity
    stands for. extractor: the component that made it, when the data says so.
    """

    start: int
    end: int
    entity: str
    value: Any
    role: str | None = None
    group: str | None = None
    extractor: str | None = None


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One text with its intent and entities.

    intent: the base name; None for entity-only examples. response_key: the full label
    `base/key` of a retrieval intent. metadata: holds `intent` and `example` when given.
    """

    text: str
    intent: str | None = None
    response_key: str | None = None
    entities: tuple[Entity, ...] = ()
    metadata: dict[str, Any] = {}
    span: SourceSpan

    @property
    def label(self) -> str | None:
        """The intent as written: `base/key` for a retrieval intent, else the intent."""
        return self.response_key or self.intent


class Synonym(msgspec.Struct, frozen=True):
    """One definition: `text` stands for `value`."""

    text: str
    value: str
    span: SourceSpan


class Synonyms(Mapping[str, str]):
    """Text to value; of several definitions the last counts. definitions: all, in order."""

    def __init__(self, definitions: Iterable[Synonym] = ()) -> None:
        self.definitions = tuple(definitions)
        self._values = {one.text: one.value for one in self.definitions}

    def __getitem__(self, text: str) -> str:
        """Return the value that a text stands for."""
        return self._values[text]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the texts."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count the texts."""
        return len(self._values)

    def __repr__(self) -> str:
        """Show the mapping."""
        return f"Synonyms({self._values!r})"


class Regex(msgspec.Struct, frozen=True):
    """A named pattern; several may share a name."""

    name: str
    pattern: str
    span: SourceSpan


class Lookup(msgspec.Struct, frozen=True):
    """A named list of words or phrases."""

    name: str
    elements: tuple[str, ...]
    span: SourceSpan


class NluData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an NLU pipeline learns from, of one file or of many.

    responses: response name to its variations, as nodes with their places.
    """

    examples: tuple[Example, ...] = ()
    synonyms: Synonyms = msgspec.field(default_factory=Synonyms)
    regexes: tuple[Regex, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    responses: dict[str, tuple[Node, ...]] = {}

    def merge(self, other: "NluData") -> "NluData":
        """Return both together; `other` comes later.

        Of a synonym defined in both, the later definition counts; of a response, the earlier.

        Source: nlu.md section 5, domain.md section 11.
        """
        return NluData(
            examples=self.examples + other.examples,
            synonyms=Synonyms(self.synonyms.definitions + other.synonyms.definitions),
            regexes=self.regexes + other.regexes,
            lookups=self.lookups + other.lookups,
            responses={**other.responses, **self.responses},
        )

    @property
    def intents(self) -> list[str]:
        """Base names of all intents, sorted."""
        return sorted({one.intent for one in self.examples if one.intent})

    @property
    def retrieval_intents(self) -> list[str]:
        """Base names of the intents that have `base/key` examples, sorted."""
        return sorted({one.intent for one in self.examples if one.response_key and one.intent})

    @property
    def entity_types(self) -> list[str]:
        """Types of all annotated entities, sorted."""
        return sorted({entity.entity for one in self.examples for entity in one.entities})

    @property
    def lookup_tables(self) -> dict[str, tuple[str, ...]]:
        """Elements by name; tables of the same name are one."""
        tables: dict[str, tuple[str, ...]] = {}
        for lookup in self.lookups:
            tables[lookup.name] = tables.get(lookup.name, ()) + lookup.elements
        return tables


def merge_all(parts: Iterable[NluData]) -> NluData:
    """Return all parts as one, later ones last."""
    return reduce(NluData.merge, parts, NluData())
