"""Vectors of English pieces of words, which come with the package: a text to one vector.

A text's vector is the sum of those of its pieces, frequent ones counting less, brought to length
one; or to less, where words are in several pieces, for those are rare, or misspelt. No network
runs; a text costs one look-up for each piece. `tools/word_vectors.py` makes the file, and how its
numbers were chosen is told in docs/adr/0023-word-vectors-in-the-package.md.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tertulia.ml.parts import Array
from tertulia.ml.remembered import Remembered
from tertulia.ml.safetensors import read_arrays, write_arrays
from tertulia.ml.sparse import FloatArray
from tertulia.ml.wordpiece import WordPiece

_PLACE, _FILE = "tertulia.ml", "english.safetensors"
_LONGEST = 512
_REMEMBERED = 2048
"""Words whose pieces are kept; each takes about a kibibyte."""
_TRUST_IN_PIECES = 0.5
_TINY = np.float32(1e-12)
# Four bits hold -7 to 7; two numbers lie in one byte.
MOST = 7
_LOW, _ZERO = np.uint8(0x0F), np.float32(MOST + 1)


class WordVectors:
    """Texts to vectors. Immutable, so threads may share it.

    digest: of the whole table, to notice when a model was trained with another one.
    """

    def __init__(self, arrays: Mapping[str, Array], digest: str) -> None:
        """Take `pieces` (UTF-8 lines), `cells` (pieces, width / 2), `scales`, `weights`.

        Raises:
            ValueError: the arrays do not fit together.
        """
        terms = arrays["pieces"].tobytes().decode("utf-8").splitlines()
        self._cells: NDArray[np.uint8] = np.asarray(arrays["cells"], dtype=np.uint8)
        self._scales: FloatArray = np.asarray(arrays["scales"], dtype=np.float32)
        self._weights: FloatArray = np.asarray(arrays["weights"], dtype=np.float32)
        fits = self._cells.shape == (len(terms), len(self._scales) // 2)
        if not fits or self._weights.shape != (len(terms),):
            raise ValueError("the arrays of word vectors do not fit together")
        self._tokenizer = WordPiece(terms, lower=True, limit=_LONGEST)
        self._of_word = Remembered(self._unpacked, _REMEMBERED)
        self.digest = digest

    @classmethod
    def of(cls, data: bytes) -> "WordVectors":
        """Return the table in the bytes of a file.

        Raises:
            ValueError, KeyError, ModelError: they hold something else.
        """
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        return cls(read_arrays(data), digest)

    @property
    def width(self) -> int:
        """Size of a vector."""
        return len(self._scales)

    def vector(self, text: str) -> FloatArray:
        """Return (width,), of length one at most; all zeros where no piece of the text is known."""
        sums: FloatArray = np.zeros(self.width, dtype=np.float32)
        weight = trusted = 0.0
        left = _LONGEST
        for word in self._of_word.each([*self._tokenizer.words(text)]):
            own = word if len(word.pieces) <= left else self._summed(word.pieces[:left], word.trust)
            sums += own.sums
            weight += own.weight
            trusted += own.weight * own.trust
            left -= len(own.pieces)
            if not left:
                break
        length = float(np.sqrt(sums @ sums))
        if length > _TINY:
            sums *= np.float32(trusted / (weight * length))
        return sums

    def direction(self, word: str, width: int) -> FloatArray:
        """Return (width,) the greatest directions of a word's vector brought to length one."""
        vector = self.vector(word)
        return vector[:width] / max(_TINY, np.sqrt(vector @ vector))

    def _unpacked(self, word: str) -> "_Word":
        pieces = tuple(self._tokenizer.pieces(word))
        return self._summed(pieces, 1.0 if len(pieces) == 1 else _TRUST_IN_PIECES)

    def _summed(self, pieces: tuple[int, ...], trust: float) -> "_Word":
        ids = list(pieces)
        cells, weights = self._cells[ids], self._weights[ids]
        steps = np.concatenate([cells & _LOW, cells >> 4], axis=1).astype(np.float32) - _ZERO
        sums = cast(FloatArray, weights @ steps)
        sums *= self._scales
        return _Word(pieces, sums, float(weights.sum()), trust)


class _Word(NamedTuple):
    """A word by its pieces.

    pieces: their numbers. sums: (width,) of their vectors, each times how much it counts. weight:
    the sum of that. trust: how much the word is believed.
    """

    pieces: tuple[int, ...]
    sums: FloatArray
    weight: float
    trust: float


def packed(
    terms: Sequence[str], vectors: FloatArray, weights: FloatArray, scales: FloatArray
) -> bytes:
    """Return the bytes of a table.

    Args:
        terms: the pieces, the marks of begin, end and unknown words among them.
        vectors: (pieces, width), width even; what lies beyond seven times `scales` is cut off.
        weights: (pieces,) how much each counts.
        scales: (width,) the distance between two numbers that are kept apart.
    """
    steps = np.clip(np.rint(vectors / scales), -MOST, MOST).astype(np.int64) + MOST + 1
    half = steps.shape[1] // 2
    cells = steps[:, :half] | (steps[:, half:] << 4)
    return write_arrays(
        {
            "pieces": np.frombuffer("\n".join(terms).encode("utf-8"), dtype=np.uint8),
            "cells": cells.astype(np.uint8),
            "scales": scales.astype(np.float32),
            "weights": weights.astype(np.float16),
        }
    )


@cache
def english() -> WordVectors:
    """Return the table that comes with the package, read once for the whole process."""
    return WordVectors.of(files(_PLACE).joinpath(_FILE).read_bytes())
