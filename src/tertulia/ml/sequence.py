"""A small network that reads a sequence of sparse rows and classifies each position.

Two layers of attention over embedded rows. It sees `width` rows and no more, wherever they lie, so
what it says of the end of a long sequence can be asked of the sequence's last `width` rows.
Source: docs/adr/0012-a-network-for-dialogues.md; layers in `attention`.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tertulia.ml.adam import Bundle, Shapes
from tertulia.ml.attention import (
    Glance,
    Layer,
    Norm,
    Trace,
    backward,
    flat,
    forward,
    glance,
    normalise,
    normalise_back,
    slopes_of,
)
from tertulia.ml.parts import Array, Parts
from tertulia.ml.softmax import Influence, softmax
from tertulia.ml.sparse import Csr, FloatArray, IntArray, Row

Thin = Callable[[tuple[int, ...]], FloatArray]

HEADS = 4
SIZE = 64
"""Numbers per position; 32 were clearly worse, 128 no better for four times the work."""

INNER = 2 * SIZE


class Placed(Influence, frozen=True):
    """How much one feature of one row speaks for a class. back: rows before the last one."""

    back: int


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of a network. width: rows seen."""

    features: int
    classes: int
    width: int

    def layers(self) -> tuple[Layer, Layer]:
        """Return the layers; together they see `width` rows."""
        second = (self.width + 2) // 2
        return Layer(0, HEADS, self.width + 1 - second), Layer(1, HEADS, second)

    def arrays(self) -> Shapes:
        """Return the shapes of all arrays by name."""
        first, second = self.layers()
        return {
            "embedding": (self.features, SIZE),
            **first.shapes(SIZE, INNER),
            **second.shapes(SIZE, INNER),
            "last": (2, SIZE),
            "classes": (SIZE, self.classes),
            "bias": (self.classes,),
        }


class Look(NamedTuple):
    """What a network says, and what it saw. probabilities: (classes,). seen: None of no rows."""

    probabilities: FloatArray
    seen: Glance | None
    norm: Norm | None


class SequenceNet:
    """The network. Immutable after training, so safe to share between threads."""

    def __init__(self, shape: Shape, weights: Bundle) -> None:
        self.shape = shape
        self.weights = weights
        self._layers = shape.layers()

    @classmethod
    def begin(cls, shape: Shape, rng: np.random.Generator) -> "SequenceNet":
        """Return an untrained network."""
        weights = Bundle(shape.arrays())
        scales = {"embedding": 0.3, "back": 0.1, "join": SIZE**-0.5 / 2, "out": INNER**-0.5 / 2}
        scales |= {"in": (2 / SIZE) ** 0.5}
        for name, weight in weights.arrays().items():
            kind = name.rstrip("01")
            if kind in ("before", "middle", "last"):
                weight[0] = 1.0
            elif kind not in ("in_bias", "bias"):
                scale = np.float32(scales.get(kind, SIZE**-0.5))
                weight[...] = rng.standard_normal(weight.shape, dtype=np.float32) * scale
        return cls(shape, weights)

    def grown(self, shape: Shape) -> "SequenceNet":
        """Return a copy with more features and classes, of which it knows nothing yet.

        shape: of the same width, no smaller.
        """
        weights = Bundle(shape.arrays())
        for name, own in self.weights.arrays().items():
            weights[name][tuple(slice(0, size) for size in own.shape)] = own
        return SequenceNet(shape, weights)

    def token(self, row: Row) -> FloatArray:
        """Return (SIZE,) the embedding of a row, to be remembered by who asks often."""
        indices = np.asarray(row[0], dtype=np.int64)
        return np.asarray(row[1], dtype=np.float32) @ self.weights["embedding"][indices]

    def look(self, tokens: Sequence[FloatArray]) -> "Look":
        """Return what the network says of the last of the rows with these embeddings.

        tokens: of the rows, oldest first; those before the last `width` do not count.
        """
        first, second = self._layers
        if not tokens:
            return Look(softmax(self.weights["bias"]), None, None)
        x = np.stack(tokens[-self.shape.width :])[None]
        near = glance(x, first, self.weights, min(x.shape[1], second.reach)).outputs
        seen = glance(near, second, self.weights, 1)
        normal, norm = normalise(seen.outputs, self.weights["last"])
        logits = normal[0, 0] @ self.weights["classes"] + self.weights["bias"]
        return Look(softmax(logits), seen, norm)

    def explain(self, look: "Look", rows: Sequence[Row], label: int, top: int) -> list[Placed]:
        """Return the features that speak most for or against a class, of what was looked at.

        rows: those whose embeddings were looked at. The amount of a feature is its value times
        the slope of the class's logit, compared with the mean of all logits, along the straight
        way: how much each row is looked at is taken as fixed, and what rows tell each other in
        the first layer is left out. Source: gradient times input, Shrikumar et al. 2016.
        """
        if look.seen is None or look.norm is None:
            return []
        classes = self.weights["classes"]
        error = (classes[:, label] - classes.mean(axis=1)) * self.weights["last"][0]
        scaled, spread = look.norm.scaled[0, 0], look.norm.spread[0, 0]
        error = (error - error.mean() - scaled * (error * scaled).mean()) * spread
        slopes = slopes_of(error, self._layers[1], self.weights, look.seen)
        rows = rows[-len(slopes) :]
        indices = np.concatenate([np.asarray(own, dtype=np.int64) for own, _ in rows])
        values = np.concatenate([np.asarray(own, dtype=np.float32) for _, own in rows])
        places = np.repeat(np.arange(len(rows)), [len(own) for own, _ in rows])
        products = self.weights["embedding"][indices] * slopes[places]
        amounts = values * products.sum(axis=-1)
        strongest = np.argsort(-np.abs(amounts), kind="stable")[:top].tolist()
        return [
            Placed(int(indices[one]), float(amounts[one]), len(rows) - 1 - int(places[one]))
            for one in strongest
        ]

    def read(
        self, x: FloatArray, thin: Thin | None
    ) -> tuple[FloatArray, Callable[[FloatArray, Bundle], FloatArray]]:
        """Return logits (B, T, classes) of embeddings (B, T, SIZE), and the way back.

        The way back takes the gradient of the logits, writes those of all arrays but the
        embedding, and returns that of x. thin: makes masks of dropout.
        """
        traces: list[Trace] = []
        for layer in self._layers:
            x, trace = forward(x, layer, self.weights, thin)
            traces.append(trace)
        scale = self.weights["last"]
        normal, norm = normalise(x, scale)
        logits = normal @ self.weights["classes"] + self.weights["bias"]

        def back(error: FloatArray, gradients: Bundle) -> FloatArray:
            gradients.put("classes", flat(normal).T @ flat(error))
            gradients.put("bias", flat(error).sum(0))
            inner, own = normalise_back(error @ self.weights["classes"].T, scale, norm)
            gradients.put("last", own)
            for layer, trace in zip(self._layers[::-1], traces[::-1], strict=True):
                inner = backward(inner, layer, self.weights, gradients, trace)
            return inner

        return logits, back

    def parts(self) -> Parts:
        """Return the arrays by name, and the width."""
        arrays: dict[str, Array] = dict(self.weights.arrays())
        return Parts(meta={"width": self.shape.width}, arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts, shape: Shape) -> "SequenceNet":
        """Return the network that `parts` came from.

        Raises:
            ValueError: the arrays are not those of a network of this shape.
        """
        weights = Bundle(shape.arrays())
        for name, wanted in weights.shapes.items():
            found = np.asarray(parts.array(name), dtype=np.float32)
            if found.shape != wanted:
                raise ValueError(f"{name} is {found.shape} instead of {wanted}")
            weights.put(name, found)
        return cls(shape, weights)


