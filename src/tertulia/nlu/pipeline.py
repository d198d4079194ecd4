"""A trained pipeline: components in order, from a text to what it means."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Generation
from tertulia.core.entity_server import EntityServer
from tertulia.core.understanding import Understanding
from tertulia.data.nlu import Example, NluData
from tertulia.ml.collector import collecting_rarely
from tertulia.ml.parts import Parts
from tertulia.ml.told import Told, unheard
from tertulia.nlu.checks import check_against_data, check_pipeline
from tertulia.nlu.classifiers.document import spoken
from tertulia.nlu.classifiers.learned import EmbeddingConfig
from tertulia.nlu.combined import combined_examples
from tertulia.nlu.component import ENTITIES, FEATURES, READING, TOKENS, Lesson, Setting, Training
from tertulia.nlu.components import AnyComponent, find_component
from tertulia.nlu.config import ComponentConfig, convert_params
from tertulia.nlu.message import Message
from tertulia.nlu.tokenizers.config import TokenizerConfig
from tertulia.nlu.word_vectors import with_word_vectors

Json = Any
Progress = Callable[[str], None]

MANIFEST = "pipeline"


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a stored pipeline says of itself."""

    generation: Generation
    language: str
    components: list["_StoredComponent"]


class _StoredComponent(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    shown: str
    key: str
    params: dict[str, Any]


class Pipeline:
    """Understands texts. Never changes, so threads may share it.

    entity_server: whom components may ask.
    """

    def __init__(
        self,
        components: Sequence[AnyComponent],
        stored: _Manifest,
        entity_server: EntityServer | None = None,
    ) -> None:
        self._components = tuple(components)
        self._stored = stored
        self._entity_server = entity_server

    @property
    def generation(self) -> Generation:
        """Whose shape the results have."""
        return self._stored.generation

    @property
    def names(self) -> tuple[str, ...]:
        """Today's names of the components, in order."""
        return tuple(one.name for one in self._stored.components)

    @property
    def asks(self) -> bool:
        """Whether a component asks another program, so that `parse` waits for it."""
        return any(component.asks for component in self._components)

    def connected(self, entity_server: EntityServer) -> "Pipeline":
        """Return the same pipeline with somebody to ask."""
        return Pipeline(self._components, self._stored, entity_server)

    @property
    def extractors(self) -> tuple[str, ...]:
        """Names, as results carry them, of the components that find entities."""
        return tuple(
            one.setting.name
            for one in self._components
            if ENTITIES in one.provides and getattr(one.config, "entity_recognition", True)
        )

    def parse(self, text: str) -> Understanding:
        """Return what the text means. Pure but for whom its components ask.

        Source: spec nlu.md section 8: 0.x does not even rank intents for an empty text.
        """
        message = Message(text, self._entity_server)
        if not text and self.generation is Generation.LEGACY:
            return message.understanding(self.generation)
        for component in self._components:
            component.process(message)
        return message.understanding(self.generation)

    def parts(self) -> dict[str, Parts]:
        """Return the pipeline as data: one entry a component, and one that lists them."""
        manifest = Parts(meta=msgspec.to_builtins(self._stored))
        parts = {MANIFEST: manifest}
        for component in self._components:
            parts[component.setting.key] = component.parts()
        return parts

    @classmethod
    def from_parts(cls, parts: Mapping[str, Parts]) -> "Pipeline":
        """Return the pipeline that `parts` came from.

        Raises:
            ModelError: something is missing or has the wrong shape.
            UnknownComponent: a component is not installed here.
        """
        try:
            stored = msgspec.convert(parts[MANIFEST].meta, _Manifest)
            components = [_restored(one, stored, parts[one.key]) for one in stored.components]
        except (KeyError, IndexError, ValueError, TypeError, msgspec.MsgspecError) as error:
            raise ModelError(
                f"the NLU part of the model is damaged: {error}",
                hint="Train again.",
            ) from error
        return cls(components, stored)


@collecting_rarely()
def train_pipeline(  # noqa: PLR0913 - every input of training is named at the call
    configs: Sequence[ComponentConfig],
    data: NluData,
    *,
    generation: Generation,
    diagnostics: Diagnostics,
    language: str = "en",
    seed: int = 0,
    responses: Mapping[str, Sequence[Json]] | None = None,
    progress: Progress | None = None,
    told: Told = unheard,
) -> Pipeline:
    """Return the pipeline, trained; the same arguments give the same pipeline.

    Args:
        configs: from `read_pipeline`, in order.
        data: what to learn from.
        generation: whose rules the components follow.
        diagnostics: takes what is odd; errors stop training.
        language: ISO code; word vectors join pipelines of English bots.
        seed: of all chance in training; components with a seed of their own use that.
        responses: the domain's responses by name, as plain JSON; those of the data are added.
        progress: is told the name of each component before it trains.
        told: how far the component is that trains.

    Raises:
        ProblemsFound: the pipeline cannot work.
    """
    check_pipeline(configs, diagnostics)
    check_against_data(configs, data, diagnostics)
    diagnostics.raise_if_errors()
    training = Training(
        data=data,
        lessons=_lessons(data.examples),
        combined=_lessons(_combined(configs, data)),
        names=_label_names(data),
        responses=_all_responses(data, responses or {}),
        seed=seed,
        diagnostics=diagnostics,
        told=told,
    )
    components: list[AnyComponent] = []
    stored: list[_StoredComponent] = []
    for place, config in enumerate(with_word_vectors(configs, language)):
        if progress is not None:
            progress(config.name)
        found = find_component(config.name, at=config.at)
        name, key = _shown_name(config, generation), f"{place}.{config.name}"
        setting = Setting(name=name, key=key, generation=generation, language=language)
        component = found.train(convert_params(config.params, found.Config), setting, training)
        if found.provides & {READING, TOKENS, FEATURES}:
            component.prepare(training.messages)
        components.append(component)
        stored.append(_StoredComponent(name=config.name, shown=name, key=key, params=config.params))
    diagnostics.raise_if_errors()
    manifest = _Manifest(generation=generation, language=language, components=stored)
    return Pipeline(components, manifest)


def _lessons(examples: Iterable[Example]) -> list[Lesson]:
    return [Lesson(example, Message(example.text)) for example in examples]


def _combined(configs: Sequence[ComponentConfig], data: NluData) -> list[Example]:
    """Return examples of combined intents, when a component says that names may be combined."""
    told = (convert_params(one.params, find_component(one.name).Config) for one in configs)
    symbols = [
        one.intent_split_symbol
        for one in told
        if isinstance(one, TokenizerConfig | EmbeddingConfig) and one.intent_tokenization_flag
    ]
    return combined_examples(data.examples, symbols[0]) if symbols else []


def _shown_name(config: ComponentConfig, generation: Generation) -> str:
    """Return the name that results carry: 0.x wrote `ner_crf` where its file said so."""
    return config.written if generation is Generation.LEGACY else config.name


def _label_names(data: NluData) -> dict[str, Message]:
    """Return a message for each label whose name has words in it."""
    labels = [label for one in data.examples for label in (one.intent, one.response_key) if label]
    names = {label: spoken(label) for label in dict.fromkeys(labels)}
    return {label: Message(text) for label, text in names.items() if text}


def _all_responses(
    data: NluData, responses: Mapping[str, Sequence[Json]]
) -> dict[str, Sequence[Json]]:
    own = {name: [node.plain() for node in nodes] for name, nodes in data.responses.items()}
    return {**own, **responses}


def _restored(one: _StoredComponent, stored: _Manifest, parts: Parts) -> AnyComponent:
    found = find_component(one.name, trusted=False)
    setting = Setting(
        name=one.shown, key=one.key, generation=stored.generation, language=stored.language
    )
    return found.from_parts(convert_params(one.params, found.Config), setting, parts)
