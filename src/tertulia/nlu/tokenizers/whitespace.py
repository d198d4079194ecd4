"""Whitespace tokenizer of both generations; offsets always point into the text as sent.

Words of scripts without spaces are cut further, so that entities inside a sentence can be learned.

Source: spec nlu.md section 7.4.
"""

import re
from collections.abc import Iterable
from re import Pattern
from typing import ClassVar, Self

from tertulia.nlu.component import TOKENS, Component, Setting, Training
from tertulia.nlu.message import Message, Token
from tertulia.nlu.scripts import has_unspaced, pieces, with_marks_as_letters
from tertulia.nlu.tokenizers.config import TokenizerConfig

_LEGACY_PUNCTUATION = re.compile(r"[.,!?]+(?=\s|$)")

# What a word may begin or end with, beside letters, digits and the underscore.
_EDGE = r"[^\w#@&]+"
_MODERN_PUNCTUATION = re.compile(
    # at the end of a word
    rf"{_EDGE}(?=\s|$)"
    # at its beginning; a sign or a point before a digit belongs to the number
    rf"|(?:\s|^){_EDGE}(?=[^\d\s])"
    # inside, unless it holds an address, a path or a number together
    r"|(?<=[^\d\s])[^\w._~:/?#\[\]()@!$&*+,;=-]+(?=[^\d\s])"
)
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2b1b\u2b1c"
    "\u231a\u231b\u23e9-\u23f3\ufe0f\u200d\u200c\u20e3]+"
)


class WhitespaceTokenizer(Component[TokenizerConfig]):
    """Cuts a text at white space and drops punctuation around words."""

    Config = TokenizerConfig
    provides: ClassVar[frozenset[str]] = frozenset({TOKENS})

    def __init__(self, config: TokenizerConfig, setting: Setting) -> None:
        super().__init__(config, setting)
        pattern = config.token_pattern
        self._pattern: Pattern[str] | None = re.compile(pattern) if pattern else None

    @classmethod
    def train(cls, config: TokenizerConfig, setting: Setting, training: Training) -> Self:
        """Return the tokenizer; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Set the tokens of the message."""
        tokens = split_words(message.text, legacy=self.setting.legacy)
        if self._pattern is not None:
            tokens = [part for token in tokens for part in cut_pattern(token, self._pattern)]
        if has_unspaced(message.text):
            tokens = [part for token in tokens for part in cut_pieces(token)]
        message.set_tokens([token for token in tokens if token.text])


def split_words(text: str, *, legacy: bool) -> list[Token]:
    """Return the words between spaces, without the punctuation around them."""
    words = legacy_words if legacy else modern_words
    shadow = with_marks_as_letters(text)
    tokens = align(shadow, words(shadow))
    if shadow is text:
        return tokens
    return [Token(text[one.start : one.end], one.start, one.end) for one in tokens]


def legacy_words(text: str) -> list[str]:
    """Return the words as 0.x finds them: only `.,!?` at the end of a word is dropped."""
    return _LEGACY_PUNCTUATION.sub(" ", text).split()


def modern_words(text: str) -> list[str]:
    """Return the words as 2.x and 3.x find them; the text itself when nothing is left."""
    words = _MODERN_PUNCTUATION.sub(" ", text).split()
    if not text.isascii():
        words = [word for word in words if not _EMOJI.fullmatch(word)]
    return words or [text]


def align(text: str, words: Iterable[str]) -> list[Token]:
    """Return the words with their offsets, each searched after the end of the one before."""
    tokens: list[Token] = []
    end = 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        tokens.append(Token(word, start, end))
    return tokens


def cut_pieces(token: Token) -> list[Token]:
    """Return the parts of a word in a script without spaces; any other word as it is."""
    if not token.text:
        return []
    spans = list(pieces(token.text))
    if len(spans) == 1:
        return [token]
    return [
        Token(token.text[begin:end], token.start + begin, token.start + end) for begin, end in spans
    ]


def cut_pattern(token: Token, pattern: Pattern[str]) -> list[Token]:
    """Return the matches of a pattern in a word, the word itself when there are none."""
    parts = [
        Token(match.group(), token.start + match.start(), token.start + match.end())
        for match in pattern.finditer(token.text)
        if match.group()
    ]
    return parts or [token]