class Corpus:
    """Sequences to learn.

    sequences: numbers of rows, and a label for each, -1 for none. rows: the distinct rows, asked
    for after the sequences. lengths: of the sequences.
    """

    def __init__(
        self, sequences: Iterable[tuple[Sequence[int], Sequence[int]]], rows: Iterable[Row],
        features: int,
    ) -> None:  # fmt: skip
        all_numbers, all_labels = array("i"), array("i")
        self.lengths = array("i")
        for numbers, labels in sequences:
            all_numbers.extend(numbers)
            all_labels.extend(labels)
            self.lengths.append(len(numbers))
        self._numbers, self._labels = np.asarray(all_numbers), np.asarray(all_labels)
        self._starts = np.append(0, np.cumsum(np.asarray(self.lengths, dtype=np.int64))).tolist()
        # The last row is empty: what shorter sequences of a batch are filled up with.
        nothing: Row = ([], [])
        kept = [*rows, nothing]
        self._matrix = Csr.of(kept, columns=features)
        self._nothing = len(kept) - 1

    def batch(self, chosen: Sequence["Piece"], embedding: FloatArray) -> "Batch":
        """Return pieces side by side, filled up to the longest."""
        length = max(piece.end - piece.begin for piece in chosen)
        rows = np.full((len(chosen), length), self._nothing, dtype=np.int64)
        labels = np.full((len(chosen), length), -1, dtype=np.int64)
        for place, piece in enumerate(chosen):
            start, own = self._starts[piece.sequence], piece.end - piece.begin
            rows[place, :own] = self._numbers[start + piece.begin : start + piece.end]
            judged = self._labels[start + piece.judged : start + piece.end]
            labels[place, piece.judged - piece.begin : own] = judged
        block = self._matrix.block(rows.reshape(-1))
        dense = block.dense()
        x = (dense @ embedding[block.columns]).reshape(*rows.shape, -1)
        return Batch(x, labels, block.columns, dense)


class Piece(msgspec.Struct, frozen=True):
    """Part of a sequence. judged: from where on its labels count; what is before is context."""

    sequence: int
    begin: int
    judged: int
    end: int


class Batch(msgspec.Struct, frozen=True):
    """x: (B, T, SIZE). labels: (B, T), -1 for none. columns: (used,). dense: (B * T, used)."""

    x: FloatArray
    labels: IntArray
    columns: IntArray
    dense: FloatArray
