"""Sentences with a tag for each token, as arrays, and batches of them to learn from."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tertulia.ml.parts import Array
from tertulia.ml.sparse import Csr, FloatArray, IntArray

Sentence = Sequence[Sequence[int]]

PLACES = 3
"""Whose vectors a token sees: that of the word before, its own, and that of the word after."""


class Corpus:
    """Sentences to learn from.

    matrix: (tokens + 1, features) all tokens as rows, the last of which is empty. tags:
    (tokens + 1,) likewise. lengths: (sentences,) tokens of each. meanings: (tokens + 1, width) a
    vector of each token, the last is zero; width 0 for none.
    """

    def __init__(
        self, matrix: Csr, tags: IntArray, lengths: IntArray, meanings: FloatArray
    ) -> None:
        self.matrix = matrix
        self.tags = tags
        self.lengths = lengths
        self.meanings = meanings
        self._starts: IntArray = np.cumsum(lengths) - lengths

    @classmethod
    def of(
        cls,
        sentences: Sequence[Sentence],
        tags: Sequence[Sequence[int]],
        *,
        features: int,
        meanings: Sequence[FloatArray] = (),
    ) -> "Corpus":
        """Return the corpus of sentences.

        Args:
            sentences: per sentence, per token the numbers of its features; none may be empty.
            tags: per sentence, per token its tag.
            features: number of features.
            meanings: (width,) of each token of all sentences; empty for none.
        """
        rows = [(token, [1.0] * len(token)) for sentence in sentences for token in sentence]
        matrix = Csr.of([*rows, ([], [])], columns=features)
        lengths = np.asarray([len(one) for one in sentences], dtype=np.int64)
        of_tokens = np.zeros((len(rows) + 1, len(meanings[0]) if meanings else 0), dtype=np.float32)
        for own, meaning in zip(of_tokens, meanings, strict=False):
            own[:] = meaning
        all_tags = np.asarray([*chain.from_iterable(tags), 0], dtype=np.int64)
        return cls(matrix, all_tags, lengths, of_tokens)

    def arrays(self) -> dict[str, Array]:
        """Return all that there is but the number of features."""
        own = {"tags": self.tags, "lengths": self.lengths, "meanings": self.meanings}
        return {**self.matrix.arrays(), **own}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], *, features: int) -> "Corpus":
        """Return the corpus that `arrays` came from."""
        matrix = Csr.from_arrays(arrays, columns=features)
        return cls(matrix, arrays["tags"], arrays["lengths"], arrays["meanings"])

    def batch(self, part: IntArray) -> "Batch":
        """Return some sentences as one padded block."""
        lengths = self.lengths[part]
        at: IntArray = np.arange(int(lengths.max()), dtype=np.int64)[:, None]
        mask = at < lengths
        rows = np.where(mask, self._starts[part] + at, len(self.tags) - 1)
        return Batch(rows, mask, self.tags[rows], lengths - 1)

    def around(self, batch: "Batch") -> FloatArray:
        """Return (tokens of the batch, PLACES * width) the vectors of the tokens around each."""
        own: FloatArray = self.meanings[batch.rows]
        nothing = np.zeros_like(own[:1])
        sides = (np.concatenate([nothing, own[:-1]]), own, np.concatenate([own[1:], nothing]))
        found: FloatArray = np.concatenate(sides, axis=2)
        return found.reshape(batch.rows.size, -1)


class Batch(NamedTuple):
    """Sentences as one padded block: tokens are laid out time first.

    rows, mask, tags: (time, sentences): of the corpus's matrix, whether there is a token, its tag.
    last: (sentences,) the place of the last token.
    """

    rows: IntArray
    mask: NDArray[np.bool_]
    tags: IntArray
    last: IntArray
