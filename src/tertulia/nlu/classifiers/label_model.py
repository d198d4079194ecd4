"""A text's label by small networks over the blocks of its message, with honest confidences.

How each constant here was chosen is told in docs/explanation/how-texts-are-understood.md.
"""

from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Self

import msgspec

from tertulia.core.understanding import RankedIntent
from tertulia.ml.committee import Committee, Lessons
from tertulia.ml.judged import Plan, judged
from tertulia.ml.labels import ranked
from tertulia.ml.margins import Practice
from tertulia.ml.network import Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.quick import QuickCommittee, joined
from tertulia.ml.sparse import FloatArray, Row
from tertulia.ml.told import Told, unheard
from tertulia.ml.vectorize import Limits, Vectorizer
from tertulia.nlu.classifiers.document import Document

# In this order, so that a second network can see whole words and what follows.
_SCALES = {"chars": 1.0, "patterns": 0.5, "words": 1.0, "pairs": 0.7, "gaps": 0.5, "affixes": 1.0}
_FIRST_OF_WORDS = frozenset({"chars", "patterns"})
# Between a handful of examples and thousands, each term is believed less.
_SCALE_BETWEEN = 0.5
_VECTOR_SCALE = 3.0
_WORDS_SCALE = 3.0
# Of many examples, runs of signs and words seen once only cost memory, and confidences are alike
# from one set of data to the next; in between they are measured; of few a measure would be chance.
_MANY, _FEW = 2000, 250
_TEMPERATURE_OF_MANY, _TEMPERATURE_OF_FEW = 0.52, 0.45
_TEMPERATURE_WITH_VECTORS = 0.6
_LEAST = {"chars": 2, "pairs": 2, "gaps": 3, "affixes": 2}
# What only many examples tell apart from chance.
_ONLY_OF_MANY = frozenset({"gaps", "affixes"})
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
        self._quick = committee and QuickCommittee(vectorizer, committee)

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
        words = sum(len(vector) for vector in documents[0].words)
        temperature = _fixed_temperature(len(documents), has_vectors=width > 0)
        hears = width > 0 and len(documents) > _FEW
        plan = Plan(
            classes=len(found),
            features=vectorizer.features + words + width,
            lessons=_lessons(len(documents), vectorizer, words, width, seed),
            temperature=temperature,
            vector=vectorizer.features + words if hears else None,
            seed=seed,
        )
        return cls(found, vectorizer, *judged(rows, targets, plan, told))

    def rank(self, document: Document, limit: int) -> list[RankedIntent]:
        """Return the best labels, at most `limit` (0: all); empty when nothing is known."""
        if self._quick is None or self._is_foreign(document):
            return []
        logits = self._quick.logits(document.terms, _vectors(document))
        best = ranked(logits, self._temperature, limit, self._outside)
        return [RankedIntent(self.labels[at], confidence) for at, confidence in best]

    def _is_foreign(self, document: Document) -> bool:
        """Whether nothing is known of the text but what a table of words says, which would guess.

        It is not, where examples have no terms either.
        """
        own = document.vectors if self._vectorizer.features else _vectors(document)
        return not any(vector.any() for vector in own) and not self._vectorizer.knows(
            document.terms
        )

    def parts(self) -> Parts:
        """Return labels and vocabularies as JSON, weights as arrays."""
        own = Parts() if self._committee is None else self._committee.parts()
        return Parts(
            meta={
                "labels": list(self.labels),
                "temperature": self._temperature,
                "outside": self._outside,
                **self._vectorizer.parts().meta,
                **own.meta,
            },
            arrays=own.arrays,
        )

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Return the model that `parts` came from."""
        labels = msgspec.convert(parts.meta["labels"], list[str])
        vectorizer = Vectorizer.from_parts(parts)
        # Only vectors had a network of their own in older releases.
        begin = msgspec.convert(parts.meta.get("begin", vectorizer.features), int)
        committee = Committee.from_parts(parts, begin=begin) if labels else None
        temperature = msgspec.convert(parts.meta["temperature"], float)
        outside = msgspec.convert(parts.meta.get("outside"), float | None)
        return cls(labels, vectorizer, committee, temperature, outside)


def _vectorizer(documents: Sequence[Document]) -> Vectorizer:
    many = len(documents) > _MANY
    keys = _keys(documents, many=many)
    scale = _SCALE_BETWEEN if _FEW < len(documents) <= 2 * _MANY else 1.0
    return Vectorizer.fit(
        [document.terms for document in documents],
        {key: scale * _SCALES[_kind(key)] for key in keys},
        {key: Limits(min_df=_LEAST.get(_kind(key), 1)) for key in keys} if many else None,
        weigh=many,
    )


def _keys(documents: Sequence[Document], *, many: bool) -> list[str]:
    """Return the blocks to learn from, those of words behind the others."""
    found = dict.fromkeys(key for document in documents for key in document.terms)
    kept = [key for key in found if many or _kind(key) not in _ONLY_OF_MANY]
    return sorted(kept, key=lambda key: _kind(key) not in _FIRST_OF_WORDS)


def _kind(key: str) -> str:
    """Return the kind of a block: `words`, `chars`, ..."""
    return key.rsplit("/", 1)[1]


def _row(vectorizer: Vectorizer, document: Document) -> Row:
    """Return the terms known, behind them what words mean, and the vectors of language models."""
    places, numbers = vectorizer.row(document.terms)
    vector = joined(_vectors(document))
    places.frombytes(_places(vectorizer.features, len(vector)))
    numbers.frombytes(vector.tobytes())
    return places, numbers


def _vectors(document: Document) -> list[FloatArray]:
    """Return what words mean and the vectors of language models, as long as they count."""
    return [
        *(vector * _WORDS_SCALE for vector in document.words),
        *(vector * _VECTOR_SCALE for vector in document.vectors),
    ]


@lru_cache(maxsize=16)
def _places(begin: int, count: int) -> bytes:
    """Return so many numbers from `begin` on, as an array holds them."""
    return array("q", range(begin, begin + count)).tobytes()


def _fixed_temperature(examples: int, *, has_vectors: bool) -> float | None:
    """Return the temperature for so many examples, None where it is measured."""
    if examples <= _FEW and not has_vectors:
        return _TEMPERATURE_OF_FEW
    if examples <= _MANY:
        return None
    return _TEMPERATURE_WITH_VECTORS if has_vectors else _TEMPERATURE_OF_MANY


def _lessons(examples: int, vectorizer: Vectorizer, words: int, width: int, seed: int) -> Lessons:
    """Return many passes over few examples, in small steps, and few over many.

    words, width: how many numbers of tables of words and of language models a row has.
    """
    least, most = _BATCHES
    batch = min(most, max(least, examples // 12))
    behind = vectorizer.features + words if width else None
    if examples <= 2 * _MANY:
        few = Schedule(epochs=40, batch=batch, seed=seed)
        return Lessons(schedule=few, begin=behind, vectors=words + width)
    schedule = Schedule(epochs=12, batch=batch, seed=seed, rate=0.04, by_row=True)
    practice = Practice(epochs=12, batch=batch, seed=seed)
    if behind is None:
        behind = vectorizer.features if words else _first_word(vectorizer)
    return Lessons(
        schedule=schedule,
        practice=practice,
        begin=behind,
        vectors=words + width,
    )


def _first_word(vectorizer: Vectorizer) -> int | None:
    """Return where the blocks of words begin; None where a network on them would see it all."""
    places = [
        vectorizer.offset(name) for name in vectorizer.names if _kind(name) not in _FIRST_OF_WORDS
    ]
    return min(places, default=0) or None
