"""Where word vectors join a pipeline that does not name them: that of every English bot."""

from collections.abc import Sequence

from tertulia.nlu.classifiers.learned import LearnedConfig
from tertulia.nlu.components import find_component
from tertulia.nlu.config import ComponentConfig, convert_params
from tertulia.nlu.english import is_english

FEATURIZER = "WordVectorsFeaturizer"
# What has vectors of its own knows more than a table of words.
_OTHERS = frozenset(
    {FEATURIZER, "LanguageModelFeaturizer", "SentenceEmbeddingFeaturizer", "SpacyFeaturizer"}
)


def with_word_vectors(configs: Sequence[ComponentConfig], language: str) -> list[ComponentConfig]:
    """Return the pipeline, with word vectors before the first component that learns from them.

    Only for English, where no other component makes vectors and the one that learns does not say
    `word_vectors: false`.
    """
    same = list(configs)
    if not is_english(language) or _OTHERS & {one.name for one in configs}:
        return same
    for place, config in enumerate(configs):
        if _wants(config):
            own = ComponentConfig(name=FEATURIZER, written=FEATURIZER, params={}, at=config.at)
            return [*same[:place], own, *same[place:]]
    return same


def _wants(config: ComponentConfig) -> bool:
    """Whether a component learns from all that is known of a text, word vectors included."""
    params = convert_params(config.params, find_component(config.name).Config)
    return isinstance(params, LearnedConfig) and params.word_vectors and not params.featurizers
