"""Synonym mapper: replaces what an entity is called by what it stands for.

Source: spec nlu.md sections 2.3 and 5.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import msgspec

from tertulia.ml.parts import Parts
from tertulia.nlu.component import ENTITIES, Component, Setting, Training
from tertulia.nlu.message import Message

Json = Any


class SynonymConfig(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters."""


class EntitySynonymMapper(Component[SynonymConfig]):
    """Changes entity values by synonym and adds itself to the entity's `processors`."""

    Config = SynonymConfig
    requires: ClassVar[frozenset[str]] = frozenset({ENTITIES})

    def __init__(
        self, config: SynonymConfig, setting: Setting, synonyms: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(config, setting)
        self._synonyms = dict(synonyms or {})

    @classmethod
    def train(cls, config: SynonymConfig, setting: Setting, training: Training) -> Self:
        """Collect synonyms of the data and of annotations with another value than their text."""
        pairs = list(training.data.synonyms.items())
        for lesson in training.lessons:
            text = lesson.example.text
            pairs += [
                (text[one.start : one.end], str(one.value)) for one in lesson.example.entities
            ]
        return cls(config, setting, synonym_table(pairs, canonical=not setting.legacy))

    def process(self, message: Message) -> None:
        """Replace the values of all entities found so far."""
        message.entities = [self._mapped(entity) for entity in message.entities]

    def _mapped(self, entity: dict[str, Json]) -> dict[str, Json]:
        wanted = self._synonyms.get(str(entity["value"]).lower())
        if wanted is None:
            return entity
        processors = [*entity.get("processors", ()), self.setting.name]
        return {**entity, "value": wanted, "processors": processors}

    def parts(self) -> Parts:
        """Return the table."""
        return Parts(meta={"synonyms": self._synonyms})

    @classmethod
    def from_parts(cls, config: SynonymConfig, setting: Setting, parts: Parts) -> Self:
        """Return the mapper with its table."""
        return cls(config, setting, msgspec.convert(parts.meta["synonyms"], dict[str, str]))


def synonym_table(pairs: Iterable[tuple[str, str]], *, canonical: bool) -> dict[str, str]:
    """Return lower-cased text to value; later pairs win, a text that equals its value is none.

    canonical: values also map from their own lower case, which mends their casing.
    """
    table: dict[str, str] = {}
    selves: dict[str, str] = {}
    for text, value in pairs:
        if text != value:
            table[text.lower()] = value
            selves[value.lower()] = value
    return {**selves, **table} if canonical else table
