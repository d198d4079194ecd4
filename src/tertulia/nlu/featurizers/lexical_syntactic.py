"""Lexical featurizer: what each word and its neighbours look like, for entity extractors."""

from typing import ClassVar, Self

import msgspec

from tertulia.nlu.component import FEATURES, TOKENS, Component, Setting, Training
from tertulia.nlu.featurizers.shapes import WINDOW_DEFAULT, refuse_unknown, window_features
from tertulia.nlu.message import Message


class LexicalSyntacticConfig(msgspec.Struct, frozen=True, kw_only=True):
    """features: option names per place around the word. alias: name for other components."""

    features: tuple[tuple[str, ...], ...] = WINDOW_DEFAULT
    alias: str | None = None

    def __post_init__(self) -> None:
        """Refuse features that do not exist."""
        refuse_unknown(self.features)


class LexicalSyntacticFeaturizer(Component[LexicalSyntacticConfig]):
    """Adds features to tokens only; the text as a whole gets none."""

    Config = LexicalSyntacticConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    @classmethod
    def train(cls, config: LexicalSyntacticConfig, setting: Setting, training: Training) -> Self:
        """Return the featurizer; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Add the features of the window to every token."""
        for at, own in enumerate(window_features(message.tokens, self.config.features)):
            message.add_features(at, own)
