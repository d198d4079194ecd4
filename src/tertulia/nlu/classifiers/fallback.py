"""Fallback classifier: says so when the intent is too uncertain or too close to the next.

Source: spec nlu.md section 7.4.
"""

from typing import ClassVar, Self

import msgspec

from tertulia.core.understanding import RankedIntent
from tertulia.nlu.component import INTENT, Component, Setting, Training
from tertulia.nlu.message import Message

FALLBACK_INTENT = "nlu_fallback"


class FallbackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """threshold: least confidence in [0, 1]. ambiguity_threshold: least lead over the second."""

    threshold: float = 0.3
    ambiguity_threshold: float = 0.1


class FallbackClassifier(Component[FallbackConfig]):
    """Puts `nlu_fallback` in the place of an uncertain intent; a ranking keeps the rest."""

    Config = FallbackConfig
    requires: ClassVar[frozenset[str]] = frozenset({INTENT})

    @classmethod
    def train(cls, config: FallbackConfig, setting: Setting, training: Training) -> Self:
        """Return the classifier; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Replace the intent when it is uncertain."""
        if not self._uncertain(message):
            return
        message.intent = RankedIntent(FALLBACK_INTENT, self.config.threshold)
        if message.ranking is not None:
            message.ranking = [message.intent, *message.ranking]

    def _uncertain(self, message: Message) -> bool:
        if message.intent.confidence < self.config.threshold:
            return True
        ranking = message.ranking or []
        if len(ranking) < 2:
            return False
        lead = ranking[0].confidence - ranking[1].confidence
        return lead < self.config.ambiguity_threshold
