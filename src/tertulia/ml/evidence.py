"""How clearly the examples decide what a row shows: honesty for a model that is always sure."""

import hashlib
from array import array
from collections.abc import Sequence
from typing import cast

import numpy as np

from tertulia.ml.parts import Array, Parts
from tertulia.ml.sparse import FloatArray, IntArray, Row

_AT_ONCE = 1 << 16
"""Numbers that wait to be counted, at least."""


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
        tally = Tally(max(labels, default=0) + 1)
        for row, indices, label in zip(rows, deciding, labels, strict=True):
            tally.add(row, indices, label)
        return tally.evidence(features)

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


class Tally:
    """Counts what examples show, without keeping them. labels: how many there are."""

    def __init__(self, labels: int) -> None:
        self._labels = labels
        self._pairs = _Counts()
        self._digests = array("q")
        self._targets = array("i")

    def add(self, row: Row, deciding: Sequence[int], label: int) -> None:
        """Count an example.

        deciding: features that may decide alone, -1 for the last one of all.
        """
        self._digests.append(_digest(row))
        self._targets.append(label)
        self._pairs.add([(feature + 1) * self._labels + label for feature in deciding])

    def evidence(self, features: int) -> Evidence:
        """Return the evidence of all examples. features: their number."""
        codes, times = self._pairs.all()
        groups, targets = codes // self._labels - 1, codes % self._labels
        groups[groups < 0] = features - 1
        leaders, leads = _leaders(groups, targets, times, features)
        distinct, owners = np.unique(np.asarray(self._digests, dtype=np.int64), return_inverse=True)
        labels = np.asarray(self._targets, dtype=np.int64)
        codes, times = np.unique(owners * self._labels + labels, return_counts=True)
        groups, targets = codes // self._labels, codes % self._labels
        _, row_leads = _leaders(groups, targets, times, len(distinct))
        return Evidence(leaders, leads, distinct, row_leads)


class _Counts:
    """How often numbers came. Many are counted at once, so that few lie in memory."""

    def __init__(self) -> None:
        self._waiting = array("q")
        self._codes: IntArray = np.empty(0, dtype=np.int64)
        self._times: IntArray = np.empty(0, dtype=np.int64)

    def add(self, codes: Sequence[int]) -> None:
        """Count each of the numbers once more."""
        self._waiting.extend(codes)
        if len(self._waiting) >= max(_AT_ONCE, len(self._codes)):
            self._count()

    def all(self) -> tuple[IntArray, IntArray]:
        """Return the numbers, ascending, and how often each came."""
        self._count()
        return self._codes, self._times

    def _count(self) -> None:
        codes, times = np.unique(np.asarray(self._waiting, dtype=np.int64), return_counts=True)
        merged, owners = np.unique(np.concatenate([self._codes, codes]), return_inverse=True)
        counts = np.zeros(len(merged), dtype=np.int64)
        np.add.at(counts, owners, np.concatenate([self._times, times]))
        self._codes, self._times = merged, counts
        self._waiting = array("q")


def _digest(row: Row) -> int:
    """Return a number for a row; the same in every process and on every machine."""
    indices, values = np.asarray(row[0], dtype="<i8"), np.asarray(row[1], dtype="<f4")
    order = np.argsort(indices, kind="stable")
    content = indices[order].tobytes() + values[order].tobytes()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)


def _leaders(
    groups: IntArray, labels: IntArray, times: IntArray, count: int
) -> tuple[IntArray, FloatArray]:
    """Return (count,) the most frequent label of each group, the lowest of equals, and its lead.

    groups, labels: (pairs,) each pair once. times: (pairs,) how often it came.
    """
    # Last of each group comes the label that counts most.
    order = np.lexsort((-labels, times, groups))
    group, label, times = groups[order], labels[order], times[order]
    last = np.flatnonzero(np.append(group[1:] != group[:-1], [True] * bool(len(group))))
    leaders = np.full(count, -1, dtype=np.int64)
    leaders[group[last]] = label[last]
    second = np.where((last > 0) & (group[last - 1] == group[last]), times[last - 1], 0)
    leads = np.zeros(count, dtype=np.float32)
    leads[group[last]] = 1.0 - np.square(second / times[last])
    return cast(IntArray, leaders), cast(FloatArray, leads)
