"""Rows that are mostly zero: built from Python lists, cut into small dense blocks for the BLAS."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple, cast

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tertulia.ml.parts import Array

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Row = tuple[Sequence[int], Sequence[float]]
_AT_ONCE = 512
"""Rows whose vectors are entries at the same time, which takes three times their room."""


class Csr:
    """Compressed sparse rows: row r owns entries `starts[r]:starts[r + 1]`.

    starts: (rows + 1,) int64. indices: (entries,) int64, below `columns`.
    values: (entries,) float32. An index may repeat within a row; its values add up.
    vectors: (rows, n) float32, the last n of the columns, which are not among the entries.
    """

    def __init__(
        self,
        starts: IntArray,
        indices: IntArray,
        values: FloatArray,
        *,
        columns: int,
        vectors: FloatArray | None = None,
    ) -> None:
        nothing = np.empty((len(starts) - 1, 0), dtype=np.float32)
        self.starts = starts
        self.indices = indices
        self.values = values
        self.columns = columns
        self.vectors: FloatArray = nothing if vectors is None else vectors

    @classmethod
    def of(cls, rows: Iterable[Row], *, columns: int, dense: int = 0) -> "Csr":
        """Build from pairs (indices, values); entries at `columns` and above are refused.

        dense: how many of the last columns hold numbers of vectors, which most rows have all.

        Raises:
            ValueError: an index is outside, or a row's two lists differ in length.
        """
        kept = list(rows)
        if not dense:
            return cls._flat(kept, columns)
        cuts = range(0, max(1, len(kept)), _AT_ONCE)
        parts = [cls._flat(kept[cut : cut + _AT_ONCE], columns)._parted(dense) for cut in cuts]
        lengths = np.concatenate([np.diff(part.starts) for part in parts])
        return cls(
            np.concatenate([[0], np.cumsum(lengths)]),
            np.concatenate([part.indices for part in parts]),
            np.concatenate([part.values for part in parts]),
            columns=columns,
            vectors=np.concatenate([part.vectors for part in parts]),
        )

    @classmethod
    def _flat(cls, kept: Sequence[Row], columns: int) -> "Csr":
        """Build with all columns as entries."""
        starts = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum([len(indices) for indices, _ in kept], out=starts[1:])
        total = int(starts[-1])
        if total != sum(len(values) for _, values in kept):
            raise ValueError("indices and values of a row differ in length")
        flat = np.fromiter(chain.from_iterable(i for i, _ in kept), dtype=np.int64, count=total)
        values = np.fromiter(chain.from_iterable(v for _, v in kept), dtype=np.float32, count=total)
        if total and (int(flat.min()) < 0 or int(flat.max()) >= columns):
            raise ValueError(f"a feature index is outside 0..{columns - 1}")
        return cls(starts, flat, values, columns=columns)

    def _parted(self, dense: int) -> "Csr":
        """Return the same rows with the last columns, so many, as vectors."""
        begin = self.columns - dense
        owners = np.repeat(np.arange(len(self)), np.diff(self.starts))
        vectors = np.zeros((len(self), dense), dtype=np.float32)
        inside: IntArray = np.flatnonzero(self.indices >= begin)
        vectors[owners[inside], self.indices[inside] - begin] = self.values[inside]
        before = self._of(self.indices < begin, self.columns)
        return Csr(
            before.starts, before.indices, before.values, columns=self.columns, vectors=vectors
        )

    def _of(self, chosen: NDArray[np.bool_], columns: int) -> "Csr":
        """Return chosen entries, without vectors. chosen: (entries,)."""
        counted = np.concatenate([[0], np.cumsum(chosen)])
        return Csr(counted[self.starts], self.indices[chosen], self.values[chosen], columns=columns)

    def behind(self, begin: int) -> "Csr":
        """Return the columns from `begin` on, numbered anew."""
        width = min(self.vectors.shape[1], self.columns - begin)
        kept = self._of(self.indices >= begin, self.columns - begin)
        vectors = self.vectors[:, self.vectors.shape[1] - width :]
        return Csr(
            kept.starts, kept.indices - begin, kept.values, columns=kept.columns, vectors=vectors
        )

    def arrays(self) -> dict[str, Array]:
        """Return all that there is but the number of columns."""
        return {
            "starts": self.starts,
            "indices": self.indices,
            "values": self.values,
            "vectors": self.vectors,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], *, columns: int) -> "Csr":
        """Return the matrix that `arrays` came from."""
        starts, indices, values, vectors = (
            arrays[name] for name in ("starts", "indices", "values", "vectors")
        )
        return cls(starts, indices, values, columns=columns, vectors=vectors)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.starts) - 1

    def entries(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return, for each entry of the chosen rows, which of them it is in, and its place."""
        begins, ends = self.starts[rows], self.starts[rows + 1]
        lengths = ends - begins
        owners = np.repeat(np.arange(len(rows), dtype=np.int64), lengths)
        shift = np.repeat(begins - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        return owners, np.arange(len(owners), dtype=np.int64) + shift

    def sample(self, rows: IntArray, drop: float = 0.0, rng: Generator | None = None) -> "Sample":
        """Return the chosen rows over the columns that they use; an index occurs once in a row.

        drop: share of columns left out by chance, for which the others make up; needs `rng`.
        """
        owners, entries = self.entries(rows)
        used = self.indices[entries]
        values = self.values[entries]
        counts = np.bincount(used, minlength=1)
        alone: IntArray = np.flatnonzero(counts[used] == 1)
        shared: IntArray = np.flatnonzero(counts > 1)
        width = int(self.vectors.shape[1])
        numbers = np.arange(width, dtype=np.int64)
        scale = np.float32(1.0)
        if drop and rng is not None:
            scale = np.float32(1.0 / (1.0 - drop))
            some: NDArray[np.bool_] = rng.random(len(shared) + width, dtype=np.float32) >= drop
            shared, numbers = shared[some[: len(shared)]], numbers[some[len(shared) :]]
            alone = alone[rng.random(len(alone), dtype=np.float32) >= drop]
            values *= scale
        place = np.full(len(counts), -1, dtype=np.int64)
        place[shared] = np.arange(len(shared))
        local = place[used]
        inside: IntArray = np.flatnonzero(local >= 0)
        dense: FloatArray = np.zeros((len(rows), len(shared) + len(numbers)), dtype=np.float32)
        dense[owners[inside], local[inside]] = values[inside]
        if width:
            dense[:, len(shared) :] = self.vectors[rows[:, None], numbers] * scale
        numbers += self.columns - width
        columns = np.concatenate([shared, numbers, used[alone]])
        return Sample(columns, dense, owners[alone], values[alone])

    def block(self, rows: IntArray) -> "Block":
        """Return the chosen rows, without vectors, as a dense block over the columns they use."""
        owners, entries = self.entries(rows)
        columns, local = np.unique(self.indices[entries], return_inverse=True)
        return Block(len(rows), columns, owners * len(columns) + local, self.values[entries])


class Sample:
    """A few rows over the columns that they use: dense where rows share a column, else one by one.

    Most columns of a batch are in one of its rows only; a product with them is a sum of rows.

    columns: (used,) the columns of the whole matrix, shared ones first.
    """

    def __init__(
        self, columns: IntArray, dense: FloatArray, owners: IntArray, values: FloatArray
    ) -> None:
        """Take dense: (rows, shared), and of the other columns, by rows, owner and value."""
        self.columns = columns
        self._dense = dense
        self._owners = owners
        self._values = values
        # Where each row's own columns begin and end.
        self._cuts: IntArray = np.flatnonzero(np.diff(owners, prepend=-1, append=-1))

    def times(self, weights: FloatArray) -> FloatArray:
        """Return (rows, n) the rows times (used, n) weights of the columns."""
        shared = self._dense.shape[1]
        sums: FloatArray = self._dense @ weights[:shared]
        if len(self._owners):
            own, values = weights[shared:], self._values
            found: FloatArray = np.empty((len(self._cuts) - 1, sums.shape[1]), dtype=np.float32)
            cuts = cast(list[int], self._cuts.tolist())
            for at, (begin, end) in enumerate(pairwise(cuts)):
                np.dot(values[begin:end], own[begin:end], out=found[at])
            sums[self._owners[self._cuts[:-1]]] += found
        return sums

    def back(self, error: FloatArray) -> FloatArray:
        """Return (used, n) the transposed rows times (rows, n): the gradient of the weights."""
        shared = self._dense.shape[1]
        gradient = np.empty((len(self.columns), error.shape[1]), dtype=np.float32)
        np.matmul(self._dense.T, error, out=gradient[:shared])
        own = gradient[shared:]
        # Clipping spares the check of every place, and a copy with it; all are inside.
        np.take(error, self._owners, axis=0, out=own, mode="clip")
        own *= self._values[:, None]
        return gradient


class Block:
    """A few rows restricted to the columns that they use; dense on demand.

    columns: (used,) the columns of the whole matrix, ascending.
    """

    def __init__(self, rows: int, columns: IntArray, cells: IntArray, values: FloatArray) -> None:
        self.rows = rows
        self.columns = columns
        self._cells = cells
        self._values = values
        self._dense: FloatArray | None = None

    @property
    def size(self) -> int:
        """Number of cells of the dense form."""
        return self.rows * len(self.columns)

    def dense(self, *, keep: bool = False) -> FloatArray:
        """Return the rows as (rows, used) float32; keep: remember it for the next call."""
        if self._dense is not None:
            return self._dense
        flat = np.bincount(self._cells, weights=self._values, minlength=self.size)
        dense: FloatArray = flat.astype(np.float32).reshape(self.rows, len(self.columns))
        if keep:
            self._dense = dense
        return dense


class Entries(NamedTuple):
    """One row as arrays, for products with several matrices.

    Columns one after the other at the end, which is how vectors stand there, are not gathered.

    at: (entries,) columns. values: (entries,). run: the place of the first of those at the end;
    the number of entries where none are known to be.
    """

    at: IntArray
    values: FloatArray
    run: int

    @classmethod
    def of(cls, indices: Sequence[int], values: Sequence[float]) -> "Entries":
        """Return the entries of a row."""
        at = np.asarray(indices, dtype=np.int64)
        jumps: IntArray = (at[1:] - at[:-1] != 1).nonzero()[0]
        run = int(jumps[-1]) + 1 if len(jumps) else 0
        return cls(at, np.asarray(values, dtype=np.float32), run)

    @classmethod
    def loose(cls, at: IntArray, values: NDArray[np.floating]) -> "Entries":
        """Return the entries of a row, or of a part of one, that ends without a vector."""
        return cls(at, values.astype(np.float32), len(at))

    def behind(self, begin: int) -> "Entries":
        """Return the entries from column `begin` on, which stand at the end, numbered anew."""
        # Not sorted, but all below `begin` stand before all others, which is enough to bisect.
        cut = bisect_left(self.at, begin)
        return Entries(self.at[cut:] - begin, self.values[cut:], max(0, self.run - cut))

    def times(self, weights: FloatArray) -> FloatArray:
        """Return (n,) the row times (columns, n) weights."""
        at, values, run = self
        sums: FloatArray = values[:run] @ weights.take(at[:run], axis=0)
        if run < len(at):
            sums += values[run:] @ weights[at[run] : at[-1] + 1]
        return sums
