"""Tags of the tokens of a sentence: a network on each token, and a chain of tags, with numpy alone.

`tagger_training.py` makes them.

Source: Lafferty et al. 2001 (conditional random fields), Collobert et al. 2011 (with a network).
"""

from collections.abc import Sequence
from itertools import chain
from typing import cast

import msgspec
import numpy as np

from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import FloatArray, IntArray
from tertulia.ml.tagged import PLACES, Sentence

_TINY = np.float32(1e-30)
_DIMENSIONS = {
    "first": 2,
    "meanings": 2,
    "bias": 1,
    "emissions": 2,
    "transitions": 2,
    "start": 1,
    "end": 1,
}
FORBIDDEN = np.float32(-1e4)
"""What a step or a tag that cannot be costs."""

# More than rounding can make of a sum.
_CLEARLY = 1e-2


class Decoded(msgspec.Struct, frozen=True):
    """The best path through one sentence.

    tags: one per token. marginals: per token the probability of every tag.
    """

    tags: list[int]
    marginals: list[list[float]]


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
        self._transitions = transitions
        self._start = start
        self._end = end
        # Row by row what leads into a tag: the search for the best runs along memory.
        self._into: FloatArray = np.ascontiguousarray(transitions.T)
        # What leads from the first tag to others, at most from one of the others to another, and
        # at most back.
        self._leaving: FloatArray = transitions[0].copy()
        self._leaving[0] = FORBIDDEN
        others = self._into.copy()
        others[:, 0] = others[0] = FORBIDDEN
        self._staying: FloatArray = others.max(axis=1)
        self._coming_back = float(transitions[1:, 0].max(initial=FORBIDDEN))
        self._pairs: FloatArray = np.exp(transitions)
        self._first: FloatArray = np.exp(start)
        self._last: FloatArray = np.exp(end)

    @property
    def tags(self) -> int:
        """Number of tags."""
        return len(self._start)

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

    def decode(self, scores: FloatArray, *, unless_all: int | None = None) -> Decoded:
        """Return the best path; O(tokens x tags squared).

        scores: (tokens, tags), see `scores`. unless_all: when every tag is this one, marginals stay
        empty; most sentences of most bots have nothing to find, and then half of the work is saved.
        """
        tags = self._viterbi(scores)
        if unless_all is not None and all(tag == unless_all for tag in tags):
            return Decoded(tags, [])
        return Decoded(tags, cast(list[list[float]], self._marginals(scores).tolist()))

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

    def given_by(self, numbers: Sequence[int], tokens: int) -> FloatArray:
        """Return (tokens, hidden), like `sums` of tokens with as many features each.

        numbers: of the features, those of the first token first; -1 for an unknown one.
        """
        at: IntArray = np.array(numbers, dtype=np.int64)
        known: FloatArray = (at >= 0).astype(np.float32).reshape(tokens, 1, -1)
        # What is unknown is nought times the first feature.
        rows = self._first_layer.take(at, axis=0, mode="clip").reshape(*known.shape[::2], -1)
        return cast(FloatArray, (known @ rows)[:, 0])

    def given(self, meaning: FloatArray) -> FloatArray:
        """Return (PLACES, hidden) what a word gives to the token before it, itself, the one behind.

        meaning: (width,) its vector.
        """
        by_place: FloatArray = self._meanings.reshape(PLACES, -1, self.hidden)
        return meaning @ by_place[::-1]

    def _is_plain(self, scores: FloatArray) -> bool:
        """Whether the best path certainly has the first tag everywhere.

        Token by token, what a path of first tags has is held against the most that a path at any
        other tag can have: it came from the first tag, or from the other that leads there best.
        """
        first = cast(list[float], scores[:, 0].tolist())
        left = cast(list[float], (scores + self._leaving).max(axis=1).tolist())
        stayed = cast(list[float], (scores + self._staying).max(axis=1).tolist())
        begun, ended = self._start + scores[0], self._end.copy()
        begun[0] = ended[0] = FORBIDDEN
        plain, other = float(self._start[0]) + first[0], float(begun.max())
        step = float(self._transitions[0, 0])
        for at in range(1, len(first)):
            before, plain = plain, plain + step + first[at]
            if other + self._coming_back + first[at] > plain - _CLEARLY:
                return False
            other = max(before + left[at], other + stayed[at])
        return other + float(ended.max()) < plain + float(self._end[0]) - _CLEARLY

    def _viterbi(self, scores: FloatArray) -> list[int]:
        if self._is_plain(scores):
            return [0] * len(scores)
        best: FloatArray = scores[0] + self._start
        back: list[IntArray] = []
        everyone = np.arange(self.tags)
        paths = np.empty_like(self._into)
        for token in scores[1:]:
            np.add(self._into, best, out=paths)
            from_where = paths.argmax(axis=1)
            back.append(from_where)
            best = paths[everyone, from_where] + token
        tag = int((best + self._end).argmax())
        tags = [tag]
        for from_where in reversed(back):
            tag = int(from_where[tag])
            tags.append(tag)
        return tags[::-1]

    def _marginals(self, scores: FloatArray) -> FloatArray:
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        length = len(scores)
        forward, backward = np.empty_like(likely), np.empty_like(likely)
        forward[0] = _scaled(self._first * likely[0])
        for at in range(1, length):
            forward[at] = _scaled((forward[at - 1] @ self._pairs) * likely[at])
        backward[-1] = self._last
        for at in range(length - 2, -1, -1):
            backward[at] = _scaled(self._pairs @ (likely[at + 1] * backward[at + 1]))
        joint: FloatArray = forward * backward
        joint /= np.maximum(joint.sum(axis=1, keepdims=True), _TINY)
        return joint

    def parts(self) -> Parts:
        """Return the model as arrays."""
        arrays: dict[str, Array] = {
            "first": self._first_layer,
            "meanings": self._meanings,
            "bias": self._bias,
            "emissions": self._emissions,
            "transitions": self._transitions,
            "start": self._start,
            "end": self._end,
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
    every: FloatArray = np.concatenate(words).reshape(len(words), places, -1)
    tokens = len(words) - places + 1
    sums: FloatArray = every[:tokens, places - 1].copy()
    for place in range(places - 1):
        begin = places - 1 - place
        sums += every[begin : begin + tokens, place]
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
    return np.concatenate(every).reshape(len(tokens), most, -1).sum(axis=1)


def _scaled(row: FloatArray) -> FloatArray:
    return cast(FloatArray, row / max(np.add.reduce(row), _TINY))
