"""The scores of a test as a table of text, as clients of 0.x know it.

Unlike the report in JSON it has a line for every label that was expected or predicted.

Source: spec evaluation.md section 1.2.
"""

from collections.abc import Iterator, Mapping, Sequence

from tertulia.evaluation.metrics import F1, PRECISION, RECALL, SUPPORT, Scores, measure

_COLUMNS = (PRECISION, RECALL, F1, SUPPORT)


def text_report(targets: Sequence[str], predictions: Sequence[str]) -> str:
    """Return a line for each label, and one for each average."""
    found = measure(targets, predictions, predicted_too=True)
    averages = {
        "micro avg": found.micro,
        "macro avg": found.macro,
        "weighted avg": found.weighted,
    }
    width = max(map(len, (*found.labels, *averages)))
    head = " " * (width + 1) + "".join(f" {name:>9}" for name in _COLUMNS)
    lines = [head, "", *_rows(found.labels, width), "", *_rows(averages, width)]
    return "".join(f"{line}\n" for line in lines)


def _rows(scores: Mapping[str, Scores], width: int) -> Iterator[str]:
    for name, one in scores.items():
        shares = "".join(f" {share:>9.2f}" for share in (one.precision, one.recall, one.f1))
        yield f"{name:>{width}} {shares} {one.support:>9}"
