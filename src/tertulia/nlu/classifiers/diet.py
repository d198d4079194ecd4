"""DIETClassifier: intents and entities under one name, each with a model of its own."""

from typing import ClassVar, Self

from msgspec.structs import replace

from tertulia.ml.parts import Parts
from tertulia.ml.told import part_of
from tertulia.nlu.classifiers.label_model import LabelModel
from tertulia.nlu.classifiers.learned import LearnedConfig, classify, train_intents
from tertulia.nlu.component import ENTITIES, FEATURES, INTENT, Component, Setting, Training
from tertulia.nlu.extractors.tag_model import TagConfig, Tagging, TagModel
from tertulia.nlu.message import Message

_TAGGER = "tagger."


class DietConfig(LearnedConfig, frozen=True, kw_only=True):
    """intent_classification, entity_recognition: switch either half off. Else as for the halves."""

    intent_classification: bool = True
    entity_recognition: bool = True
    BILOU_flag: bool = True
    split_entities_by_comma: bool | dict[str, bool] = True

    @property
    def tagging(self) -> TagConfig:
        """The parameters of the entity half."""
        return TagConfig(
            BILOU_flag=self.BILOU_flag,
            split_entities_by_comma=self.split_entities_by_comma,
            word_vectors=self.word_vectors and not self.featurizers,
        )


class DietClassifier(Component[DietConfig]):
    """Classifies the intent, then finds entities with roles and groups, knowing the intent."""

    Config = DietConfig
    requires: ClassVar[frozenset[str]] = frozenset({FEATURES})
    provides: ClassVar[frozenset[str]] = frozenset({INTENT, ENTITIES})
    trainable_entities = True

    def __init__(
        self,
        config: DietConfig,
        setting: Setting,
        intents: LabelModel | None = None,
        tagger: TagModel | None = None,
    ) -> None:
        super().__init__(config, setting)
        self._intents = intents
        self._tagger = tagger

    @classmethod
    def train(cls, config: DietConfig, setting: Setting, training: Training) -> Self:
        """Learn both halves, as far as they are switched on."""
        intents = tagger = tagging = None
        told, middle = training.told, 1.0
        if config.entity_recognition:
            seed, by_intent = config.seed(training.seed), config.intent_classification
            tagging = Tagging.begin(
                config.tagging, setting, training, seed=seed, by_intent=by_intent
            )
            middle = 1.0 if tagging is None or tagging.beside.is_begun else 0.5
        if config.intent_classification:
            intents = train_intents(config, replace(training, told=part_of(told, 0.0, middle)))
        if tagging is not None:
            tagger = TagModel.of(tagging, part_of(told, middle if intents else 0.0, 1.0))
        return cls(config, setting, intents, tagger)

    def process(self, message: Message) -> None:
        """Set intent and ranking, append entities."""
        if self._intents is not None:
            classify(self._intents, message, self.config)
        if self._tagger is not None:
            message.entities += self._tagger.entities(message, self.setting)

    def parts(self) -> Parts:
        """Return both models; the tagger's arrays carry a prefix."""
        meta, arrays = {}, {}
        if self._intents is not None:
            own = self._intents.parts()
            meta, arrays = {"intents": own.meta}, dict(own.arrays)
        if self._tagger is not None:
            own = self._tagger.parts()
            meta |= {"tagger": own.meta}
            arrays |= {_TAGGER + name: array for name, array in own.arrays.items()}
        return Parts(meta=meta, arrays=arrays)

    @classmethod
    def from_parts(cls, config: DietConfig, setting: Setting, parts: Parts) -> Self:
        """Return the classifier with its models."""
        intents = tagger = None
        if "intents" in parts.meta:
            plain = {n: a for n, a in parts.arrays.items() if not n.startswith(_TAGGER)}
            intents = LabelModel.from_parts(Parts(meta=parts.meta["intents"], arrays=plain))
        if "tagger" in parts.meta:
            own = {
                n.removeprefix(_TAGGER): a for n, a in parts.arrays.items() if n.startswith(_TAGGER)
            }
            found = Parts(meta=parts.meta["tagger"], arrays=own)
            tagger = TagModel.from_parts(config.tagging, found)
        return cls(config, setting, intents, tagger)
