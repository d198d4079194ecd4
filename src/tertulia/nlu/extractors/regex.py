"""Regex entity extractor: every match of a pattern named like an annotated entity."""

from typing import ClassVar, Self

from tertulia.ml.parts import Parts
from tertulia.nlu.component import ENTITIES, Component, Setting, Training
from tertulia.nlu.message import Message
from tertulia.nlu.patterns import (
    NamedPattern,
    PatternConfig,
    PatternSearch,
    collect_patterns,
    patterns_of,
)


class RegexExtractorConfig(PatternConfig, frozen=True, kw_only=True):
    """As for other patterns, only that letter case does not matter unless asked for."""

    case_sensitive: bool = False


class RegexEntityExtractor(Component[RegexExtractorConfig]):
    """Finds entities by regexes and lookup tables; learns nothing.

    Source: spec nlu.md section 7.2: patterns whose name is no annotated entity type are left out.
    """

    Config = RegexExtractorConfig
    provides: ClassVar[frozenset[str]] = frozenset({ENTITIES})

    def __init__(
        self,
        config: RegexExtractorConfig,
        setting: Setting,
        patterns: list[NamedPattern] | None = None,
    ) -> None:
        super().__init__(config, setting)
        self._search = PatternSearch(patterns or [], case_sensitive=config.case_sensitive)

    @classmethod
    def train(cls, config: RegexExtractorConfig, setting: Setting, training: Training) -> Self:
        """Take over the patterns that stand for an entity."""
        types = set(training.data.entity_types)
        patterns = collect_patterns(training.data, config, training.diagnostics)
        return cls(config, setting, [one for one in patterns if one.name in types])

    def process(self, message: Message) -> None:
        """Append an entity for every match."""
        message.entities += [
            {
                "entity": name,
                "start": start,
                "end": end,
                "value": message.text[start:end],
                "extractor": self.setting.name,
            }
            for name, start, end in self._search.matches(message.text)
        ]

    def parts(self) -> Parts:
        """Return the patterns."""
        return self._search.parts()

    @classmethod
    def from_parts(cls, config: RegexExtractorConfig, setting: Setting, parts: Parts) -> Self:
        """Return the extractor with its patterns."""
        return cls(config, setting, patterns_of(parts))
