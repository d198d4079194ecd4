"""Networks that answer together: one on everything known of an example, one on its vectors alone.

The second knows more of texts with new words, the first more of those with known ones.
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from tertulia.ml.network import Network, Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import FloatArray, Row
from tertulia.ml.told import Told, part_of, unheard

_PREFIX = "vectors."
_TINY = np.float32(1e-9)
# Numbers of a vector share what they know; little of it can be left out.
_INPUT_DROPOUT, _DROPOUT = 0.1, 0.3


class Committee:
    """One network, or two whose log probabilities are averaged. Immutable after training.

    width: how many entries at the end of each row are its vectors; 0: there is only one network.
    """

    def __init__(self, whole: Network, vectors: Network | None, *, offset: int) -> None:
        self._whole = whole
        self._vectors = vectors
        self._offset = offset

    @classmethod
    def train(
        cls,
        rows: Sequence[Row],
        labels: Sequence[int],
        *,
        classes: int,
        features: int,
        width: int,
        schedule: Schedule,
        told: Told = unheard,
    ) -> "Committee":
        """Fit all networks; see `Network.train`. Every row ends with its `width` entries."""
        whole = Network.train(
            rows,
            labels,
            classes=classes,
            features=features,
            schedule=schedule,
            told=part_of(told, 0.0, 0.5) if width else told,
        )
        vectors = None
        if width:
            vectors = Network.train(
                [_tail(row, features - width) for row in rows],
                labels,
                classes=classes,
                features=width,
                schedule=replace(schedule, input_dropout=_INPUT_DROPOUT, dropout=_DROPOUT),
                told=part_of(told, 0.5, 1.0),
            )
        return cls(whole, vectors, offset=features - width)

    def logits(self, indices: Sequence[int], values: Sequence[float]) -> FloatArray:
        """Return (classes,) logits of one row."""
        whole = self._whole.logits(indices, values)
        if self._vectors is None:
            return whole
        vectors = self._vectors.logits(*_tail((indices, values), self._offset))
        return (_log(whole) + _log(vectors)) / np.float32(2)

    def all_logits(self, rows: Sequence[Row]) -> FloatArray:
        """Return (rows, classes) logits."""
        out = np.empty((len(rows), self._whole.classes), dtype=np.float32)
        for number, row in enumerate(rows):
            out[number] = self.logits(*row)
        return out

    def parts(self) -> Parts:
        """Return the arrays of all networks."""
        arrays = dict(self._whole.parts().arrays)
        if self._vectors is not None:
            own = self._vectors.parts().arrays
            arrays |= {_PREFIX + name: array for name, array in own.items()}
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts, *, offset: int) -> "Committee":
        """Return the committee that `parts` came from. offset: where the vectors begin.

        Raises:
            ValueError: the arrays do not fit together.
        """
        own = {
            name.removeprefix(_PREFIX): array
            for name, array in parts.arrays.items()
            if name.startswith(_PREFIX)
        }
        vectors = Network.from_parts(Parts(arrays=own)) if own else None
        return cls(Network.from_parts(parts), vectors, offset=offset)


def _tail(row: Row, offset: int) -> Row:
    kept = [at for at, index in enumerate(row[0]) if index >= offset]
    return [row[0][at] - offset for at in kept], [row[1][at] for at in kept]


def _log(logits: FloatArray) -> FloatArray:
    return np.log(softmax(logits) + _TINY)
