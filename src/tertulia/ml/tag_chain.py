"""The best path of tags through the tokens of a sentence, and how likely every tag is.

Source: Lafferty et al. 2001 (conditional random fields), Rabiner 1989 (forward and backward sums).
"""

from collections.abc import Sequence
from math import exp, inf, log
from typing import NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from tertulia.ml.sparse import FloatArray, IntArray

FORBIDDEN = np.float32(-1e4)
"""What a step or a tag that cannot be costs."""

DoubleArray = NDArray[np.float64]

_TINY = 1e-300
# More than rounding can make of a sum.
_CLEARLY = 1e-2
# So many tokens at a time, no product of probabilities is too small for double precision.
_OFTEN = 4
# A tag is at least as likely as each path through it. So if the best path among tags that are as
# likely as this is itself as likely, no path through another tag is better.
_LIKELY = 1e-3


class Decoded(msgspec.Struct, frozen=True):
    """The best path through one sentence.

    tags: one per token. marginals: per token the probability of every tag; may be empty where the
    tag is the first.
    """

    tags: list[int]
    marginals: list[list[float]]


class _Path(NamedTuple):
    """A path up to a token. score: of all that it went through. tag: the last one."""

    score: float
    tag: int
    before: "_Path | None"


class TagChain:
    """What tags say of their neighbours. Immutable.

    transitions: (tags, tags), from row to column. start, end: (tags,). All float32.
    """

    def __init__(self, transitions: FloatArray, start: FloatArray, end: FloatArray) -> None:
        self.transitions = transitions
        self.start = start
        self.end = end
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
        # The same as plain numbers, and as what probabilities are multiplied with.
        self._steps = cast(list[list[float]], transitions.tolist())
        self._starts, self._ends = (cast(list[float], one.tolist()) for one in (start, end))
        self._pairs, self._first, self._last = (
            np.exp(one.astype(np.float64)) for one in (transitions, start, end)
        )

    def decode(self, scores: FloatArray, *, unless_plain: bool = False) -> Decoded:
        """Return the best path; O(tokens x tags squared).

        scores: (tokens, tags) what tokens say of tags. unless_plain: marginals of tokens with the
        first tag stay empty; most sentences of most bots have nothing to find, and then most of
        the work is saved.
        """
        if unless_plain and self._is_plain(scores):
            return Decoded([0] * len(scores), [[]] * len(scores))
        marginals, log_total = self._marginals(scores)
        tags = self._likely_path(scores, marginals, log_total) or self._viterbi(scores)
        likely: list[list[float]] = [
            own.tolist() if tag or not unless_plain else []
            for tag, own in zip(tags, marginals, strict=True)
        ]
        return Decoded(tags, likely)

    def _is_plain(self, scores: FloatArray) -> bool:
        """Whether the best path certainly has the first tag everywhere.

        Token by token, what a path of first tags has is held against the most that a path at any
        other tag can have: it came from the first tag, or from the other that leads there best.
        """
        first = cast(list[float], scores[:, 0].tolist())
        left = cast(list[float], (scores + self._leaving).max(axis=1).tolist())
        stayed = cast(list[float], (scores + self._staying).max(axis=1).tolist())
        begun, ended = self.start + scores[0], self.end.copy()
        begun[0] = ended[0] = FORBIDDEN
        plain, other = self._starts[0] + first[0], float(begun.max())
        step = self._steps[0][0]
        for at in range(1, len(first)):
            before, plain = plain, plain + step + first[at]
            if other + self._coming_back + first[at] > plain - _CLEARLY:
                return False
            other = max(before + left[at], other + stayed[at])
        return other + float(ended.max()) < plain + self._ends[0] - _CLEARLY

    def _likely_path(
        self, scores: FloatArray, marginals: DoubleArray, log_total: float
    ) -> list[int]:
        """Return the best path among likely tags if it is the best of all, else nothing.

        It is, when it is so likely itself that all tags of a better one were among them.
        """
        rows, tags = (marginals >= _LIKELY).nonzero()
        said = cast(list[float], scores[rows, tags].tolist())
        likely: list[list[tuple[int, float]]] = [[] for _ in scores]
        for row, tag, own in zip(rows.tolist(), tags.tolist(), said, strict=True):
            likely[row].append((tag, own))
        paths = [_Path(self._starts[tag] + own, tag, None) for tag, own in likely[0]]
        for token in likely[1:]:
            paths = [self._longer(paths, tag, own) for tag, own in token] if paths else []
        if not paths:
            return []
        best = max(paths, key=lambda path: path.score + self._ends[path.tag])
        if exp(min(0.0, best.score + self._ends[best.tag] - log_total)) < _LIKELY:
            return []
        return _tags_of(best)

    def _longer(self, paths: Sequence[_Path], tag: int, said: float) -> _Path:
        """Return the best path that goes on to a tag. said: what its token says of it."""
        steps = self._steps
        best = max(paths, key=lambda path: path.score + steps[path.tag][tag])
        return _Path(best.score + steps[best.tag][tag] + said, tag, best)

    def _viterbi(self, scores: FloatArray) -> list[int]:
        best: FloatArray = scores[0] + self.start
        back: list[IntArray] = []
        everyone = np.arange(len(self.start))
        paths = np.empty_like(self._into)
        for token in scores[1:]:
            np.add(self._into, best, out=paths)
            from_where = paths.argmax(axis=1)
            back.append(from_where)
            best = paths[everyone, from_where] + token
        tag = int((best + self.end).argmax())
        tags = [tag]
        for from_where in reversed(back):
            tag = int(from_where[tag])
            tags.append(tag)
        return tags[::-1]

    def _marginals(self, scores: FloatArray) -> tuple[DoubleArray, float]:
        """Return (tokens, tags) probabilities, and the logarithm of the sum over all paths."""
        peaks = scores.max(axis=1, keepdims=True)
        likely: DoubleArray = np.exp(scores - peaks, dtype=np.float64)
        forward, backward = np.empty_like(likely), np.empty_like(likely)
        log_total = float(peaks.sum())
        row = forward[0] = self._first * likely[0]
        for at in range(1, len(scores)):
            row = (row @ self._pairs) * likely[at]
            if not at % _OFTEN:
                size = max(_TINY, float(row.sum()))
                row /= size
                log_total += log(size)
            forward[at] = row
        total = float(row @ self._last)
        row = backward[-1] = self._last
        for at in range(len(scores) - 2, -1, -1):
            row = self._pairs @ (likely[at + 1] * row)
            if not at % _OFTEN:
                row /= max(_TINY, float(row.sum()))
            backward[at] = row
        joint: DoubleArray = forward * backward
        joint /= np.maximum(joint.sum(axis=1, keepdims=True), _TINY)
        return joint, (log_total + log(total) if total else inf)


def _tags_of(path: _Path) -> list[int]:
    """Return all tags of a path, the first one first."""
    tags: list[int] = []
    last: _Path | None = path
    while last is not None:
        tags.append(last.tag)
        last = last.before
    return tags[::-1]
