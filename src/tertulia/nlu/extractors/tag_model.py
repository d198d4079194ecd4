"""The learned tagger of words: features of tokens, training, and entities out of it."""

from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple, Self

import msgspec

from tertulia.data.nlu import Entity
from tertulia.ml.beside import Beside
from tertulia.ml.network import Schedule
from tertulia.ml.orders import Task
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import FloatArray
from tertulia.ml.tagged import Corpus
from tertulia.ml.tagger import ChainTagger
from tertulia.ml.told import Told
from tertulia.ml.vectorize import Limits, Vocabulary
from tertulia.ml.word_vectors import english
from tertulia.nlu.component import Lesson, Setting, Training
from tertulia.nlu.english import is_english, table_as_trained
from tertulia.nlu.extractors.spans import (
    Label,
    Span,
    SplitByComma,
    TagSet,
    as_entities,
    merge_tags,
    token_range,
)
from tertulia.nlu.extractors.token_features import features_of
from tertulia.nlu.extractors.token_sums import TokenSums
from tertulia.nlu.featurizers.shapes import Window, refuse_unknown
from tertulia.nlu.message import Message

Json = Any

# Of many tokens, features seen once only cost memory.
_MANY_TOKENS = 20_000
# One example in so many is learned as if its intent were not known.
_WITHOUT_INTENT = 7
# Of the vector of a word, which has its greatest directions first.
_WIDTH = 64
_HIDDEN, _RATE, _DROPOUT, _SPREAD = 96, 0.05, 0.3, 0.05
_UPDATES, _FEWEST_EPOCHS, _MOST_EPOCHS = 600, 6, 60
# Of few sentences each feature is believed less.
_MANY_SENTENCES = 4000
_INPUT_DROPOUT_OF_MANY, _INPUT_DROPOUT = 0.25, 0.5


class TagConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a tagger learns from and how it joins words.

    BILOU_flag: tell the first word of an entity apart. split_entities_by_comma: words with a
    comma between them are several entities; for all types or by type. features: option names
    per place around the word, None for the product's own choice. word_vectors: to learn from what
    words mean, too, where there is a table of them and `features` are not given.
    """

    BILOU_flag: bool = True
    split_entities_by_comma: SplitByComma = True
    features: Window | None = None
    word_vectors: bool = True

    def __post_init__(self) -> None:
        """Refuse features that do not exist."""
        if self.features is not None:
            refuse_unknown(self.features)


class TagModel:
    """Finds entities in a message. Immutable, so threads may share it.

    by_intent: what the message wants is a feature of its words; it must be known before.
    """

    def __init__(
        self,
        tagset: TagSet,
        vocabulary: Vocabulary,
        tagger: ChainTagger,
        config: TagConfig,
        *,
        by_intent: bool = False,
    ) -> None:
        self._tagset = tagset
        self._vocabulary = vocabulary
        self._tagger = tagger
        self._config = config
        self._by_intent = by_intent
        table = self._table = english() if tagger.width else None
        # With a window of options, features are looked up one by one.
        self._sums = TokenSums(vocabulary, tagger, table) if config.features is None else None

    @classmethod
    def train(
        cls, config: TagConfig, setting: Setting, training: Training, *, seed: int
    ) -> Self | None:
        """Learn from the annotated entities; None when there are none."""
        tagging = Tagging.begin(config, setting, training, seed=seed)
        return None if tagging is None else cls.of(tagging, training.told)

    @classmethod
    def of(cls, tagging: "Tagging", told: Told) -> Self:
        """Return what was learned. told: how far it is, where learning has to begin now."""
        tagger = ChainTagger.from_parts(tagging.beside.parts(told))
        return cls(
            tagging.tagset, tagging.vocabulary, tagger, tagging.config, by_intent=tagging.by_intent
        )

    def entities(self, message: Message, setting: Setting) -> list[dict[str, Json]]:
        """Return the entities of a message in their wire form, in the order of the text."""
        if not message.tokens:
            return []
        decoded = self._tagger.decode(self._scores(message), unless_plain=True)
        if not any(decoded.tags):
            return []
        spans = merge_tags(
            decoded.tags,
            decoded.marginals,
            message.tokens,
            self._tagset,
            message.text,
            self._config.split_entities_by_comma,
        )
        return as_entities(
            spans, message.tokens, message.text, extractor=setting.name, legacy=setting.legacy
        )

    def _scores(self, message: Message) -> FloatArray:
        """Return (tokens, tags) what each token says of each tag.

        It knows what `features_of` names, and what the words around it mean.
        """
        intent = message.intent.name if self._by_intent else None
        if self._sums is not None:
            return self._tagger.scores(self._sums.of(message, intent))
        features = features_of(message, self._config.features, intent)
        numbers = _numbers(self._vocabulary, features)
        return self._tagger.scores(self._tagger.sums(numbers))

    def parts(self) -> Parts:
        """Return labels and vocabulary as JSON, weights as arrays."""
        return Parts(
            meta={
                "tags": [[one.entity, one.role, one.group] for one in self._tagset.labels],
                "borders": self._tagset.borders,
                "by_intent": self._by_intent,
                "table": None if self._table is None else self._table.digest,
                "token_terms": list(self._vocabulary.terms),
            },
            arrays=self._tagger.parts().arrays,
        )

    @classmethod
    def from_parts(cls, config: TagConfig, parts: Parts) -> Self | None:
        """Return the model that `parts` came from, None when nothing was learned."""
        if "tags" not in parts.meta:
            return None
        labels = msgspec.convert(parts.meta["tags"], list[tuple[str, str, str]])
        borders = msgspec.convert(parts.meta["borders"], bool)
        terms = msgspec.convert(parts.meta["token_terms"], list[str])
        tagset = TagSet((Label(*label) for label in labels), borders=borders)
        by_intent = msgspec.convert(parts.meta["by_intent"], bool)
        table = msgspec.convert(parts.meta["table"], str | None)
        tagger = ChainTagger.from_parts(parts)
        if table is not None:
            table_as_trained(table)
        if (len(terms), len(tagset)) != (tagger.features, tagger.tags):
            raise ValueError("the weights of a tagger do not fit its features and tags")
        return cls(tagset, Vocabulary(terms), tagger, config, by_intent=by_intent)


class Tagging(NamedTuple):
    """A model under way: from many sentences it is learned beside what else is learned."""

    tagset: TagSet
    vocabulary: Vocabulary
    config: TagConfig
    by_intent: bool
    beside: Beside

    @classmethod
    def begin(
        cls,
        config: TagConfig,
        setting: Setting,
        training: Training,
        *,
        seed: int,
        by_intent: bool = False,
    ) -> "Tagging | None":
        """Begin to learn from the annotated entities; None when there are none."""
        taught = _taught(setting, training)
        labels = {span.label for _, spans in taught for span in spans}
        if not labels:
            return None
        tagset = TagSet(labels, borders=config.BILOU_flag)
        named = [
            features_of(lesson.message, config.features, _taught_intent(at, lesson, by_intent))
            for at, (lesson, _) in enumerate(taught)
        ]
        vocabulary = _vocabulary(named)
        corpus = Corpus.of(
            [_numbers(vocabulary, sentence) for sentence in named],
            [tagset.encode(len(lesson.message.tokens), spans) for lesson, spans in taught],
            features=len(vocabulary),
            meanings=_meanings(config, setting, [lesson.message for lesson, _ in taught]),
        )
        task = Task.chain(corpus, len(tagset), tagset.allowed(), _schedule(len(taught), seed))
        beside = Beside(task, examples=len(taught))
        return cls(tagset, vocabulary, config, by_intent, beside)


def _taught_intent(at: int, lesson: Lesson, by_intent: bool) -> str | None:
    """Return the intent to learn an example with: none now and then, for it will be wrong, too."""
    return lesson.example.intent if by_intent and at % _WITHOUT_INTENT else None


def _numbers(vocabulary: Vocabulary, sentence: Iterable[Sequence[str]]) -> list[list[int]]:
    """Return the numbers of each token's features."""
    return [vocabulary.ids(token) for token in sentence]


