"""A vector of what the words of an English text mean, from a table that comes with the package."""

from typing import ClassVar, Literal, Self

import msgspec

from tertulia.ml.parts import Parts
from tertulia.ml.word_vectors import WordVectors, english
from tertulia.nlu.component import FEATURES, TOKENS, Component, Setting, Training
from tertulia.nlu.english import table_as_trained
from tertulia.nlu.message import Message


class WordVectorsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """vectors: which table. alias: the name by which other components choose this featurizer."""

    vectors: Literal["english"] = "english"
    alias: str | None = None


class WordVectorsFeaturizer(Component[WordVectorsConfig]):
    """Adds a vector to each text; learns nothing.

    A model file keeps only the digest of the table, which comes with the release that serves it.
    """

    Config = WordVectorsConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    def __init__(self, config: WordVectorsConfig, setting: Setting, table: WordVectors) -> None:
        super().__init__(config, setting)
        self._table = table

    @classmethod
    def train(cls, config: WordVectorsConfig, setting: Setting, training: Training) -> Self:
        """Load the table."""
        return cls(config, setting, english())

    def process(self, message: Message) -> None:
        """Add the vector."""
        source = self.config.alias or self.setting.key
        message.word_vectors.append((source, self._table.vector(message.text)))

    def parts(self) -> Parts:
        """Return the digest of the table."""
        return Parts(meta={"digest": self._table.digest})

    @classmethod
    def from_parts(cls, config: WordVectorsConfig, setting: Setting, parts: Parts) -> Self:
        """Load the table again, which must be that of the training."""
        digest = msgspec.convert(parts.meta["digest"], str)
        return cls(config, setting, table_as_trained(digest))
