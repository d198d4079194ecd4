"""SpacyFeaturizer: one vector for a text, pooled from those of its words.

Source: spec nlu.md section 7.2.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import msgspec

from tertulia.base.errors import ComponentError
from tertulia.ml.spacy_text import SpacyText
from tertulia.nlu.component import FEATURES, READING, TOKENS, Component, Setting, Training
from tertulia.nlu.message import Message
from tertulia.nlu.readers.spacy import text_of


class SpacyFeaturizerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """pooling: how the vectors of words become one. alias: name for other components."""

    pooling: Literal["mean", "max"] = "mean"
    alias: str | None = None


class SpacyFeaturizer(Component[SpacyFeaturizerConfig]):
    """Adds a vector to each text; all zeros where the model knows none of its words."""

    Config = SpacyFeaturizerConfig
    requires: ClassVar[frozenset[str]] = frozenset({READING, TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    @classmethod
    def train(cls, config: SpacyFeaturizerConfig, setting: Setting, training: Training) -> Self:
        """Return the featurizer.

        Raises:
            ComponentError: the model has no vectors.
        """
        for message in training.messages[:1]:
            if not text_of(message).width:
                raise ComponentError(
                    "the spaCy model has no vectors of words",
                    hint="Use a larger model, such as en_core_web_md, or CountVectorsFeaturizer.",
                    code="T523",
                )
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Add the vector."""
        reading = text_of(message).reading
        vector = reading.mean if self.config.pooling == "mean" else reading.most
        source = self.config.alias or self.setting.key
        message.vectors.append((source, vector))

    def prepare(self, messages: Sequence[Message]) -> None:
        """Read all texts together, then add their vectors."""
        SpacyText.read_together(text_of(message) for message in messages)
        super().prepare(messages)
