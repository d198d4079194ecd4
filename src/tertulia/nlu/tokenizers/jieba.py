"""JiebaTokenizer: Chinese without a dictionary of our own, with the bot's words where it has some.

Source: spec nlu.md section 7.2; the format of a word list is that of jieba's user dictionaries.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from tertulia.base.errors import ConfigError
from tertulia.ml.parts import Parts
from tertulia.nlu.component import TOKENS, Component, Setting, Training
from tertulia.nlu.message import Message, Token
from tertulia.nlu.scripts import has_unspaced
from tertulia.nlu.tokenizers.config import TokenizerConfig
from tertulia.nlu.tokenizers.whitespace import cut_pattern, cut_pieces, split_words


class JiebaConfig(TokenizerConfig, frozen=True, kw_only=True):
    """dictionary_path: a folder of word lists, read when training."""

    dictionary_path: str | None = None


class JiebaTokenizer(Component[JiebaConfig]):
    """Keeps the words of the lists whole, the longest first; all else is cut sign by sign."""

    Config = JiebaConfig
    provides: ClassVar[frozenset[str]] = frozenset({TOKENS})

    def __init__(self, config: JiebaConfig, setting: Setting, words: Sequence[str] = ()) -> None:
        super().__init__(config, setting)
        self._words = tuple(words)
        longest = sorted(self._words, key=lambda word: (-len(word), word))
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None

    @classmethod
    def train(cls, config: JiebaConfig, setting: Setting, training: Training) -> Self:
        """Take over the word lists."""
        return cls(config, setting, _read_words(config.dictionary_path))

    def process(self, message: Message) -> None:
        """Set the tokens of the message."""
        tokens = split_words(message.text, legacy=self.setting.legacy)
        if self.config.token_pattern is not None:
            pattern = re.compile(self.config.token_pattern)
            tokens = [part for token in tokens for part in cut_pattern(token, pattern)]
        message.set_tokens([part for token in tokens for part in self._parts(token)])

    def _parts(self, token: Token) -> list[Token]:
        if self._known is None:
            return cut_pieces(token)
        parts: list[Token] = []
        done = 0
        for match in self._known.finditer(token.text):
            parts += cut_pieces(_slice(token, done, match.start()))
            parts.append(_slice(token, match.start(), match.end()))
            done = match.end()
        return parts + cut_pieces(_slice(token, done, len(token.text)))

    def parts(self) -> Parts:
        """Return the words."""
        return Parts(meta={"words": list(self._words)})

    @classmethod
    def from_parts(cls, config: JiebaConfig, setting: Setting, parts: Parts) -> Self:
        """Return the tokenizer with its words."""
        return cls(config, setting, msgspec.convert(parts.meta["words"], list[str]))


def _slice(token: Token, begin: int, end: int) -> Token:
    return Token(token.text[begin:end], token.start + begin, token.start + end)


def _read_words(folder: str | None) -> list[str]:
    """Return the words of all lists in a folder: the first column, frequency and kind ignored.

    Words of scripts with spaces are left out: they are whole anyway.
    """
    if folder is None:
        return []
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
        lines = [line for path in files for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the word lists of JiebaTokenizer in '{folder}' cannot be read: {error}",
            hint="Let `dictionary_path` be a folder of UTF-8 text files, a word in each line.",
            code="T162",
        ) from error
    return _distinct(line.split()[0] for line in lines if line.strip())


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if len(word) > 1 and has_unspaced(word)))
