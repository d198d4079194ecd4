"""Precision, recall and F1 per label and altogether. Pure; values in [0, 1].

Rule: labels are those that were expected. What is only ever predicted counts as a mistake of the
label it was predicted for, and has no line of its own unless that is asked for. A label that is
left out of the scores still counts in the accuracy.

Source: spec evaluation.md section 1.2.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

Json = Any

PRECISION, RECALL, F1, SUPPORT = "precision", "recall", "f1-score", "support"


class Scores(msgspec.Struct, frozen=True):
    """Of one label or an average. support: how often the label was expected."""

    precision: float
    recall: float
    f1: float
    support: int

    def as_dict(self) -> dict[str, float]:
        """Return the wire form."""
        return {
            PRECISION: self.precision,
            RECALL: self.recall,
            F1: self.f1,
            SUPPORT: self.support,
        }


class Metrics(msgspec.Struct, frozen=True):
    """labels: in alphabetical order. accuracy: share of right predictions."""

    labels: dict[str, Scores]
    accuracy: float
    micro: Scores
    macro: Scores
    weighted: Scores

    def report(self) -> dict[str, Json]:
        """Return one entry a label, and the averages; nothing of nothing, as the originals do."""
        if not self.labels:
            return {}
        return {
            **{label: scores.as_dict() for label, scores in self.labels.items()},
            "accuracy": self.accuracy,
            "micro avg": self.micro.as_dict(),
            "macro avg": self.macro.as_dict(),
            "weighted avg": self.weighted.as_dict(),
        }


def measure(
    targets: Sequence[str],
    predictions: Sequence[str],
    *,
    without: str | None = None,
    predicted_too: bool = False,
) -> Metrics:
    """Return how well predictions fit targets; everything is 0 when there are none.

    without: a label that has no scores, such as that of words that are no entity. predicted_too:
    what is only ever predicted is a label as well.
    """
    pairs = list(zip(targets, predictions, strict=True))
    expected, predicted = Counter(targets), Counter(predictions)
    right = Counter(target for target, guess in pairs if target == guess)
    labels = {
        label: _scores(right[label], predicted[label], expected[label])
        for label in sorted(expected | predicted if predicted_too else expected)
        if label != without
    }
    hits = sum(right[label] for label in labels)
    guesses = sum(predicted[label] for label in labels)
    wanted = sum(one.support for one in labels.values())
    return Metrics(
        labels=labels,
        accuracy=_share(sum(right.values()), len(pairs)),
        micro=_scores(hits, guesses, wanted),
        macro=_average(list(labels.values()), [1] * len(labels)),
        weighted=_average(list(labels.values()), [one.support for one in labels.values()]),
    )


def _scores(right: int, predicted: int, expected: int) -> Scores:
    precision, recall = _share(right, predicted), _share(right, expected)
    # From the counts, not from the rounded shares: 2pr/(p+r) = 2·right/(predicted+expected).
    return Scores(precision, recall, _share(2 * right, predicted + expected), expected)


def _average(scores: Sequence[Scores], weights: Sequence[int]) -> Scores:
    total = sum(weights)
    weighed = list(zip(scores, weights, strict=True))
    return Scores(
        _share(sum(one.precision * weight for one, weight in weighed), total),
        _share(sum(one.recall * weight for one, weight in weighed), total),
        _share(sum(one.f1 * weight for one, weight in weighed), total),
        sum(one.support for one in scores),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def confused_with(
    targets: Sequence[str], predictions: Sequence[str], *, at_most: int = 3
) -> dict[str, dict[str, int]]:
    """Return for each expected label what it was most often taken for, and how often."""
    found: dict[str, Counter[str]] = {label: Counter() for label in targets}
    for target, guess in zip(targets, predictions, strict=True):
        if target != guess:
            found[target][guess] += 1
    return {label: dict(wrong.most_common(at_most)) for label, wrong in found.items()}


def report_with_confusions(
    targets: Sequence[str], predictions: Sequence[str], *, without: str | None = None
) -> dict[str, Json]:
    """Return the report, each label with what it was most often taken for (`confused_with`)."""
    report = measure(targets, predictions, without=without).report()
    for label, wrong in confused_with(targets, predictions).items():
        if label != without:
            report[label] = {**report[label], "confused_with": wrong}
    return report


def confusions(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, Json]:
    """Return `labels` and `matrix`: a row for each expected, a column for each predicted label."""
    labels = sorted({*targets, *predictions})
    counts = Counter(zip(targets, predictions, strict=True))
    return {
        "labels": labels,
        "matrix": [[counts[row, column] for column in labels] for row in labels],
    }
