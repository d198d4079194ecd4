"""Entity extractor with a conditional random field: CRFEntityExtractor, ner_crf."""

from typing import ClassVar, Self

from tertulia.ml.parts import Parts
from tertulia.nlu.component import ENTITIES, TOKENS, Component, Setting, Training
from tertulia.nlu.extractors.tag_model import TagConfig, TagModel
from tertulia.nlu.message import Message


class CrfConfig(TagConfig, frozen=True, kw_only=True):
    """featurizers: accepted for its name; features of tokens are always all used."""

    featurizers: tuple[str, ...] = ()


class CrfEntityExtractor(Component[CrfConfig]):
    """Learns entities, with roles and groups, from the annotated examples."""

    Config = CrfConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({ENTITIES})
    trainable_entities = True

    def __init__(self, config: CrfConfig, setting: Setting, model: TagModel | None = None) -> None:
        super().__init__(config, setting)
        self._model = model

    @classmethod
    def train(cls, config: CrfConfig, setting: Setting, training: Training) -> Self:
        """Learn the entities; without annotations nothing is ever found."""
        model = TagModel.train(config, setting, training, seed=training.seed)
        return cls(config, setting, model)

    def process(self, message: Message) -> None:
        """Append the entities found."""
        if self._model is not None:
            message.entities += self._model.entities(message, self.setting)

    def parts(self) -> Parts:
        """Return the model."""
        return Parts() if self._model is None else self._model.parts()

    @classmethod
    def from_parts(cls, config: CrfConfig, setting: Setting, parts: Parts) -> Self:
        """Return the extractor with its model."""
        return cls(config, setting, TagModel.from_parts(config, parts))
