"""How a SequenceNet learns: Adam on batches of sequences of about the same length, with dropout.

Rule: the same arguments give the same network, and the work is bounded however much data there is.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from tertulia.ml.adam import Adam, Bundle
from tertulia.ml.sequence import Batch, Corpus, Piece, SequenceNet, Shape, Thin
from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import FloatArray

Progress = Callable[[float], None]

_TINY = np.float32(1e-9)

_LONGEST = 96
"""Rows in one piece, at least twice the context that is not judged."""

_BY_HEART = 0.01
"""Mean loss of a pass, in nats, after which no more passes are added than were needed so far."""

_RAMP = 20
"""Steps in which the step size grows to its full value."""


class SequenceRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a network is trained.

    passes: over the data. least_steps: more passes when there are few sequences. most_rows: fewer
    passes when there are many, two at least. batch: sequences a step. rate: largest step size.
    dropout: share of numbers left out, at all joints of the network.
    """

    passes: int = 60
    least_steps: int = 200
    most_rows: int = 500_000
    batch: int = 4
    rate: float = 3e-3
    dropout: float = 0.2
    seed: int = 0


def train_net(
    corpus: Corpus, shape: Shape, recipe: SequenceRecipe, report: Progress | None = None
) -> SequenceNet:
    """Return the network that learned the corpus. report: told the share done, now and then."""
    rng = np.random.default_rng(recipe.seed)
    net = SequenceNet.begin(shape, rng)
    pieces = _pieces(corpus, shape.width)
    if not pieces:
        return net
    passes = _passes(pieces, recipe)
    steps = passes * -(-len(pieces) // recipe.batch)
    fit = _Fit(net, recipe.dropout, rng)
    done = 0
    while done < steps:
        losses: list[float] = []
        for chosen in _batches(pieces, recipe.batch, rng):
            losses.append(fit.step(corpus, chosen, recipe.rate * _share(done, steps)))
            done += 1
        if sum(losses) < _BY_HEART * len(losses):
            steps = min(steps, max(2 * done, recipe.least_steps // 2))
        if report is not None:
            report(min(1.0, done / steps))
    return net


def teach(net: SequenceNet, corpus: Corpus, recipe: SequenceRecipe) -> None:
    """Train a network, in place, until it says what the corpus says, or for `passes` at most.

    So that little of what it knew is lost, it is not trained any longer than that.
    """
    rng = np.random.default_rng(recipe.seed)
    pieces = _pieces(corpus, net.shape.width)
    fit = _Fit(net, 0.0, rng)
    for _ in range(recipe.passes):
        if all(_is_known(net, corpus.batch([piece], net.weights["embedding"])) for piece in pieces):
            return
        for chosen in _batches(pieces, recipe.batch, rng):
            fit.step(corpus, chosen, recipe.rate)


def _is_known(net: SequenceNet, batch: Batch) -> bool:
    """Whether every label is given more than half of the probability."""
    logits, _ = net.read(batch.x, None)
    places = np.nonzero(batch.labels >= 0)
    found = softmax(logits)[(*places, batch.labels[places])]
    return bool((found > 0.5).all())


def _pieces(corpus: Corpus, width: int) -> list[Piece]:
    return [
        piece
        for number, length in enumerate(corpus.lengths)
        for piece in cut(number, length, width)
    ]


def cut(number: int, length: int, width: int) -> Iterator[Piece]:
    """Yield pieces of a sequence such that each position is judged once, with all its context."""
    longest = max(_LONGEST, 2 * width)
    judged = 0
    while judged < length:
        begin = max(0, judged - width + 1)
        end = min(length, begin + longest)
        yield Piece(number, begin, judged, end)
        judged = end


def _passes(pieces: Sequence[Piece], recipe: SequenceRecipe) -> int:
    rows = sum(piece.end - piece.begin for piece in pieces)
    per_pass = -(-len(pieces) // recipe.batch)
    wanted = max(recipe.passes, -(-recipe.least_steps // per_pass))
    return max(2, min(wanted, recipe.most_rows // rows))


def _share(done: int, steps: int) -> float:
    """Return the part of the largest step size: it grows quickly, then falls to a twentieth."""
    return min(1.0, (done + 1) / _RAMP) * (0.05 + 0.95 * (1.0 - done / steps))


def _batches(pieces: Sequence[Piece], size: int, rng: np.random.Generator) -> Iterator[list[Piece]]:
    """Yield all pieces, those of about the same length together, in an order of chance."""
    lengths = np.asarray([piece.end - piece.begin for piece in pieces], dtype=np.float64)
    order = np.argsort(lengths + rng.random(len(pieces)) * 6.0, kind="stable").tolist()
    starts = rng.permutation(-(-len(order) // size)).tolist()
    for start in starts:
        yield [pieces[place] for place in order[start * size : (start + 1) * size]]


class _Fit:
    """A network under training."""

    def __init__(self, net: SequenceNet, dropout: float, rng: np.random.Generator) -> None:
        self._net = net
        self._adam = Adam(net.weights)
        self._gradients = Bundle(net.shape.arrays())
        self._keep = np.float32(1.0 - dropout)
        self._rng = rng

    def _thin(self, shape: tuple[int, ...]) -> FloatArray:
        kept = self._rng.random(shape, dtype=np.float32) < self._keep
        return kept.astype(np.float32) / self._keep

    def step(self, corpus: Corpus, chosen: Sequence[Piece], rate: float) -> float:
        """Take one step. Return the mean loss before it, in nats."""
        embedding = self._net.weights["embedding"]
        batch = corpus.batch(chosen, embedding)
        thin: Thin | None = self._thin if self._keep < 1.0 else None
        mask = thin(batch.x.shape) if thin else np.float32(1.0)
        logits, back = self._net.read(batch.x * mask, thin)
        judged = batch.labels >= 0
        error = softmax(logits)
        places = np.nonzero(judged)
        right = (*places, batch.labels[places])
        loss = -np.log(error[right] + _TINY).mean()
        error[right] -= 1.0
        error *= judged[..., None] / np.float32(max(1, int(judged.sum())))
        inner = back(error, self._gradients) * mask
        own = self._gradients["embedding"]
        own[...] = 0.0
        own[batch.columns] = batch.dense.T @ inner.reshape(-1, inner.shape[-1])
        self._adam.step(self._gradients, rate)
        return float(loss)
