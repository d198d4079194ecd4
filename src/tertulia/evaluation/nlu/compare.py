"""Compares configurations on the same data, with all of it and with less.

Source: spec evaluation.md section 2.5.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, pstdev

import msgspec
from msgspec.structs import replace

from tertulia.data.nlu import Example, NluData
from tertulia.evaluation.charts import Comparison, Curve
from tertulia.evaluation.nlu.folds import Progress, Trainer, by_label
from tertulia.evaluation.nlu.report import INTENT, Part, parts_of
from tertulia.evaluation.nlu.run import evaluate_nlu

LEAST_EXAMPLES = 5
"""Test examples of an intent below which it is left out of a comparison."""


class ComparedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One trained configuration. run: from 1. percentage: how much training data was kept out."""

    name: str
    run: int
    percentage: int
    examples: int
    parts: Sequence[Part]

    @property
    def f1(self) -> float:
        """The weighted F1 of the intents, 0 when there are none."""
        return next((part.metrics.weighted.f1 for part in self.parts if part.name == INTENT), 0.0)


class NluComparison(msgspec.Struct, frozen=True, kw_only=True):
    """All models of a comparison. percentages: in the order in which they were tried."""

    models: Sequence[ComparedModel]
    percentages: Sequence[int]

    @property
    def names(self) -> list[str]:
        """The configurations."""
        return list(dict.fromkeys(one.name for one in self.models))

    def results(self) -> dict[str, list[list[float]]]:
        """Return the content of results.json: per configuration and run, F1 per percentage."""
        found: dict[str, dict[int, list[float]]] = {name: {} for name in self.names}
        for one in self.models:
            found[one.name].setdefault(one.run, []).append(one.f1)
        return {name: list(runs.values()) for name, runs in found.items()}

    def chart(self) -> Comparison:
        """Return the curves: F1 over the number of training examples, averaged over runs."""
        return comparison_chart(
            self.results(),
            {one.percentage: one.examples for one in self.models},
            self.percentages,
            title="Comparison of NLU configurations",
            labels=("Examples in training", "F1 of intents (weighted)"),
        )


def compare_nlu(
    configurations: Mapping[str, Trainer],
    data: NluData,
    *,
    runs: int = 3,
    percentages: Sequence[int] = (0, 25, 50, 75),
    seed: int = 42,
    progress: Progress | None = None,
) -> NluComparison:
    """Return how well each configuration learns, the same for the same seed.

    In each run 80 % of the examples are for training, of which percentages are kept out. Intents
    with few test examples are left out, unless that would leave nothing to test.
    """
    tell = progress or _ignore
    total = runs * len(percentages) * len(configurations)
    models: list[ComparedModel] = []
    for run, percentage, kept, test in _rounds(data.examples, runs, percentages, seed):
        for name, trainer in configurations.items():
            tell(f"run {run}, {percentage} % kept out, {name}", len(models) / total)
            pipeline = trainer(replace(data, examples=tuple(kept)))
            models.append(
                ComparedModel(
                    name=name,
                    run=run,
                    percentage=percentage,
                    examples=len(kept),
                    parts=parts_of(evaluate_nlu(pipeline, test)),
                )
            )
    tell("", 1.0)
    return NluComparison(models=models, percentages=tuple(percentages))


def _rounds(
    examples: Sequence[Example], runs: int, percentages: Sequence[int], seed: int
) -> Iterator[tuple[int, int, list[Example], list[Example]]]:
    """Yield the run, the percentage that is kept out, and what to train and to test with."""
    for run in range(1, runs + 1):
        train, test = split(examples, 0.8, seed + run)
        test = _frequent(test) or test
        for percentage in percentages:
            kept, _ = split(train, 1 - percentage / 100, seed + run)
            yield run, percentage, kept, test


def split(
    examples: Sequence[Example], fraction: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """Return two parts with the same share of each label, both in the order of the examples.

    fraction: of the first part. A label with two examples or more is in both parts.
    """
    first: set[int] = set()
    for label, own in by_label(examples).items():
        shuffled = [id(one) for one in own]
        random.Random(f"{seed}:{label}").shuffle(shuffled)  # noqa: S311 - deals examples
        count = int(len(own) * fraction + 1e-9)
        if fraction < 1:
            count = max(1, min(count, len(own) - 1))
        first.update(shuffled[:count])
    return (
        [one for one in examples if id(one) in first],
        [one for one in examples if id(one) not in first],
    )


def _frequent(test: Sequence[Example]) -> list[Example]:
    return [one for own in by_label(test).values() if len(own) >= LEAST_EXAMPLES for one in own]


def comparison_chart(
    results: Mapping[str, Sequence[Sequence[float]]],
    amounts: Mapping[int, int],
    percentages: Sequence[int],
    *,
    title: str,
    labels: tuple[str, str],
) -> Comparison:
    """Return curves over growing amounts of data. amounts: of data by percentage kept out."""
    order = sorted(range(len(percentages)), key=lambda place: amounts[percentages[place]])
    curves = [
        Curve(
            name=name,
            means=[fmean(run[place] for run in runs) for place in order],
            deviations=[pstdev([run[place] for run in runs]) for place in order],
        )
        for name, runs in results.items()
    ]
    return Comparison(
        title=title,
        x_label=labels[0],
        y_label=labels[1],
        places=[amounts[percentages[place]] for place in order],
        curves=curves,
    )


def _ignore(what: str, done: float) -> None:
    """Hear of progress and do nothing."""