def _meanings(config: TagConfig, setting: Setting, messages: Sequence[Message]) -> list[FloatArray]:
    """Return a vector of each word of all messages; none without a table of words.

    There is one for English texts, and where a component of the pipeline has it.
    """
    fits = is_english(setting.language) or any(message.word_vectors for message in messages)
    if not fits or not config.word_vectors or config.features is not None:
        return []
    direction = cache(partial(english().direction, width=_WIDTH))
    return [direction(token.text) for message in messages for token in message.tokens]


def _vocabulary(sentences: Sequence[Sequence[Sequence[str]]]) -> Vocabulary:
    tokens = [token for sentence in sentences for token in sentence]
    return Vocabulary.fit(tokens, Limits(min_df=2 if len(tokens) > _MANY_TOKENS else 1))


def _taught(setting: Setting, training: Training) -> list[tuple[Lesson, list[Span]]]:
    return [
        (lesson, _spans_of(lesson, setting, training))
        for lesson in training.lessons
        if lesson.message.tokens
    ]


def note_misaligned(setting: Setting, training: Training) -> None:
    """Note annotations that do not begin and end with a word; messages must have tokens."""
    for lesson in training.lessons:
        if lesson.message.tokens:
            _spans_of(lesson, setting, training)


def _spans_of(lesson: Lesson, setting: Setting, training: Training) -> list[Span]:
    spans: list[Span] = []
    for entity in lesson.example.entities:
        if entity.extractor is not None and entity.extractor != setting.name:
            continue
        inside = token_range(lesson.message.tokens, entity.start, entity.end)
        if inside is None:
            _note_misaligned(lesson, entity, training)
            continue
        label = Label(entity.entity, entity.role or "", entity.group or "")
        spans.append(Span(label, *inside))
    return spans


def _note_misaligned(lesson: Lesson, entity: Entity, training: Training) -> None:
    written = lesson.example.text[entity.start : entity.end]
    training.diagnostics.warning(
        "T178",
        f"the entity '{entity.entity}' at '{written}' does not begin and end with a word, so it "
        "is not learned",
        hint="Annotate whole words, without the punctuation around them.",
        at=lesson.example.span,
    )


def _schedule(sentences: int, seed: int) -> Schedule:
    batch = min(32, max(4, sentences // 16))
    epochs = round(_UPDATES * batch / max(1, sentences))
    epochs = min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, epochs))
    is_many = sentences > _MANY_SENTENCES
    return Schedule(
        epochs=epochs,
        batch=batch,
        seed=seed,
        hidden=_HIDDEN,
        rate=_RATE,
        input_dropout=_INPUT_DROPOUT_OF_MANY if is_many else _INPUT_DROPOUT,
        dropout=_DROPOUT,
        spread=_SPREAD,
    )
