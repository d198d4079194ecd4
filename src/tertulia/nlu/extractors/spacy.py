"""SpacyEntityExtractor: the named entities that a spaCy model finds by itself.

Source: spec nlu.md sections 7.2 and 8.
"""

from typing import Any, ClassVar, Self

import msgspec

from tertulia.ml.spacy_model import Named
from tertulia.nlu.component import ENTITIES, READING, Component, Setting, Training
from tertulia.nlu.message import Message
from tertulia.nlu.readers.spacy import text_of

Json = Any


class SpacyEntityConfig(msgspec.Struct, frozen=True, kw_only=True):
    """dimensions: types of entities to keep, such as PERSON; None for all."""

    dimensions: tuple[str, ...] | None = None


class SpacyEntityExtractor(Component[SpacyEntityConfig]):
    """Appends what the model names; learns nothing from annotations."""

    Config = SpacyEntityConfig
    requires: ClassVar[frozenset[str]] = frozenset({READING})
    provides: ClassVar[frozenset[str]] = frozenset({ENTITIES})

    @classmethod
    def train(cls, config: SpacyEntityConfig, setting: Setting, training: Training) -> Self:
        """Return the extractor; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Append the entities found."""
        wanted = self.config.dimensions
        message.entities += [
            self._entity(one, message.text)
            for one in text_of(message).entities()
            if wanted is None or one.label in wanted
        ]

    def _entity(self, found: Named, text: str) -> dict[str, Json]:
        return {
            "entity": found.label,
            "value": text[found.start : found.end],
            "start": found.start,
            "end": found.end,
            "confidence": None,
            "extractor": self.setting.name,
        }
