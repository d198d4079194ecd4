"""SpacyTokenizer: the words of a spaCy model, with their lemmas and parts of speech.

Source: spec nlu.md section 7.2.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, Self

from tertulia.ml.spacy_text import SpacyText
from tertulia.nlu.component import READING, TOKENS, Component, Setting, Training
from tertulia.nlu.message import Message, Token
from tertulia.nlu.readers.spacy import text_of
from tertulia.nlu.tokenizers.config import TokenizerConfig
from tertulia.nlu.tokenizers.whitespace import cut_pattern


class SpacyTokenizer(Component[TokenizerConfig]):
    """Cuts a text as the model of its language does; punctuation marks are words."""

    Config = TokenizerConfig
    requires: ClassVar[frozenset[str]] = frozenset({READING})
    provides: ClassVar[frozenset[str]] = frozenset({TOKENS})

    def __init__(self, config: TokenizerConfig, setting: Setting) -> None:
        super().__init__(config, setting)
        pattern = config.token_pattern
        self._pattern = re.compile(pattern) if pattern else None

    @classmethod
    def train(cls, config: TokenizerConfig, setting: Setting, training: Training) -> Self:
        """Return the tokenizer; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Set the tokens of the message."""
        words = text_of(message).reading.words
        tokens = [Token(one.text, one.start, one.end, one.lemma, one.tag) for one in words]
        if self._pattern is not None:
            tokens = [part for token in tokens for part in cut_pattern(token, self._pattern)]
        message.set_tokens(tokens)

    def prepare(self, messages: Sequence[Message]) -> None:
        """Read all texts together, then set their tokens."""
        SpacyText.read_together(text_of(message) for message in messages)
        super().prepare(messages)
