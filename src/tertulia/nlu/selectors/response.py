"""Response selector: which response of a retrieval intent answers the message.

Source: spec nlu.md sections 6 and 8.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.understanding import RankedIntent
from tertulia.ml.parts import Parts
from tertulia.nlu.classifiers.label_model import LabelModel
from tertulia.nlu.classifiers.learned import LearnedConfig, name_documents, seen
from tertulia.nlu.component import FEATURES, SELECTION, Component, Setting, Training
from tertulia.nlu.message import Message

Json = Any

DEFAULT_SELECTOR = "default"


class ResponseSelectorConfig(LearnedConfig, frozen=True, kw_only=True):
    """retrieval_intent: the one whose responses are learned, None for those of all."""

    retrieval_intent: str | None = None


class ResponseSelector(Component[ResponseSelectorConfig]):
    """Ranks response keys such as `faq/name`; each selector writes under its own name."""

    Config = ResponseSelectorConfig
    requires: ClassVar[frozenset[str]] = frozenset({FEATURES})
    provides: ClassVar[frozenset[str]] = frozenset({SELECTION})

    def __init__(
        self,
        config: ResponseSelectorConfig,
        setting: Setting,
        model: LabelModel | None = None,
        intents: Sequence[str] = (),
        responses: Mapping[str, Sequence[Json]] | None = None,
    ) -> None:
        super().__init__(config, setting)
        self._model = model
        self._intents = tuple(intents)
        self._responses = {name: list(own) for name, own in (responses or {}).items()}

    @classmethod
    def train(cls, config: ResponseSelectorConfig, setting: Setting, training: Training) -> Self:
        """Learn the response keys of the examples."""
        wanted = config.retrieval_intent
        intents = training.data.retrieval_intents
        note_unknown_intent(wanted, intents, training.diagnostics)
        pairs = [
            (seen(config, one.message), one.example.response_key)
            for one in training.lessons
            if one.example.response_key and wanted in (None, one.example.intent)
        ]
        keys = [key for _, key in pairs]
        seed = config.seed(training.seed)
        model = LabelModel.train(
            [document for document, _ in pairs],
            keys,
            seed=seed,
            names=name_documents(config, training),
            told=training.told,
        )
        responses = {f"utter_{key}": training.responses.get(f"utter_{key}", ()) for key in keys}
        return cls(config, setting, model, intents, responses)

    def process(self, message: Message) -> None:
        """Add this selector's answer to `response_selector`."""
        ranking: list[RankedIntent] = []
        if self._model is not None and self._model.labels:
            document = seen(self.config, message)
            if not document.says_nothing:
                ranking = self._model.rank(document, self.config.ranking_length)
        key = ranking[0].name if ranking else None
        action = f"utter_{key}"
        selected = {
            "response": {
                "responses": self._responses.get(action),
                "confidence": ranking[0].confidence if ranking else 0.0,
                "intent_response_key": key,
                "utter_action": action,
            },
            "ranking": [
                {"confidence": one.confidence, "intent_response_key": one.name} for one in ranking
            ],
        }
        message.response_selector = {
            "all_retrieval_intents": list(self._intents),
            **(message.response_selector or {}),
            self.config.retrieval_intent or DEFAULT_SELECTOR: selected,
        }

    def parts(self) -> Parts:
        """Return the model and the responses."""
        if self._model is None:
            return Parts()
        own = self._model.parts()
        meta = {"model": own.meta, "intents": self._intents, "responses": self._responses}
        return Parts(meta=meta, arrays=own.arrays)

    @classmethod
    def from_parts(cls, config: ResponseSelectorConfig, setting: Setting, parts: Parts) -> Self:
        """Return the selector with its model."""
        if "model" not in parts.meta:
            return cls(config, setting)
        model = LabelModel.from_parts(Parts(meta=parts.meta["model"], arrays=parts.arrays))
        intents = msgspec.convert(parts.meta["intents"], list[str])
        responses = msgspec.convert(parts.meta["responses"], dict[str, list[Any]])
        return cls(config, setting, model, intents, responses)


def note_unknown_intent(
    wanted: str | None, intents: Sequence[str], diagnostics: Diagnostics
) -> None:
    """Note that a selector is for a retrieval intent that no example has."""
    if wanted is not None and wanted not in intents:
        diagnostics.warning(
            "T182",
            f"no example has the retrieval intent '{wanted}' that a response selector is for",
            hint=f"Retrieval intents in the data: {', '.join(intents) or 'none'}.",
        )
