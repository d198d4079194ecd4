"""A text's label by a linear model over the blocks of its message, with honest confidences."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Self

import msgspec

from tertulia.core.understanding import RankedIntent
from tertulia.ml.calibrate import best_temperature, held_out_logits
from tertulia.ml.labels import ranked
from tertulia.ml.parts import Parts
from tertulia.ml.softmax import Recipe, SparseSoftmax
from tertulia.ml.vectorize import Vectorizer, char_wb_ngrams
from tertulia.nlu.message import Message

Document = Mapping[str, Sequence[str]]

_PAIRS, _SPELLING = "added/pairs", "added/chars"
_SCALES = {"words": 1.0, "chars": 1.0, "patterns": 0.5, "pairs": 0.5}
_SPELLING_SIZES = (2, 5)
_FOLDS = 5
_RATE = 0.3
# Of many examples one fold is enough to fit one number, and less has to be held back.
_MANY = 2000
_L2_OF_FEW, _L2_OF_MANY = 1e-4, 3e-5
# Enough updates for few examples, few passes over many.
_UPDATES, _FEWEST_EPOCHS, _MOST_EPOCHS = 400, 10, 60


def document_of(message: Message, sources: Sequence[str] = ()) -> Document:
    """Return the blocks to learn from, empty when no featurizer knows anything of the text.

    Pairs of neighbouring words are always added, for order matters; spelling is added when no
    featurizer looks at characters.
    """
    document = message.document(sources)
    if not any(document.values()):
        return {}
    words = [token.text.lower() for token in message.tokens]
    framed = ["^", *words, "$"]
    document[_PAIRS] = [f"{left} {right}" for left, right in pairwise(framed)]
    if not any(key.endswith("/chars") for key in document):
        document[_SPELLING] = char_wb_ngrams(" ".join(words), *_SPELLING_SIZES)
    return document


class LabelModel:
    """Ranks labels for a document. Immutable, so threads may share it.

    labels: sorted. temperature: what logits are divided by, so that confidences fit.
    """

    def __init__(
        self,
        labels: Sequence[str],
        vectorizer: Vectorizer,
        softmax: SparseSoftmax,
        temperature: float,
    ) -> None:
        self.labels = tuple(labels)
        self._vectorizer = vectorizer
        self._softmax = softmax
        self._temperature = temperature

    @classmethod
    def train(cls, documents: Sequence[Document], labels: Sequence[str], *, seed: int) -> Self:
        """Learn from pairs of document and label; without any, nothing is ever recognised."""
        names = sorted(set(labels))
        number = {name: at for at, name in enumerate(names)}
        targets = [number[label] for label in labels]
        keys = dict.fromkeys(key for document in documents for key in document)
        scales = {key: _SCALES[key.rsplit("/", 1)[1]] for key in keys}
        vectorizer = Vectorizer.fit(documents, scales)
        rows = [vectorizer.row(document) for document in documents]
        recipe = _recipe(len(rows), seed)
        classes, features = len(names), vectorizer.features
        softmax = SparseSoftmax.train(
            rows, targets, classes=classes, features=features, recipe=recipe
        )
        temperature = 1.0
        if len(names) > 1:
            unseen = held_out_logits(
                rows,
                targets,
                classes=classes,
                features=features,
                recipe=recipe,
                folds=_FOLDS,
                rounds=1 if len(rows) > _MANY else _FOLDS,
            )
            # Half of what people write looks like an example, half is new.
            known = softmax.all_logits([rows[at] for at in unseen.examples])
            answers = [targets[at] for at in unseen.examples]
            temperature = best_temperature([unseen.logits, known], [answers, answers])
        return cls(names, vectorizer, softmax, temperature)

    def rank(self, document: Document, limit: int) -> list[RankedIntent]:
        """Return the best labels, at most `limit` (0: all); empty when nothing is known."""
        if not self.labels:
            return []
        indices, values = self._vectorizer.row(document)
        if not indices:
            return []
        best = ranked(self._softmax.logits(indices, values), self._temperature, limit)
        return [RankedIntent(self.labels[at], confidence) for at, confidence in best]

    def parts(self) -> Parts:
        """Return labels and vocabularies as JSON, weights as arrays."""
        return Parts(
            meta={
                "labels": list(self.labels),
                "temperature": self._temperature,
                **self._vectorizer.parts().meta,
            },
            arrays=self._softmax.parts().arrays,
        )

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Return the model that `parts` came from."""
        return cls(
            msgspec.convert(parts.meta["labels"], list[str]),
            Vectorizer.from_parts(parts),
            SparseSoftmax.from_parts(parts),
            msgspec.convert(parts.meta["temperature"], float),
        )


def _recipe(examples: int, seed: int) -> Recipe:
    batch = min(64, max(8, examples // 8))
    epochs = round(_UPDATES * batch / max(1, examples))
    epochs = min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, epochs))
    l2 = _L2_OF_MANY if examples > _MANY else _L2_OF_FEW
    return Recipe(epochs=epochs, seed=seed, l2=l2, rate=_RATE, batch=batch)
