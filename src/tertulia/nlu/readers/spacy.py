"""SpacyNLP: brings a spaCy model, from a folder or an installed package, for those that follow.

Source: spec nlu.md section 7.2 for the names of parameters.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from tertulia.base.errors import ComponentError
from tertulia.ml.parts import Parts
from tertulia.ml.spacy_model import SpacyModel, is_spacy_model, load_spacy_model
from tertulia.ml.spacy_text import SpacyText
from tertulia.nlu.component import READING, Component, Setting, Training
from tertulia.nlu.message import Message

_HINT = (
    "Let `model` be the name of an installed package, such as en_core_web_md, or a folder that "
    "spaCy has written. Nothing is downloaded."
)
# What the short names of languages stood for when spaCy had such.
_KINDS = ("core_web", "core_news")
_SIZES = ("md", "lg", "sm")


class SpacyNlpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """model: an installed package or a folder; None: one for the language of the pipeline.

    case_sensitive: letter case counts for words and vectors; for named entities it always does.
    """

    model: str | None = None
    case_sensitive: bool = False


class SpacyNlp(Component[SpacyNlpConfig]):
    """Hands each text to the model, which reads it when somebody asks; learns nothing.

    A model file keeps only the digest of the spaCy model, which has to be on the machine that
    serves.
    """

    Config = SpacyNlpConfig
    provides: ClassVar[frozenset[str]] = frozenset({READING})

    def __init__(self, config: SpacyNlpConfig, setting: Setting, model: SpacyModel) -> None:
        super().__init__(config, setting)
        self._model = model

    @classmethod
    def train(cls, config: SpacyNlpConfig, setting: Setting, training: Training) -> Self:
        """Load the model."""
        return cls(config, setting, _load(config, setting))

    def process(self, message: Message) -> None:
        """Let the model read the text, later."""
        message.spacy = SpacyText(self._model, message.text, fold=not self.config.case_sensitive)

    def parts(self) -> Parts:
        """Return the digest of the model."""
        return Parts(meta={"digest": self._model.digest})

    @classmethod
    def from_parts(cls, config: SpacyNlpConfig, setting: Setting, parts: Parts) -> Self:
        """Load the model again, which must be that of the training."""
        model = _load(config, setting)
        if model.digest != msgspec.convert(parts.meta["digest"], str):
            raise ComponentError(
                "the spaCy model on this machine is not the one of the training",
                hint="Bring the same model, or train again with --force.",
                code="T522",
            )
        return cls(config, setting, model)


def text_of(message: Message) -> SpacyText:
    """Return the text as spaCy sees it.

    Raises:
        ComponentError: SpacyNLP has not been there.
    """
    if message.spacy is None:
        raise ComponentError(
            "spaCy has not seen the text", hint="Add SpacyNLP further up in the pipeline."
        )
    return message.spacy


def _load(config: SpacyNlpConfig, setting: Setting) -> SpacyModel:
    """Return the model of a configuration.

    Raises:
        ComponentError: it is not on this machine, or spaCy cannot load it.
        MissingExtra: spaCy is not installed.
    """
    names = [config.model] if config.model else list(_names_for(setting.language))
    places = (place for name in names for place in _places(name))
    folder = next((place for place in places if is_spacy_model(place)), None)
    if folder is None:
        raise ComponentError(
            f"the spaCy model '{config.model or setting.language}' is not on this machine",
            hint=_HINT,
            code="T520",
        )
    try:
        return load_spacy_model(folder)
    except (OSError, ValueError) as error:
        raise ComponentError(
            f"the spaCy model in '{folder}' cannot be used: {error}",
            hint="Install the release of the model that fits the installed spaCy.",
            code="T521",
        ) from error


def _names_for(language: str) -> Iterator[str]:
    yield language
    for size in _SIZES:
        for kind in _KINDS:
            yield f"{language}_{kind}_{size}"


def _places(name: str) -> Iterator[Path]:
    yield Path(name)
    # A dotted name would import what is above it; a plain one is only looked up.
    if not name.isidentifier():
        return
    spec = importlib.util.find_spec(name)
    for home in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(home).glob(f"{name}-*"))
