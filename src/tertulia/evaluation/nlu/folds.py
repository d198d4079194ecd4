"""Cross-validation: each part of the examples is tested by a pipeline that learned from the rest.

Source: spec evaluation.md section 2.4.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean, pstdev

import msgspec
from msgspec.structs import replace

from tertulia.base.errors import DataError
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import Example, NluData
from tertulia.evaluation.nlu.report import Part, parts_of
from tertulia.evaluation.nlu.results import NluEvaluation
from tertulia.evaluation.nlu.run import evaluate_nlu
from tertulia.nlu.pipeline import Pipeline

Trainer = Callable[[NluData], Pipeline]
"""Learns from data; the same data gives the same pipeline."""

Progress = Callable[[str, float], None]
"""Is told what is being done, and which share of everything is done, in [0, 1]."""

ACCURACY, F1, PRECISION = "Accuracy", "F1-score", "Precision"

_LEAST_IN_0X = 5
"""Examples of an intent below which 0.x leaves it out."""


class Figure(msgspec.Struct, frozen=True):
    """Mean and standard deviation over the folds."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        """Show both as the originals do."""
        return f"{self.mean:.3f} ({self.deviation:.3f})"


Figures = Mapping[str, Mapping[str, Figure]]
"""Name of a part (`intent`, an extractor, ...) to name of a figure to the figure."""


class CrossValidation(msgspec.Struct, frozen=True, kw_only=True):
    """test: every example as seen by the pipeline that did not learn from it.

    on_train, on_test: figures over the folds. left_out: intents with too few examples.
    """

    folds: int
    test: NluEvaluation
    on_train: Figures
    on_test: Figures
    left_out: Sequence[str]


def cross_validate(
    data: NluData,
    train: Trainer,
    *,
    generation: Generation,
    folds: int = 5,
    seed: int = 42,
    progress: Progress | None = None,
) -> CrossValidation:
    """Return how well pipelines understand what they have not seen.

    Synonyms, patterns, lookup tables and responses are part of every fold.

    Raises:
        DataError: no intent has enough examples (T383).
    """
    kept, left_out = _kept(data.examples, folds, generation)
    tell = progress or _ignore
    tests: list[NluEvaluation] = []
    on_train: list[list[Part]] = []
    parts = split_evenly(kept, folds, seed)
    for number, part in enumerate(parts):
        tell(f"fold {number + 1} of {folds}", number / folds)
        rest = [one for other in parts if other is not part for one in other]
        pipeline = train(replace(data, examples=tuple(rest)))
        on_train.append(parts_of(evaluate_nlu(pipeline, rest)))
        tests.append(evaluate_nlu(pipeline, part))
    tell("", 1.0)
    return CrossValidation(
        folds=folds,
        test=sum(tests[1:], tests[0]),
        on_train=_figures(on_train),
        on_test=_figures([parts_of(test) for test in tests]),
        left_out=left_out,
    )


def split_evenly(examples: Sequence[Example], count: int, seed: int) -> list[list[Example]]:
    """Return `count` parts in which each label has about the same share, the same for a seed."""
    parts: list[list[Example]] = [[] for _ in range(count)]
    place = 0
    for label, own in by_label(examples).items():
        random.Random(f"{seed}:{label}").shuffle(own)  # noqa: S311 - deals examples
        for example in own:
            parts[place % count].append(example)
            place += 1
    return parts


def by_label(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Return the examples of each label (`base/key` in full), in order of appearance."""
    groups: dict[str, list[Example]] = {}
    for one in examples:
        groups.setdefault(one.label or "", []).append(one)
    return groups


def _kept(
    examples: Sequence[Example], folds: int, generation: Generation
) -> tuple[list[Example], list[str]]:
    """Return the examples of labels that can be in every fold, and the other labels."""
    least = _LEAST_IN_0X if generation is Generation.LEGACY else folds
    groups = by_label(examples)
    kept = [one for own in groups.values() if len(own) >= least for one in own]
    left_out = [label for label, own in groups.items() if len(own) < least and label]
    if not kept:
        most = max(Counter(one.label for one in examples).values(), default=0)
        raise DataError(
            f"no intent has {least} examples, which {folds} folds need; the most is {most}",
            hint="Write more examples, or use fewer --folds.",
            code="T383",
        )
    return kept, left_out


def _figures(folds: Sequence[Sequence[Part]]) -> Figures:
    values: dict[str, dict[str, list[float]]] = {}
    for name, figure, value in _values(folds):
        values.setdefault(name, {}).setdefault(figure, []).append(value)
    return {
        name: {figure: Figure(fmean(found), pstdev(found)) for figure, found in own.items()}
        for name, own in values.items()
    }


def _values(folds: Sequence[Sequence[Part]]) -> Iterator[tuple[str, str, float]]:
    for parts in folds:
        for part in parts:
            yield part.name, ACCURACY, part.metrics.accuracy
            yield part.name, F1, part.metrics.weighted.f1
            yield part.name, PRECISION, part.metrics.weighted.precision


def _ignore(what: str, done: float) -> None:
    """Hear of progress and do nothing."""
