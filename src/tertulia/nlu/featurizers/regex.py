"""Regex featurizer: which patterns and lookup tables a text and its tokens match."""

from typing import ClassVar, Self

from tertulia.ml.parts import Parts
from tertulia.nlu.component import FEATURES, TOKENS, Component, Setting, Training
from tertulia.nlu.featurizers.shapes import PATTERN
from tertulia.nlu.message import Block, Message
from tertulia.nlu.patterns import (
    NamedPattern,
    PatternConfig,
    PatternSearch,
    collect_patterns,
    patterns_of,
)


class RegexFeaturizerConfig(PatternConfig, frozen=True, kw_only=True):
    """alias: the name by which other components choose this featurizer."""

    alias: str | None = None


class RegexFeaturizer(Component[RegexFeaturizerConfig]):
    """Adds a feature per matched pattern, to the text and to each token that the match touches."""

    Config = RegexFeaturizerConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    def __init__(
        self,
        config: RegexFeaturizerConfig,
        setting: Setting,
        patterns: list[NamedPattern] | None = None,
    ) -> None:
        super().__init__(config, setting)
        self._search = PatternSearch(patterns or [], case_sensitive=config.case_sensitive)

    @classmethod
    def train(cls, config: RegexFeaturizerConfig, setting: Setting, training: Training) -> Self:
        """Take over the patterns of the data."""
        return cls(config, setting, collect_patterns(training.data, config, training.diagnostics))

    def process(self, message: Message) -> None:
        """Add the block `patterns` and token features `pattern:<name>`."""
        names: list[str] = []
        for name, start, end in self._search.matches(message.text):
            names.append(name)
            for at, token in enumerate(message.tokens):
                if token.start < end and start < token.end:
                    message.add_features(at, [(f"{PATTERN}:{name}",)])
        if self._search.patterns:
            source = self.config.alias or self.setting.key
            message.blocks.append(Block(source, "patterns", names))

    def parts(self) -> Parts:
        """Return the patterns."""
        return self._search.parts()

    @classmethod
    def from_parts(cls, config: RegexFeaturizerConfig, setting: Setting, parts: Parts) -> Self:
        """Return the featurizer with its patterns."""
        return cls(config, setting, patterns_of(parts))
