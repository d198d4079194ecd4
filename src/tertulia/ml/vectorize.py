"""Words to numbers: n-grams, vocabularies, rows of a sparse matrix. No hashing."""

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from math import log
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tertulia.ml.parts import Parts
from tertulia.ml.remembered import Remembered
from tertulia.ml.sparse import IntArray


def word_ngrams(words: Sequence[str], least: int, most: int) -> list[str]:
    """Return all runs of `least` to `most` words, joined by a space."""
    grams = list(words) if least <= 1 <= most else []
    for size in range(max(2, least), most + 1):
        grams += [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
    return grams


def char_ngrams(text: str, least: int, most: int) -> list[str]:
    """Return all runs of `least` to `most` characters of the text."""
    return [
        text[at : at + size]
        for size in range(least, most + 1)
        for at in range(len(text) - size + 1)
    ]


def char_wb_ngrams(text: str, least: int, most: int) -> list[str]:
    """Return runs of characters within words, each word padded by a space on both sides.

    A padded word shorter than a size counts once, as a whole.
    """
    grams: list[str] = []
    for word in text.split():
        grams += _grams_of_word(word, least, most)
    return grams


@Remembered
def _grams_of_word(word: str, least: int, most: int) -> tuple[str, ...]:
    padded = f" {word} "
    length = len(padded)
    grams: list[str] = []
    for size in range(least, most + 1):
        if size >= length:
            grams.append(padded)
            break
        grams += [padded[at : at + size] for at in range(length - size + 1)]
    return tuple(grams)


_TINY = 1e-300

DoubleArray = NDArray[np.float64]


class Grouped:
    """Terms in groups, one for each word, that come again with it, such as the pieces of the word.

    Who asks for the group of a word may keep what follows from it. of_word: pure.
    """

    __slots__ = ("of_word", "words")

    def __init__(self, words: Sequence[str], of_word: Callable[[str], tuple[str, ...]]) -> None:
        self.words = words
        self.of_word = of_word

    def __iter__(self) -> Iterator[str]:
        """Yield the terms of all groups, in order."""
        return chain.from_iterable(map(self.of_word, self.words))

    def __len__(self) -> int:
        """Return the number of terms."""
        return sum(map(len, map(self.of_word, self.words)))

    def __bool__(self) -> bool:
        """Whether there are terms."""
        return any(map(self.of_word, self.words))

    def __contains__(self, term: object) -> bool:
        """Whether the term is in a group."""
        return any(term in group for group in map(self.of_word, self.words))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Which terms a vocabulary keeps.

    min_df, max_df: least and greatest number of documents with the term; a float is a share of
    the documents. max_features: only that many of the most frequent, None: all.
    """

    min_df: int | float = 1
    max_df: int | float = 1.0
    max_features: int | None = None


_NO_LIMITS = Limits()


class Vocabulary:
    """Terms and their numbers, in the order of first sight. Immutable after `fit`."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = tuple(terms)
        self._ids = {term: number for number, term in enumerate(self.terms)}
        self._of_word = Remembered(partial(_numbers_of_word, self._ids))

    @classmethod
    def fit(cls, documents: Iterable[Iterable[str]], limits: Limits = _NO_LIMITS) -> "Vocabulary":
        """Learn the terms of the documents that `limits` keeps."""
        spread, total, count = _counted(documents, repeats=limits.max_features is not None)
        least, most = _as_count(limits.min_df, count), _as_count(limits.max_df, count)
        kept = [term for term, seen in spread.items() if least <= seen <= most]
        if limits.max_features is not None and len(kept) > limits.max_features:
            best = sorted(kept, key=lambda term: (-total[term], term))[: limits.max_features]
            chosen = set(best)
            kept = [term for term in kept if term in chosen]
        return cls(kept)

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self.terms)

    def __contains__(self, term: str) -> bool:
        """Whether the term is known."""
        return term in self._ids

    def ids(self, terms: Iterable[str]) -> list[int]:
        """Return the numbers of the known terms, in order, repeats kept."""
        if isinstance(terms, Grouped):
            return list(chain.from_iterable(self._of_word.each(terms.words, repeat(terms.of_word))))
        return [number for number in map(self._ids.get, terms) if number is not None]

    def known(self, terms: Iterable[str]) -> list[str]:
        """Return the known terms, in order, repeats kept."""
        ids = self._ids
        return [term for term in terms if term in ids]


