"""Keyword classifier: an intent is recognised by a whole training example inside the text.

Source: spec nlu.md section 7.2.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import ClassVar, Final, Self

import msgspec

from tertulia.core.understanding import NOTHING_UNDERSTOOD, RankedIntent
from tertulia.ml.parts import Parts
from tertulia.nlu.component import INTENT, Component, Setting, Training
from tertulia.nlu.message import Message

# 0.x learned nothing: it knew these words, in this order.
_LEGACY_KEYWORDS: Final = {
    "hello": "greet",
    "hi": "greet",
    "hey": "greet",
    "goodbye": "goodbye",
    "bye": "goodbye",
}


class KeywordConfig(msgspec.Struct, frozen=True, kw_only=True):
    """case_sensitive: whether letter case matters."""

    case_sensitive: bool = True


class KeywordIntentClassifier(Component[KeywordConfig]):
    """The first keyword of the training data that stands in the text decides, with confidence 1.

    There is no ranking.
    """

    Config = KeywordConfig
    provides: ClassVar[frozenset[str]] = frozenset({INTENT})

    def __init__(
        self, config: KeywordConfig, setting: Setting, keywords: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(config, setting)
        self._exact = config.case_sensitive and not setting.legacy
        self._keywords = dict(_LEGACY_KEYWORDS if setting.legacy else keywords or {})
        fold = str if self._exact else str.lower
        self._search = [
            (fold(word), re.compile(rf"(?<!\w){re.escape(fold(word))}(?!\w)"), intent)
            for word, intent in self._keywords.items()
        ]

    @classmethod
    def train(cls, config: KeywordConfig, setting: Setting, training: Training) -> Self:
        """Take every example as a keyword, except those that stand for several intents."""
        fold = str if config.case_sensitive else str.lower
        intents: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for lesson in training.lessons:
            example = lesson.example
            if example.intent and example.text.strip():
                intents[fold(example.text.strip())][example.intent] = None
        keywords = {word: next(iter(own)) for word, own in intents.items() if len(own) == 1}
        return cls(config, setting, keywords)

    def process(self, message: Message) -> None:
        """Set the intent; none with confidence 0 when no keyword stands in the text."""
        text = message.text if self._exact else message.text.lower()
        message.intent = NOTHING_UNDERSTOOD
        for word, pattern, intent in self._search:
            # The plain search is a hundred times faster and rules out nearly every keyword.
            if word in text and pattern.search(text):
                message.intent = RankedIntent(intent, 1.0)
                return

    def parts(self) -> Parts:
        """Return the keywords."""
        return Parts(meta={"keywords": self._keywords})

    @classmethod
    def from_parts(cls, config: KeywordConfig, setting: Setting, parts: Parts) -> Self:
        """Return the classifier with its keywords."""
        return cls(config, setting, msgspec.convert(parts.meta["keywords"], dict[str, str]))
