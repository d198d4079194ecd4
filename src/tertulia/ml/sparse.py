"""Rows that are mostly zero: built from Python lists, cut into small dense blocks for the BLAS."""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Row = tuple[Sequence[int], Sequence[float]]


class Csr:
    """Compressed sparse rows: row r owns entries `starts[r]:starts[r + 1]`.

    starts: (rows + 1,) int64. indices: (entries,) int64, below `columns`.
    values: (entries,) float32. An index may repeat within a row; its values add up.
    """

    def __init__(
        self, starts: IntArray, indices: IntArray, values: FloatArray, *, columns: int
    ) -> None:
        self.starts = starts
        self.indices = indices
        self.values = values
        self.columns = columns

    @classmethod
    def of(cls, rows: Iterable[Row], *, columns: int) -> "Csr":
        """Build from pairs (indices, values); entries at `columns` and above are refused.

        Raises:
            ValueError: an index is outside, or a row's two lists differ in length.
        """
        kept = list(rows)
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
        counts = np.bincount(used, minlength=1)
        several = counts[used] > 1
        shared: IntArray = np.flatnonzero(counts > 1)
        alone: IntArray = np.flatnonzero(~several)
        values = self.values[entries]
        if drop and rng is not None:
            shared = shared[rng.random(len(shared), dtype=np.float32) >= drop]
            alone = alone[rng.random(len(alone), dtype=np.float32) >= drop]
            values = values * np.float32(1.0 / (1.0 - drop))
        place = np.full(len(counts), -1, dtype=np.int64)
        place[shared] = np.arange(len(shared))
        local = place[used]
        kept = local >= 0
        dense: FloatArray = np.zeros((len(rows), len(shared)), dtype=np.float32)
        dense[owners[kept], local[kept]] = values[kept]
        columns = np.concatenate([shared, used[alone]])
        return Sample(columns, dense, owners[alone], values[alone])

    def block(self, rows: IntArray) -> "Block":
        """Return the chosen rows as a dense block over the columns that they use."""
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
        self._values = values[:, None]
        self._starts: IntArray = np.flatnonzero(np.diff(owners, prepend=-1))

    def times(self, weights: FloatArray) -> FloatArray:
        """Return (rows, n) the rows times (used, n) weights of the columns."""
        shared = self._dense.shape[1]
        sums: FloatArray = self._dense @ weights[:shared]
        if len(self._owners):
            own = weights[shared:] * self._values
            sums[self._owners[self._starts]] += np.add.reduceat(own, self._starts, axis=0)
        return sums

    def back(self, error: FloatArray) -> FloatArray:
        """Return (used, n) the transposed rows times (rows, n): the gradient of the weights."""
        shared = self._dense.shape[1]
        gradient = np.empty((len(self.columns), error.shape[1]), dtype=np.float32)
        np.matmul(self._dense.T, error, out=gradient[:shared])
        np.multiply(error[self._owners], self._values, out=gradient[shared:])
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


def times(row: Row, weights: FloatArray) -> FloatArray:
    """Return (n,) the row times (columns, n) weights; there must be entries.

    Columns one after the other at the end, which is how vectors stand there, are not gathered.
    """
    at = np.asarray(row[0], dtype=np.int64)
    values = np.asarray(row[1], dtype=np.float32)
    jumps: IntArray = np.flatnonzero(np.diff(at) != 1)
    begin = int(jumps[-1]) + 1 if len(jumps) else 0
    sums: FloatArray = values[begin:] @ weights[at[begin] : at[-1] + 1]
    if begin:
        sums += values[:begin] @ weights[at[:begin]]
    return sums
