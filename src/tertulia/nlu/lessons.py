"""What learning would note about the examples, found without learning anything.

Source: spec nlu.md section 7.3.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ComponentError
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import NluData
from tertulia.nlu.classifiers.learned import LearnedConfig, note_few_intents
from tertulia.nlu.component import READING, TOKENS, Lesson, Setting, Training
from tertulia.nlu.components import AnyComponent, find_component
from tertulia.nlu.config import ComponentConfig, convert_params
from tertulia.nlu.extractors.tag_model import note_misaligned
from tertulia.nlu.message import Message
from tertulia.nlu.selectors.response import ResponseSelectorConfig, note_unknown_intent


def check_lessons(
    configs: Sequence[ComponentConfig],
    data: NluData,
    generation: Generation,
    diagnostics: Diagnostics,
    *,
    language: str = "en",
) -> None:
    """Note too few intents, selectors without examples, and entities that are no whole words.

    Cost: examples with entities are split into words once.
    """
    training = Training(
        data=data,
        lessons=[Lesson(one, Message(one.text)) for one in data.examples if one.entities],
        responses={},
        seed=0,
        diagnostics=diagnostics,
    )
    prepared = True
    for config in configs:
        found = find_component(config.name, at=config.at)
        params = convert_params(config.params, found.Config)
        setting = _setting(config, generation, language)
        if prepared and found.provides & {READING, TOKENS}:
            prepared = _prepare(found, params, setting, training, at=config.at)
        _note_labels(config, params, data, diagnostics)
        if _learns(config, "entity_recognition") and found.trainable_entities:
            note_misaligned(setting, training)


def _note_labels(
    config: ComponentConfig, params: Struct, data: NluData, diagnostics: Diagnostics
) -> None:
    if isinstance(params, ResponseSelectorConfig):
        note_unknown_intent(params.retrieval_intent, data.retrieval_intents, diagnostics)
    elif isinstance(params, LearnedConfig) and _learns(config, "intent_classification"):
        note_few_intents([one.intent for one in data.examples if one.intent], diagnostics)


def _prepare(
    found: type[AnyComponent],
    params: Struct,
    setting: Setting,
    training: Training,
    *,
    at: SourceSpan | None,
) -> bool:
    """Let a component write on the messages; note when something of it is not on this machine."""
    try:
        component = found.train(params, setting, replace(training, lessons=[]))
    except ComponentError as error:
        training.diagnostics.error(error.code, error.message, hint=error.hint, at=at)
        return False
    component.prepare([lesson.message for lesson in training.lessons])
    return True


def _setting(config: ComponentConfig, generation: Generation, language: str) -> Setting:
    name = config.written if generation is Generation.LEGACY else config.name
    return Setting(name=name, key=config.name, generation=generation, language=language)


def _learns(config: ComponentConfig, half: str) -> bool:
    """Tell whether a component that has two halves has this one switched on."""
    return config.params.get(half) is not False
