"""Pictures as values: what is to be seen, not how it is drawn. No drawing library here."""

from collections.abc import Sequence

import msgspec


class ConfusionMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """counts: a row for each expected, a column for each predicted label."""

    title: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How sure right and wrong predictions were. right, wrong: confidences in [0, 1]."""

    title: str
    right: Sequence[float]
    wrong: Sequence[float]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a comparison. means, deviations: a value for each place on the x axis."""

    name: str
    means: Sequence[float]
    deviations: Sequence[float]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Several curves over the same places. places: amounts of training data, growing."""

    title: str
    x_label: str
    y_label: str
    places: Sequence[float]
    curves: Sequence[Curve]


Chart = ConfusionMatrix | Histogram | Comparison

BINS = 20


def binned(confidences: Sequence[float]) -> list[int]:
    """Return how many confidences fall in each of BINS equal parts of [0, 1], lowest first."""
    counts = [0] * BINS
    for confidence in confidences:
        counts[min(BINS - 1, max(0, int(confidence * BINS)))] += 1
    return counts


MOST_LABELS = 45
"""Labels that a matrix can show and still be read."""


def readable(matrix: ConfusionMatrix) -> ConfusionMatrix:
    """Return the matrix itself, or of a large one the labels that are confused most."""
    if len(matrix.labels) <= MOST_LABELS:
        return matrix
    size = range(len(matrix.labels))
    wrong = [sum(matrix.counts[i]) + sum(row[i] for row in matrix.counts) for i in size]
    mistakes = [wrong[i] - 2 * matrix.counts[i][i] for i in size]
    kept = sorted(sorted(size, key=lambda i: -mistakes[i])[:MOST_LABELS])
    return ConfusionMatrix(
        title=f"{matrix.title} ({MOST_LABELS} of {len(matrix.labels)} labels: the most confused)",
        labels=[matrix.labels[i] for i in kept],
        counts=[[matrix.counts[i][j] for j in kept] for i in kept],
    )