def _numbers_of_word(
    ids: Mapping[str, int], word: str, of_word: Callable[[str], tuple[str, ...]]
) -> list[int]:
    return [number for number in map(ids.get, of_word(word)) if number is not None]


class Vectorizer:
    """Documents of several blocks (words, characters, ...) to rows.

    Each time that a term stands in a block counts the same, so that a block is the sum of what
    its words give. Blocks are brought to about one length, as if no term came twice, then scaled;
    so a long list of character n-grams does not drown two words. Blocks share one numbering.

    rareness: per block a factor for each term; none where a block is missing.
    """

    def __init__(
        self,
        vocabularies: Mapping[str, Vocabulary],
        scales: Mapping[str, float],
        rareness: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self._vocabularies = dict(vocabularies)
        self._scales = dict(scales)
        self._rareness = dict(rareness or {})
        self._offsets: dict[str, int] = {}
        self.features = 0
        for name, vocabulary in self._vocabularies.items():
            self._offsets[name] = self.features
            self.features += len(vocabulary)
        # Blocks by number: where their terms begin, and how long they become; all terms' factors.
        self._blocks = np.arange(len(self._offsets))
        self._begins = np.array([*self._offsets.values()], dtype=np.int64)
        self._sizes = np.array([self._scales[name] for name in self._offsets], dtype=np.float64)
        ones = {name: [1.0] * len(one) for name, one in self._vocabularies.items()}
        own_factors = (self._rareness.get(name) or one for name, one in ones.items())
        self._weights = np.array(list(chain.from_iterable(own_factors)), dtype=np.float64)

    @classmethod
    def fit(
        cls,
        documents: Sequence[Mapping[str, Collection[str]]],
        scales: Mapping[str, float],
        limits: Mapping[str, Limits] | None = None,
        *,
        weigh: bool = False,
    ) -> "Vectorizer":
        """Learn the vocabulary of each block named in `scales`.

        limits: of blocks, by name. weigh: terms count the more, the fewer documents have them.
        """
        own = limits or {}
        vocabularies = {
            name: Vocabulary.fit(
                (document.get(name, ()) for document in documents), own.get(name, _NO_LIMITS)
            )
            for name in scales
        }
        rareness = {
            name: _rareness(vocabulary, [document.get(name, ()) for document in documents])
            for name, vocabulary in vocabularies.items()
            if weigh
        }
        return cls(vocabularies, scales, rareness)

    @property
    def names(self) -> list[str]:
        """Names of the blocks, in the order of their numbers."""
        return list(self._offsets)

    def offset(self, name: str) -> int:
        """Return the number of the first term of a block."""
        return self._offsets[name]

    def entries(self, document: Mapping[str, Collection[str]]) -> "tuple[IntArray, DoubleArray]":
        """Return numbers, ascending, and values of all terms known, repeats kept."""
        numbers, lengths = list[int](), list[int]()
        for name, vocabulary in self._vocabularies.items():
            terms = document.get(name)
            own = vocabulary.ids(terms) if terms else ()
            numbers += own
            lengths.append(len(own))
        at: IntArray = np.array(numbers, dtype=np.int64)
        at += self._begins.repeat(lengths)
        at.sort()
        blocks = self._blocks.repeat(lengths)
        values = self._weights.take(at)
        squares = np.bincount(blocks, values * values, len(lengths))
        # Blocks without terms have no length that they could be brought to.
        values *= (self._sizes / np.sqrt(np.maximum(squares, _TINY))).take(blocks)
        return at, values

    def row(self, document: Mapping[str, Collection[str]]) -> "tuple[array[int], array[float]]":
        """Return the row of a document by feature number; unknown terms and blocks are left out.

        Of many rows, numbers that are objects would take five times the memory of arrays.
        """
        every, values = self.entries(document)
        # Equal numbers stand together; how many, is the way from one border to the next.
        is_border = np.ones(len(every) + 1, dtype=np.bool_)
        np.not_equal(every[1:], every[:-1], out=is_border[1:-1])
        borders: IntArray = is_border.nonzero()[0]
        first, times = borders[:-1], borders[1:] - borders[:-1]
        merged = (values[first] * times).astype(np.float32)
        return array("q", every[first].tobytes()), array("f", merged.tobytes())

    def knows(self, document: Mapping[str, Collection[str]]) -> bool:
        """Whether a term of the document is in its block's vocabulary."""
        own = self._vocabularies
        return any(term in own[name] for name in own for term in document.get(name, ()))

    def group(self, name: str, terms: Iterable[str]) -> "tuple[IntArray, DoubleArray]":
        """Return numbers of a block's known terms, repeats kept, and values before scaling."""
        at: IntArray = np.array(self._vocabularies[name].ids(terms), dtype=np.int64)
        at += self._offsets[name]
        return at, self._weights.take(at)

    def scale(self, name: str, squares: float) -> float:
        """Return what the values of a block are multiplied with, whose squares sum to `squares`."""
        return self._scales[name] / squares**0.5 if squares else 0.0

    def name_of(self, feature: int) -> tuple[str, str]:
        """Return the block and the term of a feature number.

        Raises:
            IndexError: there is no such feature.
        """
        for name, offset in self._offsets.items():
            terms = self._vocabularies[name].terms
            if offset <= feature < offset + len(terms):
                return name, terms[feature - offset]
        raise IndexError(f"there is no feature {feature}")

    def parts(self) -> Parts:
        """Return the vocabularies and scales as JSON."""
        return Parts(
            meta={
                "blocks": [
                    _BlockMeta(
                        name=name,
                        scale=self._scales[name],
                        terms=vocabulary.terms,
                        rareness=self._rareness.get(name, ()),
                    ).plain()
                    for name, vocabulary in self._vocabularies.items()
                ]
            }
        )

    @classmethod
    def from_parts(cls, parts: Parts) -> "Vectorizer":
        """Return the vectorizer that `parts` came from."""
        blocks = msgspec.convert(parts.meta["blocks"], list[_BlockMeta])
        return cls(
            {block.name: Vocabulary(block.terms) for block in blocks},
            {block.name: block.scale for block in blocks},
            {block.name: block.rareness for block in blocks if block.rareness},
        )


class _BlockMeta(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    scale: float
    terms: Sequence[str]
    rareness: Sequence[float] = ()

    def plain(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


def _rareness(vocabulary: Vocabulary, documents: Sequence[Iterable[str]]) -> list[float]:
    """Return, for each term, a factor that grows as fewer documents have it.

    Source: inverse document frequency, smoothed by one document with every term.
    """
    spread: Counter[int] = Counter()
    for terms in documents:
        spread.update(set(vocabulary.ids(terms)))
    every = 1 + len(documents)
    return [1.0 + log(every / (1 + spread[number])) for number in range(len(vocabulary))]


def _counted(
    documents: Iterable[Iterable[str]], *, repeats: bool
) -> tuple[Counter[str], Counter[str], int]:
    """Return in how many documents each term is, how often if `repeats`, and their number."""
    spread: Counter[str] = Counter()
    total: Counter[str] = Counter()
    count = 0
    for document in documents:
        terms = list(document)
        if repeats:
            total.update(terms)
        # In the order of the text, which decides the numbers of the terms.
        spread.update(dict.fromkeys(terms).keys())
        count += 1
    return spread, total, count


def _as_count(limit: int | float, documents: int) -> float:
    return limit * documents if isinstance(limit, float) else float(limit)
