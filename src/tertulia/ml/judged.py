"""A committee, and what is measured of it on examples that it has not seen.

Those are its temperature, whether it hears neighbours, and where what is like no label lies.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, cast

import msgspec
import numpy as np

from tertulia.ml.calibrate import Unseen, best_temperature, best_weight, held_out_logits
from tertulia.ml.committee import Committee, Lessons
from tertulia.ml.labels import outside_of, with_outside
from tertulia.ml.neighbours import Neighbours
from tertulia.ml.sparse import FloatArray, Row
from tertulia.ml.told import Told, part_of, unheard

_FOLDS = 3
_SAMPLE = 500


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a committee is fitted and judged.

    classes, features: how many there are. lessons: of the committee. temperature: None where it is
    measured. vector: where the vector begins, after whose neighbours it is asked whether they
    help, None for no neighbours; only where the temperature is measured. seed: of what is held out.
    """

    classes: int
    features: int
    lessons: Lessons
    temperature: float | None
    vector: int | None
    seed: int


class Judged(NamedTuple):
    """temperature: what logits are divided by, so that confidences fit. outside: see `labels`."""

    committee: Committee
    temperature: float
    outside: float | None


def judged(rows: Sequence[Row], labels: Sequence[int], plan: Plan, told: Told = unheard) -> Judged:
    """Return a committee that learned the examples; see `Network.train`. There must be some."""
    train = partial(
        Committee.train, classes=plan.classes, features=plan.features, lessons=plan.lessons
    )
    measures = plan.temperature is None and plan.classes > 1
    # What is measured takes two thirds of the data as often as there are folds.
    committee = train(rows, labels, told=part_of(told, 0.0, 1 / _FOLDS if measures else 1.0))
    if not measures:
        outside = outside_of(committee.all_logits(_some(rows)))
        return Judged(committee, plan.temperature or 1.0, outside)
    unseen = held_out_logits(
        rows, labels, train=train, classes=plan.classes, folds=_FOLDS, seed=plan.seed
    )
    if plan.vector is not None:
        committee, unseen = _hearing(committee, unseen, rows, labels, plan, plan.vector)
    outside = outside_of(committee.all_logits(_some(rows)))
    # Half of what people write looks like an example, half is new.
    known = committee.all_logits([rows[at] for at in unseen.examples])
    answers = [labels[at] for at in unseen.examples]
    logits = [with_outside(one, outside) for one in (unseen.logits, known)]
    return Judged(committee, best_temperature(logits, [answers, answers]), outside)


def _hearing(
    committee: Committee,
    unseen: Unseen,
    rows: Sequence[Row],
    labels: Sequence[int],
    plan: Plan,
    vector: int,
) -> tuple[Committee, Unseen]:
    """Return the committee and its answers, with neighbours as far as those answers get better."""
    near = partial(Neighbours.of, classes=plan.classes, features=plan.features, begin=vector)
    others = held_out_logits(
        rows, labels, train=near, classes=plan.classes, folds=_FOLDS, seed=plan.seed
    )
    answers = [labels[at] for at in unseen.examples]
    weight = best_weight(unseen.logits, others.logits, answers)
    logits = cast(FloatArray, unseen.logits + others.logits * np.float32(weight))
    return committee.hearing(near(rows, labels), weight), Unseen(unseen.examples, logits)


def _some(rows: Sequence[Row]) -> Sequence[Row]:
    """Return some of the examples, from all parts of the data."""
    return rows[:: max(1, len(rows) // _SAMPLE)]
