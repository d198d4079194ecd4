"""Bag of words or of character n-grams.

Source: spec nlu.md section 7.2.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import ClassVar, Literal, NamedTuple, Self

import msgspec

from tertulia.ml.parts import Parts
from tertulia.ml.remembered import Remembered
from tertulia.ml.vectorize import (
    Grouped,
    Limits,
    Vocabulary,
    char_ngrams,
    char_wb_ngrams,
    word_ngrams,
)
from tertulia.nlu.component import FEATURES, TOKENS, Component, Setting, Training
from tertulia.nlu.featurizers.stop_words import ENGLISH
from tertulia.nlu.message import Block, Message
from tertulia.nlu.patterns import refuse_broken
from tertulia.nlu.scripts import has_unspaced, with_marks_as_letters

_WORD = re.compile(r"\b\w+\b")
_LEGACY_WORD = re.compile(r"\b\w\w+\b")
_NUMBER = re.compile(r"\b\d+\b")
_NUMBER_WORD = "__number__"


class CountVectorsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How texts become terms, and which terms count.

    analyzer: `word`, `char` (across words) or `char_wb` (within words). min_df, max_df: whole
    number of examples, or a share of them. max_features: only the most frequent.
    stop_words: words left out, `english` for a list of common ones. OOV_token: stands for
    unknown words, when the training data has it. OOV_words: training words treated as that
    token. token_pattern: what is a word (0.x). use_lemma: words count by their dictionary form,
    where the tokenizer knows it.
    """

    analyzer: Literal["word", "char", "char_wb"] = "word"
    min_ngram: int = 1
    max_ngram: int = 1
    lowercase: bool = True
    min_df: int | float = 1
    max_df: int | float = 1.0
    max_features: int | None = None
    stop_words: tuple[str, ...] | Literal["english"] | None = None
    use_lemma: bool = True
    strip_accents: Literal["ascii", "unicode"] | None = None
    OOV_token: str | None = None
    OOV_words: tuple[str, ...] = ()
    token_pattern: str | None = None
    alias: str | None = None

    def __post_init__(self) -> None:
        """Refuse n-grams of impossible sizes and a broken pattern."""
        if not 1 <= self.min_ngram <= self.max_ngram:
            raise ValueError("min_ngram must be at least 1 and at most max_ngram")
        refuse_broken(self.token_pattern)


class _Reading(NamedTuple):
    """How a text becomes words. pattern: what is a word, None for all between spaces."""

    lowercase: bool
    accents: Literal["ascii", "unicode"] | None
    pattern: re.Pattern[str] | None
    stop: frozenset[str]

    def words(self, text: str) -> list[str]:
        """Return the words of a text, which are those of its parts between spaces."""
        if self.lowercase:
            text = text.lower()
        if self.accents is not None:
            text = without_accents(text, ascii_only=self.accents == "ascii")
        text = _NUMBER.sub(_NUMBER_WORD, text)
        if self.pattern is None:
            return text.split()
        shadow = with_marks_as_letters(text)
        found = [text[match.start() : match.end()] for match in self.pattern.finditer(shadow)]
        return [word for word in found if word not in self.stop] if self.stop else found


