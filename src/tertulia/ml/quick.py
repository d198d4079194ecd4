"""What a committee says of one document, quickly: the sums of its first layers, word by word.

The first layers are linear, and a row is a sum over words but for how long its blocks are. So what
a word's terms give is computed once, and most words of a text have come before.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat

import numpy as np

from tertulia.ml.committee import Committee
from tertulia.ml.remembered import Remembered
from tertulia.ml.sparse import Entries, FloatArray
from tertulia.ml.vectorize import Grouped, Vectorizer

_KEPT_BYTES = 4 << 20
"""Of what words give, for each block."""
_NOTHING: FloatArray = np.zeros(0, dtype=np.float32)


class QuickCommittee:
    """A committee on documents of terms and vectors. Immutable, so threads may share it.

    vectorizer: of the rows that the committee has learned from, vectors behind them.
    """

    def __init__(self, vectorizer: Vectorizer, committee: Committee) -> None:
        self._vectorizer = vectorizer
        self._committee = committee
        self._meanings = committee.inputs_from(vectorizer.features)
        width = committee.width(vectorizer.features)
        most = 1 + _KEPT_BYTES // (4 * width)
        self._of_word = {
            name: Remembered(partial(_given_by_word, vectorizer, committee, name, width), most)
            for name in vectorizer.names
        }
        self._width = width

    def logits(
        self, terms: Mapping[str, Collection[str]], vectors: Sequence[FloatArray]
    ) -> FloatArray:
        """Return (classes,) logits, but for rounding those of the row of the document.

        terms: by block. vectors: behind the terms, all of them.
        """
        vector = joined(vectors)
        sums: FloatArray = vector @ self._meanings
        by_words = sums[: self._width]
        for given in self._by_words(terms):
            by_words += given
        loose = {name: own for name, own in terms.items() if not isinstance(own, Grouped)}
        sums += self._committee.given(Entries.loose(*self._vectorizer.entries(loose)))
        return self._committee.logits_of(sums, vector)

    def _by_words(self, document: Mapping[str, Collection[str]]) -> Iterator[FloatArray]:
        """Yield (n,) what each block gives whose terms come in groups."""
        for name, of_word in self._of_word.items():
            terms = document.get(name)
            if not isinstance(terms, Grouped) or not terms.words:
                continue
            words = of_word.each(terms.words, repeat(terms.of_word))
            given = np.concatenate(words).reshape(len(words), -1)
            sums: FloatArray = np.add.reduce(given, axis=0)
            yield sums[:-1] * np.float32(self._vectorizer.scale(name, float(sums[-1])))


def joined(vectors: Sequence[FloatArray]) -> FloatArray:
    """Return the vectors as one, float32."""
    return np.concatenate(vectors, dtype=np.float32) if vectors else _NOTHING


def _given_by_word(
    vectorizer: Vectorizer,
    committee: Committee,
    name: str,
    width: int,
    word: str,
    of_word: Callable[[str], tuple[str, ...]],
) -> FloatArray:
    """Return (n + 1,) what a word's terms give to a committee, and the sum of their squares."""
    row = Entries.loose(*vectorizer.group(name, of_word(word)))
    return np.append(committee.given(row)[:width], row.values @ row.values)
