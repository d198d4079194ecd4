"""A text's label by small networks over the blocks of its message, with honest confidences.

How each constant here was chosen is told in docs/explanation/how-texts-are-understood.md.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

import msgspec

from tertulia.core.understanding import RankedIntent
from tertulia.ml.calibrate import best_temperature, held_out_logits
from tertulia.ml.committee import Committee
from tertulia.ml.labels import outside_of, ranked, with_outside
from tertulia.ml.network import Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import FloatArray, Row
from tertulia.ml.told import Told, part_of, unheard
from tertulia.ml.vectorize import Limits, Vectorizer
from tertulia.nlu.classifiers.document import Document

_SCALES = {"words": 1.0, "chars": 1.0, "patterns": 0.5, "pairs": 0.7}
_VECTOR_SCALE = 3.0
_FOLDS = 3
_SAMPLE = 500
# Of many examples, runs of signs and words seen once only cost memory, and confidences are alike
# from one set of data to the next; in between they are measured; of few a measure would be chance.
_MANY, _FEW = 2000, 250
_TEMPERATURE_OF_MANY, _TEMPERATURE_OF_FEW = 0.6, 0.45
_RARE = frozenset({"chars", "pairs"})
_BATCHES = (16, 64)


class LabelModel:
    """Ranks labels for a document. Immutable, so threads may share it.

    labels: sorted. temperature: what logits are divided by, so that confidences fit. outside: see
    `tertulia.ml.labels`.
    """

    def __init__(
        self,
        labels: Sequence[str],
        vectorizer: Vectorizer,
        committee: Committee | None,
        temperature: float,
        outside: float | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self._vectorizer = vectorizer
        self._committee = committee
        self._temperature = temperature
        self._outside = outside

    @classmethod
    def train(
        cls,
        documents: Sequence[Document],
        labels: Sequence[str],
        *,
        seed: int,
        names: Mapping[str, Document] | None = None,
        told: Told = unheard,
    ) -> Self:
        """Learn from pairs of document and label; without any, nothing is ever recognised.

        names: what the names of labels say, one more example of each.
        """
        found = sorted(set(labels))
        number = {name: at for at, name in enumerate(found)}
        vectorizer = _vectorizer(documents)
        if not found:
            return cls(found, vectorizer, None, 1.0)
        spoken = {name: one for name, one in (names or {}).items() if name in number}
        rows = [_row(vectorizer, one) for one in [*documents, *spoken.values()]]
        targets = [number[name] for name in [*labels, *spoken]]
        width = sum(len(vector) for vector in documents[0].vectors)
        train = partial(
            Committee.train,
            classes=len(found),
            features=vectorizer.features + width,
            width=width,
            schedule=_schedule(len(documents), seed),
        )
        fixed = _fixed_temperature(len(documents), has_vectors=width > 0)
        # What is fitted takes two thirds of the data as often as there are folds.
        share = 1 / _FOLDS if fixed is None else 1.0
        committee = train(rows, targets, told=part_of(told, 0.0, share))
        outside = outside_of(committee.all_logits(_some(rows)))
        if fixed is None:
            fixed = _fitting_temperature(committee, train, rows, targets, seed, outside)
        return cls(found, vectorizer, committee, fixed, outside)

    def rank(self, document: Document, limit: int) -> list[RankedIntent]:
        """Return the best labels, at most `limit` (0: all); empty when nothing is known."""
        if self._committee is None:
            return []
        row = _row(self._vectorizer, document)
        if not row[0]:
            return []
        best = ranked(self._committee.logits(*row), self._temperature, limit, self._outside)
        return [RankedIntent(self.labels[at], confidence) for at, confidence in best]

    def parts(self) -> Parts:
        """Return labels and vocabularies as JSON, weights as arrays."""
        return Parts(
            meta={
                "labels": list(self.labels),
                "temperature": self._temperature,
                "outside": self._outside,
                **self._vectorizer.parts().meta,
            },
            arrays={} if self._committee is None else self._committee.parts().arrays,
        )

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Return the model that `parts` came from."""
        labels = msgspec.convert(parts.meta["labels"], list[str])
        vectorizer = Vectorizer.from_parts(parts)
        committee = Committee.from_parts(parts, offset=vectorizer.features) if labels else None
        temperature = msgspec.convert(parts.meta["temperature"], float)
        outside = msgspec.convert(parts.meta.get("outside"), float | None)
        return cls(labels, vectorizer, committee, temperature, outside)


def _some(rows: Sequence[Row]) -> Sequence[Row]:
    """Return some of the examples, from all parts of the data."""
    return rows[:: max(1, len(rows) // _SAMPLE)]


def _vectorizer(documents: Sequence[Document]) -> Vectorizer:
    keys = dict.fromkeys(key for document in documents for key in document.terms)
    kinds = {key: key.rsplit("/", 1)[1] for key in keys}
    least = 2 if len(documents) > _MANY else 1
    return Vectorizer.fit(
        [document.terms for document in documents],
        {key: _SCALES[kind] for key, kind in kinds.items()},
        {key: Limits(min_df=least) for key, kind in kinds.items() if kind in _RARE},
        weigh=len(documents) > _MANY,
    )


def _row(vectorizer: Vectorizer, document: Document) -> Row:
    """Return the terms known, and behind them the vectors."""
    indices, values = vectorizer.row(document.terms)
    if not document.vectors:
        return indices, values
    numbers = [number * _VECTOR_SCALE for vector in document.vectors for number in _plain(vector)]
    begin = vectorizer.features
    return [*indices, *range(begin, begin + len(numbers))], [*values, *numbers]


def _plain(vector: FloatArray) -> list[float]:
    numbers: list[float] = vector.tolist()
    return numbers


def _fixed_temperature(examples: int, *, has_vectors: bool) -> float | None:
    """Return the temperature for so many examples, None where it is measured."""
    if examples <= _FEW and not has_vectors:
        return _TEMPERATURE_OF_FEW
    return None if examples <= _MANY else _TEMPERATURE_OF_MANY


def _fitting_temperature(
    committee: Committee,
    train: "partial[Committee]",
    rows: Sequence[Row],
    targets: Sequence[int],
    seed: int,
    outside: float | None,
) -> float:
    classes = len(set(targets))
    if classes < 2:
        return 1.0
    unseen = held_out_logits(rows, targets, train=train, classes=classes, folds=_FOLDS, seed=seed)
    # Half of what people write looks like an example, half is new.
    known = committee.all_logits([rows[at] for at in unseen.examples])
    answers = [targets[at] for at in unseen.examples]
    logits = [with_outside(one, outside) for one in (unseen.logits, known)]
    return best_temperature(logits, [answers, answers])


def _schedule(examples: int, seed: int) -> Schedule:
    """Return many passes over few examples, in small steps, and few over many."""
    least, most = _BATCHES
    batch = min(most, max(least, examples // 12))
    if examples <= 2 * _MANY:
        return Schedule(epochs=40, batch=batch, seed=seed)
    return Schedule(epochs=12, batch=batch, seed=seed, rate=0.04, spread=0.02, by_row=True)
