"""A vector of a small language model for each text, from a folder or package on this machine.

Source: spec nlu.md section 7.2 for the names of parameters.
"""

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from tertulia.base.errors import ComponentError, TertuliaError
from tertulia.ml.parts import Parts
from tertulia.ml.rarity import Rarity
from tertulia.ml.sentences import CONFIG, SentenceEncoder
from tertulia.nlu.component import FEATURES, TOKENS, Component, Setting, Training
from tertulia.nlu.message import Message

VARIABLE = "TERTULIA_EMBEDDINGS"
_HINT = (
    "Let `model_weights` be a folder with config.json, vocab.txt and model.safetensors of a small "
    f"BERT, or an installed package that holds one; or set {VARIABLE}. Nothing is downloaded."
)


class LanguageModelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """model_weights: a folder, or an installed package that holds one. model_name: taken where
    there are no weights. cache_dir: a folder in which that name is looked up, too. alias: the name
    by which other components choose this featurizer.
    """

    model_name: str | None = None
    model_weights: str | None = None
    cache_dir: str | None = None
    alias: str | None = None


class LanguageModelFeaturizer(Component[LanguageModelConfig]):
    """Adds a vector to each text; learns which pieces of words are rare in the examples.

    A model file keeps that and the digest of the weights, which have to be on the machine that
    serves.
    """

    Config = LanguageModelConfig
    requires: ClassVar[frozenset[str]] = frozenset({TOKENS})
    provides: ClassVar[frozenset[str]] = frozenset({FEATURES})

    def __init__(
        self,
        config: LanguageModelConfig,
        setting: Setting,
        encoder: SentenceEncoder,
        *,
        early: bool = True,
        rarity: Rarity | None = None,
    ) -> None:
        super().__init__(config, setting)
        self._encoder = encoder
        self._early = early
        self._rarity = rarity

    @classmethod
    def train(cls, config: LanguageModelConfig, setting: Setting, training: Training) -> Self:
        """Load the weights."""
        encoder = load_encoder(config)
        rarity = encoder.rarity(message.text for message in training.messages)
        return cls(config, setting, encoder, rarity=rarity)

    def process(self, message: Message) -> None:
        """Add the vector."""
        self.prepare([message])

    def prepare(self, messages: Sequence[Message]) -> None:
        """Add the vectors of many texts, which is quicker together."""
        source = self.config.alias or self.setting.key
        texts = [message.text for message in messages]
        vectors = self._encoder.vectors(texts, early=self._early, rarity=self._rarity)
        for message, vector in zip(messages, vectors, strict=True):
            message.vectors.append((source, vector))

    def parts(self) -> Parts:
        """Return the digest of the weights, and which vectors classifiers have learned from."""
        arrays = {} if self._rarity is None else self._rarity.parts().arrays
        return Parts(meta={"digest": self._encoder.digest, "early": self._early}, arrays=arrays)

    @classmethod
    def from_parts(cls, config: LanguageModelConfig, setting: Setting, parts: Parts) -> Self:
        """Load the weights again, which must be those of the training."""
        encoder = load_encoder(config)
        if encoder.digest != msgspec.convert(parts.meta["digest"], str):
            raise ComponentError(
                "the language model on this machine is not the one of the training",
                hint="Bring the same weights, or train again.",
                code="T514",
            )
        # Models of older releases know the last layer alone, or one more.
        early = msgspec.convert(parts.meta.get("early", False), bool)
        return cls(config, setting, encoder, early=early, rarity=encoder.with_rarity(parts))


def load_encoder(config: LanguageModelConfig) -> SentenceEncoder:
    """Return the language model of a configuration.

    Raises:
        ComponentError: it is not on this machine, or its files are of another kind.
    """
    name = os.environ.get(VARIABLE) or config.model_weights or config.model_name or ""
    folder = next((one for one in _places(name, config.cache_dir) if _is_model(one)), None)
    if folder is None:
        raise ComponentError(
            f"the language model '{name}' is not on this machine", hint=_HINT, code="T512"
        )
    try:
        return SentenceEncoder.load(folder)
    except (OSError, ValueError, msgspec.MsgspecError, TertuliaError) as error:
        raise ComponentError(
            f"the language model in '{folder}' cannot be used: {error}", hint=_HINT, code="T513"
        ) from error


def _places(name: str, cache: str | None) -> Iterator[Path]:
    if not name:
        return
    yield Path(name)
    if cache is not None:
        yield Path(cache) / name
    package = name.replace("-", "_")
    # A dotted name would import what is above it; a plain one is only looked up.
    if package.isidentifier():
        spec = importlib.util.find_spec(package)
        for home in (spec.submodule_search_locations or []) if spec else []:
            yield Path(home)
            yield Path(home) / "model"


def _is_model(folder: Path) -> bool:
    return (folder / CONFIG).is_file()