class CountVectorsFeaturizer(Component[CountVectorsConfig]):
    """Adds the block `words` or `chars`; terms that training has not seen are left out."""

    Config = CountVectorsConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    def __init__(
        self, config: CountVectorsConfig, setting: Setting, vocabulary: Vocabulary | None = None
    ) -> None:
        super().__init__(config, setting)
        self._vocabulary = vocabulary or Vocabulary(())
        grams_known = partial(_grams_known, vocabulary=self._vocabulary, config=config)
        self._grams_known = Remembered(grams_known)
        fold = str.lower if config.lowercase else str
        self._unknown = None if config.OOV_token is None else fold(config.OOV_token)
        self._as_unknown = frozenset(fold(word) for word in config.OOV_words)
        stop = ENGLISH if config.stop_words == "english" else config.stop_words or ()
        self._reading = _Reading(
            lowercase=config.lowercase,
            accents=config.strip_accents,
            pattern=self._word_pattern() if config.analyzer == "word" else None,
            stop=frozenset(fold(word) for word in stop),
        )
        unspaced = _WORD if config.analyzer == "word" else None
        self._reading_unspaced = self._reading._replace(pattern=unspaced)
        self._of_token = Remembered(self._reading.words)

    def _word_pattern(self) -> re.Pattern[str]:
        # Modern tokenizers have their own pattern; this one is then only a filter of signs.
        if self.setting.legacy and self.config.token_pattern is not None:
            return re.compile(self.config.token_pattern)
        return _LEGACY_WORD if self.setting.legacy else _WORD

    @classmethod
    def train(cls, config: CountVectorsConfig, setting: Setting, training: Training) -> Self:
        """Learn the vocabulary."""
        limits = Limits(
            min_df=config.min_df, max_df=config.max_df, max_features=config.max_features
        )
        blank = cls(config, setting)
        documents = (blank._learned_terms(one.message) for one in training.lessons)
        return cls(config, setting, Vocabulary.fit(documents, limits))

    def process(self, message: Message) -> None:
        """Add the block of this featurizer."""
        kind = "words" if self.config.analyzer == "word" else "chars"
        terms = self._known_terms(self._words_known(message))
        message.blocks.append(Block(self.config.alias or self.setting.key, kind, terms))

    def _known_terms(self, words: Sequence[str]) -> Collection[str]:
        if self.config.analyzer == "char_wb":
            return Grouped(" ".join(words).split(), self._grams_known)
        return self._vocabulary.known(self._terms(words))

    def _learned_terms(self, message: Message) -> list[str]:
        words = self._words(message)
        if self._unknown is not None and self._as_unknown:
            words = [self._unknown if word in self._as_unknown else word for word in words]
        return self._terms(words)

    def _words_known(self, message: Message) -> list[str]:
        words = self._words(message)
        token = self._unknown
        if token is None or token not in self._vocabulary:
            return words
        return [word if word in self._vocabulary else token for word in words]

    def _words(self, message: Message) -> list[str]:
        unspaced = has_unspaced(message.text)
        if unspaced:
            return self._reading_unspaced.words(self._spaced(message))
        if self.setting.legacy and message.spacy is None:
            return self._reading.words(message.text)
        return [*chain.from_iterable(self._of_token.each(self._shown(message)))]

    def _shown(self, message: Message) -> list[str]:
        """Return how each token counts."""
        lemmas = self.config.use_lemma
        return [(lemmas and one.lemma) or one.text for one in message.tokens]

    def _spaced(self, message: Message) -> str:
        """Return the words with spaces between them.

        Pieces of a script without spaces stay together for characters, which would see single
        signs otherwise.
        """
        tokens, words = message.tokens, self._shown(message)
        if self.config.analyzer == "word":
            return " ".join(words)
        parts: list[str] = []
        for at, token in enumerate(tokens):
            close = at and tokens[at - 1].end == token.start and has_unspaced(token.text)
            parts += [words[at]] if close or not at else [" ", words[at]]
        return "".join(parts)

    def _terms(self, words: Iterable[str]) -> list[str]:
        config = self.config
        if config.analyzer == "word":
            return word_ngrams(list(words), config.min_ngram, config.max_ngram)
        grams = char_wb_ngrams if config.analyzer == "char_wb" else char_ngrams
        return grams(" ".join(words), config.min_ngram, config.max_ngram)

    def parts(self) -> Parts:
        """Return the vocabulary."""
        return Parts(meta={"terms": list(self._vocabulary.terms)})

    @classmethod
    def from_parts(cls, config: CountVectorsConfig, setting: Setting, parts: Parts) -> Self:
        """Return the featurizer with its vocabulary."""
        return cls(config, setting, Vocabulary(msgspec.convert(parts.meta["terms"], list[str])))


def _grams_known(
    word: str, *, vocabulary: Vocabulary, config: CountVectorsConfig
) -> tuple[str, ...]:
    return tuple(vocabulary.known(char_wb_ngrams(word, config.min_ngram, config.max_ngram)))


class NGramConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Character n-grams of 0.x: sizes, and in how many examples one must occur."""

    ngram_min_length: int = 3
    ngram_max_length: int = 17
    ngram_min_occurrences: int = 5


class NGramFeaturizer(Component[NGramConfig]):
    """Character n-grams of words, as 0.x had beside its word vectors."""

    Config = NGramConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    def __init__(
        self, config: NGramConfig, setting: Setting, inner: CountVectorsFeaturizer | None = None
    ) -> None:
        super().__init__(config, setting)
        self._inner = inner or CountVectorsFeaturizer(_as_counts(config), setting)

    @classmethod
    def train(cls, config: NGramConfig, setting: Setting, training: Training) -> Self:
        """Learn which n-grams occur often enough."""
        inner = CountVectorsFeaturizer.train(_as_counts(config), setting, training)
        return cls(config, setting, inner)

    def process(self, message: Message) -> None:
        """Add the block `chars`."""
        self._inner.process(message)

    def parts(self) -> Parts:
        """Return the vocabulary."""
        return self._inner.parts()

    @classmethod
    def from_parts(cls, config: NGramConfig, setting: Setting, parts: Parts) -> Self:
        """Return the featurizer with its vocabulary."""
        inner = CountVectorsFeaturizer.from_parts(_as_counts(config), setting, parts)
        return cls(config, setting, inner)


def _as_counts(config: NGramConfig) -> CountVectorsConfig:
    return CountVectorsConfig(
        analyzer="char_wb",
        min_ngram=config.ngram_min_length,
        max_ngram=config.ngram_max_length,
        min_df=config.ngram_min_occurrences,
    )


def without_accents(text: str, *, ascii_only: bool) -> str:
    """Return the text with accents taken off; ascii_only: other signs fall away too."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
    )
    return bare.encode("ascii", "ignore").decode("ascii") if ascii_only else bare
