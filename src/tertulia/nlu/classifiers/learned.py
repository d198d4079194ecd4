"""The learned intent classifier: one linear model under all names of the originals."""

from collections.abc import Collection
from typing import ClassVar, Self

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.understanding import NOTHING_UNDERSTOOD
from tertulia.ml.parts import Parts
from tertulia.nlu.classifiers.document import Document, document_of
from tertulia.nlu.classifiers.label_model import LabelModel
from tertulia.nlu.component import FEATURES, INTENT, Component, Setting, Training
from tertulia.nlu.message import Message
from tertulia.nlu.tokenizers.config import refuse_empty


class LearnedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """ranking_length: entries of the ranking, 0 for all. featurizers: aliases to learn from,
    empty for all. random_seed, random_state: of the training, None for the pipeline's own.
    renormalize_confidences: the ranking's confidences are made to sum to one. word_vectors: to
    learn from what words mean, too, where a table is there.
    """

    ranking_length: int = 10
    renormalize_confidences: bool = False
    featurizers: tuple[str, ...] = ()
    word_vectors: bool = True
    random_seed: int | None = None
    random_state: int | None = None

    def seed(self, fallback: int) -> int:
        """Return the seed to train with."""
        chosen = self.random_seed if self.random_seed is not None else self.random_state
        return fallback if chosen is None else abs(chosen)


class EmbeddingConfig(LearnedConfig, frozen=True, kw_only=True):
    """intent_tokenization_flag, intent_split_symbol: as for tokenizers, which had them later."""

    intent_tokenization_flag: bool = False
    intent_split_symbol: str = "_"

    def __post_init__(self) -> None:
        """Refuse a symbol that joins nothing."""
        refuse_empty(self.intent_split_symbol)


class LearnedIntentClassifier(Component[LearnedConfig]):
    """Answers to the names of every trained intent classifier of the originals."""

    Config = LearnedConfig
    requires: ClassVar[frozenset[str]] = frozenset({FEATURES})
    provides: ClassVar[frozenset[str]] = frozenset({INTENT})

    def __init__(
        self, config: LearnedConfig, setting: Setting, model: LabelModel | None = None
    ) -> None:
        super().__init__(config, setting)
        self._model = model

    @classmethod
    def train(cls, config: LearnedConfig, setting: Setting, training: Training) -> Self:
        """Learn the intents; retrieval intents by their base name."""
        return cls(config, setting, train_intents(config, training))

    def process(self, message: Message) -> None:
        """Set intent and ranking."""
        if self._model is not None:
            classify(self._model, message, self.config)

    def parts(self) -> Parts:
        """Return the model."""
        return Parts() if self._model is None else self._model.parts()

    @classmethod
    def from_parts(cls, config: LearnedConfig, setting: Setting, parts: Parts) -> Self:
        """Return the classifier with its model."""
        return cls(config, setting, LabelModel.from_parts(parts) if parts.meta else None)


class EmbeddingIntentClassifier(LearnedIntentClassifier):
    """The same, for names of intents that may be several at once."""

    Config = EmbeddingConfig


def seen(config: LearnedConfig, message: Message) -> Document:
    """Return what a model with this configuration sees of a message."""
    return document_of(message, config.featurizers, word_vectors=config.word_vectors)


def train_intents(config: LearnedConfig, training: Training) -> LabelModel:
    """Return a model of the examples that have an intent."""
    pairs = [
        (seen(config, one.message), one.example.intent)
        for one in (*training.lessons, *training.combined)
        if one.example.intent
    ]
    labels = [intent for _, intent in pairs]
    note_few_intents(labels, training.diagnostics)
    return LabelModel.train(
        [document for document, _ in pairs],
        labels,
        seed=config.seed(training.seed),
        names=name_documents(config, training),
        told=training.told,
    )


def name_documents(config: LearnedConfig, training: Training) -> dict[str, Document]:
    """Return what the name of each label says, where it says something."""
    found = {label: seen(config, message) for label, message in training.names.items()}
    return {label: one for label, one in found.items() if not one.says_nothing}


def note_few_intents(labels: Collection[str], diagnostics: Diagnostics) -> None:
    """Note that the examples have fewer than two intents. labels: of all examples that have one."""
    if len(set(labels)) < 2:
        diagnostics.warning(
            "T181",
            f"there {'is one intent' if labels else 'are no intents'} to learn: every message "
            "will look alike",
            hint="Add examples of at least two intents.",
        )


def classify(model: LabelModel, message: Message, config: LearnedConfig) -> None:
    """Set intent and ranking; no intent with confidence 0 when nothing of the text is known."""
    document = seen(config, message)
    ranking = [] if document.says_nothing else model.rank(document, config.ranking_length)
    if config.renormalize_confidences and ranking:
        total = sum(one.confidence for one in ranking)
        ranking = [
            msgspec.structs.replace(one, confidence=one.confidence / total) for one in ranking
        ]
    message.ranking = ranking
    message.intent = ranking[0] if ranking else NOTHING_UNDERSTOOD
