"""What a component of an NLU pipeline is: it trains, it writes on messages, it can be stored."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import Example, NluData
from tertulia.ml.parts import Parts
from tertulia.ml.told import Told, unheard
from tertulia.nlu.message import Message

Json = Any

READING, TOKENS, FEATURES, INTENT, ENTITIES, SELECTION = (
    "a reading by spaCy",
    "tokens",
    "features",
    "an intent",
    "entities",
    "a response",
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a component stands.

    name: as it appears in results, `ner_crf` or `CRFEntityExtractor`. key: unique in the pipeline.
    """

    name: str
    key: str
    generation: Generation
    language: str = "en"

    @property
    def legacy(self) -> bool:
        """Whether the pipeline follows 0.x and 1.x."""
        return self.generation is Generation.LEGACY


class Lesson(msgspec.Struct, frozen=True):
    """An example and its message, as the components before have prepared it."""

    example: Example
    message: Message


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What a component learns from.

    combined: more lessons of intents that are several at once; only their intents count.
    names: by label, a message of the words in its name, prepared like those of lessons.
    responses: the bot's responses by name, from NLU data and domain, as plain JSON.
    seed: of everything that is drawn by chance. told: how far the component is that learns.
    """

    data: NluData
    lessons: Sequence[Lesson]
    responses: Mapping[str, Sequence[Json]]
    seed: int
    diagnostics: Diagnostics
    combined: Sequence[Lesson] = ()
    names: Mapping[str, Message] = {}
    told: Told = unheard

    @property
    def messages(self) -> list[Message]:
        """Return all that components before prepare."""
        lessons = (*self.lessons, *self.combined)
        return [*(lesson.message for lesson in lessons), *self.names.values()]


C = TypeVar("C", bound=msgspec.Struct)


class Component(ABC, Generic[C]):
    """Base of all components. After training it never changes, so threads may share it.

    Config: its parameters. requires: what components before it must provide. provides: what it
    writes; what provides a reading, tokens or features also prepares the training messages.
    trainable_entities: learns entities from annotations. asks: asks another program about texts.
    """

    Config: ClassVar[type[msgspec.Struct]]
    requires: ClassVar[frozenset[str]] = frozenset()
    provides: ClassVar[frozenset[str]] = frozenset()
    trainable_entities: ClassVar[bool] = False
    asks: ClassVar[bool] = False

    def __init__(self, config: C, setting: Setting) -> None:
        self.config = config
        self.setting = setting

    @classmethod
    @abstractmethod
    def train(cls, config: C, setting: Setting, training: Training) -> Self:
        """Return the component, having learned."""

    @abstractmethod
    def process(self, message: Message) -> None:
        """Write on the message. Pure otherwise, and thread-safe."""

    def prepare(self, messages: Sequence[Message]) -> None:
        """Write on all messages of the training."""
        for message in messages:
            self.process(message)

    def parts(self) -> Parts:
        """Return what was learned; nothing by default."""
        return Parts()

    @classmethod
    def from_parts(cls, config: C, setting: Setting, parts: Parts) -> Self:
        """Return the component that `parts` came from; by default one that learned nothing."""
        return cls(config, setting)
