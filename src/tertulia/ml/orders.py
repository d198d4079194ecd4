"""What another process may be asked to fit, as data: an order in JSON, and arrays."""

from collections.abc import Mapping
from typing import NamedTuple, cast

import msgspec

from tertulia.ml.margins import Margins, Practice
from tertulia.ml.network import Schedule
from tertulia.ml.parts import Array, Parts
from tertulia.ml.safetensors import read_arrays, write_arrays
from tertulia.ml.sparse import Csr, IntArray
from tertulia.ml.tagged import Corpus
from tertulia.ml.tagger import Allowed
from tertulia.ml.tagger_training import train_tagger
from tertulia.ml.told import Told, unheard

_PREFIX = 8
_LABELS = "labels"


class MarginsOrder(msgspec.Struct, frozen=True, kw_only=True, tag="margins"):
    """Fit margins, see `Margins.train`. columns: of the matrix."""

    classes: int
    columns: int
    practice: Practice


class ChainOrder(msgspec.Struct, frozen=True, kw_only=True, tag="chain"):
    """Fit a tagger, see `train_tagger`. features: columns of the matrix of tokens."""

    count: int
    features: int
    allowed: Allowed
    schedule: Schedule


class Task(NamedTuple):
    """An order and what to learn from."""

    order: MarginsOrder | ChainOrder
    arrays: Mapping[str, Array]

    @classmethod
    def margins(cls, matrix: Csr, labels: IntArray, classes: int, practice: Practice) -> "Task":
        """Return the task to fit margins."""
        order = MarginsOrder(classes=classes, columns=matrix.columns, practice=practice)
        return cls(order, {**matrix.arrays(), _LABELS: labels})

    @classmethod
    def chain(cls, corpus: Corpus, count: int, allowed: Allowed, schedule: Schedule) -> "Task":
        """Return the task to fit a tagger."""
        features = corpus.matrix.columns
        order = ChainOrder(count=count, features=features, allowed=allowed, schedule=schedule)
        return cls(order, corpus.arrays())

    def fitted(self, told: Told = unheard) -> Parts:
        """Return the model, fitted in this process."""
        order = self.order
        if isinstance(order, MarginsOrder):
            matrix = Csr.from_arrays(self.arrays, columns=order.columns)
            labels = cast(list[int], self.arrays[_LABELS].tolist())
            return Margins.train(
                matrix, labels, classes=order.classes, practice=order.practice, told=told
            ).parts()
        corpus = Corpus.from_arrays(self.arrays, features=order.features)
        return train_tagger(
            corpus, count=order.count, allowed=order.allowed, schedule=order.schedule, told=told
        ).parts()

    def packed(self) -> bytes:
        """Return the task as bytes: the length of the order, the order, the arrays."""
        order = msgspec.json.encode(self.order)
        return b"".join([len(order).to_bytes(_PREFIX, "little"), order, write_arrays(self.arrays)])

    @classmethod
    def unpacked(cls, data: bytes) -> "Task":
        """Return the task that `data` came from.

        Raises:
            ModelError, msgspec.MsgspecError: the bytes are no task.
        """
        end = _PREFIX + int.from_bytes(data[:_PREFIX], "little")
        order = msgspec.json.decode(data[_PREFIX:end], type=MarginsOrder | ChainOrder)
        return cls(order, read_arrays(data[end:]))
