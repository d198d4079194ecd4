"""What learning would note about the examples, found without learning anything.

Source: spec nlu.md section 7.3.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import NluData
from tertulia.nlu.classifiers.learned import LearnedConfig, note_few_intents
from tertulia.nlu.component import TOKENS, Component, Lesson, Setting, Training
from tertulia.nlu.components import find_component
from tertulia.nlu.config import ComponentConfig, convert_params
from tertulia.nlu.extractors.tag_model import note_misaligned
from tertulia.nlu.message import Message
from tertulia.nlu.selectors.response import ResponseSelectorConfig, note_unknown_intent


def check_lessons(
    configs: Sequence[ComponentConfig],
    data: NluData,
    generation: Generation,
    diagnostics: Diagnostics,
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
    for config in configs:
        found = find_component(config.name, at=config.at)
        params = convert_params(config.params, found.Config)
        setting = _setting(config, generation)
        if TOKENS in found.provides:
            _split(found.train(params, setting, replace(training, lessons=[])), training)
        if isinstance(params, ResponseSelectorConfig):
            note_unknown_intent(params.retrieval_intent, data.retrieval_intents, diagnostics)
        elif isinstance(params, LearnedConfig) and _learns(config, "intent_classification"):
            note_few_intents([one.intent for one in data.examples if one.intent], diagnostics)
        if _learns(config, "entity_recognition") and found.trainable_entities:
            note_misaligned(setting, training)


def _split(tokenizer: Component[Any], training: Training) -> None:
    for lesson in training.lessons:
        tokenizer.process(lesson.message)


def _setting(config: ComponentConfig, generation: Generation) -> Setting:
    name = config.written if generation is Generation.LEGACY else config.name
    return Setting(name=name, key=config.name, generation=generation)


def _learns(config: ComponentConfig, half: str) -> bool:
    """Tell whether a component that has two halves has this one switched on."""
    return config.params.get(half) is not False
