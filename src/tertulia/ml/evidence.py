"""How clearly the examples decide what a row shows: honesty for a model that is always sure."""

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import cast

import numpy as np

from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import FloatArray, IntArray, Row


class Evidence:
    """Remembers what followed each feature and each whole row in the examples.

    The lead of a set of examples tells how clear their most frequent label is: one minus the
    square of the second label's share of the first one's. 1: always the same; 0: a coin flip.

    leaders: (features,) the most frequent label of the examples with the feature, -1 for none.
    leads: (features,) float32. rows: (distinct rows,) int64 digests, ascending.
    row_leads: (distinct rows,) float32. Immutable.
    """

    def __init__(
        self, leaders: IntArray, leads: FloatArray, rows: IntArray, row_leads: FloatArray
    ) -> None:
        self._leaders = leaders
        self._leads = leads
        self._rows = rows
        self._row_leads = row_leads

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        deciding: Sequence[Sequence[int]],
        labels: Sequence[int],
        *,
        features: int,
    ) -> "Evidence":
        """Return the evidence of examples.

        Args:
            rows: the examples, each a pair (feature indices, values).
            deciding: per example the features that may decide alone, each below `features`.
            labels: per example its label, 0-based.
            features: number of features.
        """
        lengths = [len(indices) for indices in deciding]
        having = np.fromiter(chain.from_iterable(deciding), dtype=np.int64, count=sum(lengths))
        targets = np.asarray(labels, dtype=np.int64)
        leaders, leads = _leaders(having, np.repeat(targets, lengths), features)
        distinct, groups = np.unique(
            np.asarray([_digest(row) for row in rows], dtype=np.int64), return_inverse=True
        )
        _, row_leads = _leaders(groups, targets, len(distinct))
        return cls(leaders, leads, distinct, row_leads)

    def grown(self, place: int, features: int) -> "Evidence":
        """Return the evidence with features inserted at `place`, of which nothing is known.

        features: number of those before `place` afterwards.
        """
        more = features - place
        leaders = np.insert(self._leaders, place, np.full(more, -1, dtype=np.int64))
        leads = np.insert(self._leads, place, np.zeros(more, dtype=np.float32))
        return Evidence(leaders, leads, self._rows, self._row_leads)

    def believing(self, rows: Sequence[Row]) -> "Evidence":
        """Return the evidence with a lead of one for these very rows."""
        digests = np.asarray([_digest(row) for row in rows], dtype=np.int64)
        kept = ~np.isin(self._rows, digests)
        merged = np.concatenate([self._rows[kept], np.unique(digests)])
        sure = np.ones(len(merged) - int(kept.sum()), dtype=np.float32)
        leads = np.concatenate([self._row_leads[kept], sure])
        order = np.argsort(merged, kind="stable")
        return Evidence(self._leaders, self._leads, merged[order], leads[order])

    @property
    def features(self) -> int:
        """Number of features known."""
        return len(self._leaders)

    def of_row(self, row: Row) -> float | None:
        """Return the lead in the examples with exactly this row, None when there are none."""
        digest = _digest(row)
        place = int(np.searchsorted(self._rows, digest))
        if place == len(self._rows) or int(self._rows[place]) != digest:
            return None
        return float(self._row_leads[place])

    def of_features(self, indices: Sequence[int], label: int) -> float:
        """Return the clearest lead that the label has among the features; 0 when nowhere."""
        chosen = np.asarray(indices, dtype=np.int64)
        own = self._leads[chosen[self._leaders[chosen] == label]]
        return float(own.max(initial=0.0))

    def parts(self) -> Parts:
        """Return the evidence as arrays."""
        arrays: dict[str, Array] = {
            "leaders": self._leaders,
            "leads": self._leads,
            "rows": self._rows,
            "row_leads": self._row_leads,
        }
        return Parts(arrays=arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> "Evidence":
        """Return the evidence that `parts` came from.

        Raises:
            ValueError: the arrays do not fit together.
        """
        leaders = np.asarray(parts.array("leaders"), dtype=np.int64)
        leads = np.asarray(parts.array("leads"), dtype=np.float32)
        rows = np.asarray(parts.array("rows"), dtype=np.int64)
        row_leads = np.asarray(parts.array("row_leads"), dtype=np.float32)
        fits = leaders.ndim == rows.ndim == 1
        if not fits or leads.shape != leaders.shape or row_leads.shape != rows.shape:
            raise ValueError("the arrays of a model's evidence do not fit together")
        return cls(leaders, leads, rows, row_leads)


def _digest(row: Row) -> int:
    """Return a number for a row; the same in every process and on every machine."""
    indices, values = np.asarray(row[0], dtype="<i8"), np.asarray(row[1], dtype="<f4")
    order = np.argsort(indices, kind="stable")
    content = indices[order].tobytes() + values[order].tobytes()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)


def _leaders(groups: IntArray, labels: IntArray, count: int) -> tuple[IntArray, FloatArray]:
    """Return (count,) the most frequent label of each group, the lowest of equals, and its lead."""
    pairs, times = np.unique(np.stack([groups, labels]), axis=1, return_counts=True)
    # Last of each group comes the label that counts most.
    order = np.lexsort((-pairs[1], times, pairs[0]))
    group, label, times = pairs[0][order], pairs[1][order], times[order]
    last = np.flatnonzero(np.append(group[1:] != group[:-1], [True] * bool(len(group))))
    leaders = np.full(count, -1, dtype=np.int64)
    leaders[group[last]] = label[last]
    second = np.where((last > 0) & (group[last - 1] == group[last]), times[last - 1], 0)
    leads = np.zeros(count, dtype=np.float32)
    leads[group[last]] = 1.0 - np.square(second / times[last])
    return cast(IntArray, leaders), cast(FloatArray, leads)
