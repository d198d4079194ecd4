"""Tags of the tokens of a sentence: a network on each token, and a chain of tags, with numpy alone.

`tagger_training.py` makes them.

Source: Collobert et al. 2011.
"""

from collections.abc import Sequence
from itertools import chain

import msgspec
import numpy as np

from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import FloatArray
from tertulia.ml.tag_chain import Decoded, TagChain
from tertulia.ml.tagged import PLACES, Sentence

_DIMENSIONS = {
    "first": 2,
    "meanings": 2,
    "bias": 1,
    "emissions": 2,
    "transitions": 2,
    "start": 1,
    "end": 1,
}


class ChainTagger:
    """Scores a path by its tokens and by its pairs of neighbouring tags.

    What a token says of tags is relu(sums + bias) @ emissions. Its sums are those of the `first`
    rows of its features, and of the vectors of the word before, the word itself and the word after
    times `meanings`, so that they can be added up from what each word gives.

    first: (features, hidden). meanings: (PLACES * width, hidden), width 0 for none. bias:
    (hidden,). emissions: (hidden, tags). transitions: (tags, tags), from row to column. start,
    end: (tags,). All float32. Immutable after training.
    """

    def __init__(
        self,
        *,
        first: FloatArray,
        meanings: FloatArray,
        bias: FloatArray,
        emissions: FloatArray,
        transitions: FloatArray,
        start: FloatArray,
        end: FloatArray,
    ) -> None:
        self._first_layer = first
        self._meanings = meanings
        self._bias = bias
        self._emissions = emissions
        self._chain = TagChain(transitions, start, end)

    @property
    def tags(self) -> int:
        """Number of tags."""
        return len(self._chain.start)

    @property
    def features(self) -> int:
        """Number of features of tokens."""
        return len(self._first_layer)

    @property
    def hidden(self) -> int:
        """Size of the sums of a token."""
        return len(self._bias)

    @property
    def width(self) -> int:
        """Size of the vectors of words; 0 where none were learned from."""
        return len(self._meanings) // PLACES

    def decode(self, scores: FloatArray, *, unless_plain: bool = False) -> Decoded:
        """Return the best path; see `TagChain.decode`. scores: (tokens, tags), see `scores`."""
        return self._chain.decode(scores, unless_plain=unless_plain)

    def scores(self, sums: FloatArray) -> FloatArray:
        """Return (tokens, tags) what tokens say of tags. sums: (tokens, hidden)."""
        return np.maximum(sums + self._bias, np.float32(0)) @ self._emissions

    def sums(self, sentence: Sentence) -> FloatArray:
        """Return (tokens, hidden), for each token the sum of what its features give."""
        flat = np.array(list(chain.from_iterable(sentence)), dtype=np.int64)
        known = self._first_layer.take(flat, axis=0)
        sums = np.zeros((len(sentence), self.hidden), dtype=np.float32)
        begin = 0
        for own, token in zip(sums, sentence, strict=True):
            np.add.reduce(known[begin : begin + len(token)], axis=0, out=own)
            begin += len(token)
        return sums

    def given(self, meaning: FloatArray) -> FloatArray:
        """Return (PLACES, hidden) what a word gives to the token before it, itself, the one behind.

        meaning: (width,) its vector.
        """
        by_place: FloatArray = self._meanings.reshape(PLACES, -1, self.hidden)
        return meaning @ by_place[::-1]

    def parts(self) -> Parts:
        """Return the model as arrays."""
        arrays: dict[str, Array] = {
            "first": self._first_layer,
            "meanings": self._meanings,
            "bias": self._bias,
            "emissions": self._emissions,
            "transitions": self._chain.transitions,
            "start": self._chain.start,
            "end": self._chain.end,
        }
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "ChainTagger":
        """Return the model that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        own = {name: np.asarray(parts.array(name), dtype=np.float32) for name in _DIMENSIONS}
        tags, hidden = own["start"].size, own["bias"].size
        if any(own[name].ndim != count for name, count in _DIMENSIONS.items()):
            raise ValueError("the arrays of a tagger have the wrong shape")
        wide = {own["first"].shape[1], own["meanings"].shape[1], len(own["emissions"])}
        chained = {own["emissions"].shape[1], *own["transitions"].shape, own["end"].size}
        if wide != {hidden} or chained != {tags} or len(own["meanings"]) % PLACES:
            raise ValueError("the arrays of a tagger do not fit together")
        return cls(**own)


class Allowed(msgspec.Struct, frozen=True):
    """Which paths are possible. start, end: per tag. pairs: per tag, which may follow it."""

    start: Sequence[bool]
    end: Sequence[bool]
    pairs: Sequence[Sequence[bool]]


def shared_out(words: Sequence[FloatArray]) -> FloatArray:
    """Return (tokens, hidden) the sums of what words give to the tokens around them.

    words: each (places, hidden): what a word gives to the tokens from places // 2 before it to as
    many behind it. The first and the last words, places // 2 each, are around the tokens only.
    """
    places = len(words[0])
    every: FloatArray = np.concatenate(words)
    # What a token is given lies so many rows apart, beginning with the word farthest before it.
    row, value = every.strides
    sums: FloatArray = np.add.reduce(
        np.ndarray(
            (len(words) - places + 1, places, every.shape[1]),
            every.dtype,
            every,
            offset=(places - 1) * row,
            strides=(places * row, (places - 1) * row, value),
        ),
        axis=1,
    )
    return sums


def added_up(tokens: Sequence[Sequence[FloatArray]]) -> FloatArray:
    """Return (tokens, hidden) the sums of what is given to each token; nought where nothing is.

    tokens: (hidden,) each.
    """
    most = max(map(len, tokens))
    every = list(chain.from_iterable(tokens))
    if not every:
        return np.zeros(1, dtype=np.float32)
    if len(every) < most * len(tokens):
        nothing = np.zeros_like(every[0])
        every = [one for own in tokens for one in [*own, *[nothing] * (most - len(own))]]
    return np.add.reduce(np.concatenate(every).reshape(len(tokens), most, -1), axis=1)
