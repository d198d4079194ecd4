"""The NLU components by name; the only list of them."""

from typing import Any, Final, cast

from tertulia.base.errors import BadComponent
from tertulia.base.registry import Registry
from tertulia.base.source import SourceSpan
from tertulia.compat.nlu_names import OLD_NAMES
from tertulia.nlu.component import Component

AnyComponent = Component[Any]

_HERE: Final = "tertulia.nlu."
_LEARNED: Final = f"{_HERE}classifiers.learned:LearnedIntentClassifier"
_SENTENCES: Final = f"{_HERE}featurizers.language_model:LanguageModelFeaturizer"

BUILTIN: Final[dict[str, str]] = {
    "WhitespaceTokenizer": f"{_HERE}tokenizers.whitespace:WhitespaceTokenizer",
    "JiebaTokenizer": f"{_HERE}tokenizers.jieba:JiebaTokenizer",
    "SpacyNLP": f"{_HERE}readers.spacy:SpacyNlp",
    "SpacyTokenizer": f"{_HERE}tokenizers.spacy:SpacyTokenizer",
    "SpacyFeaturizer": f"{_HERE}featurizers.spacy:SpacyFeaturizer",
    "SpacyEntityExtractor": f"{_HERE}extractors.spacy:SpacyEntityExtractor",
    "RegexFeaturizer": f"{_HERE}featurizers.regex:RegexFeaturizer",
    "LexicalSyntacticFeaturizer": (
        f"{_HERE}featurizers.lexical_syntactic:LexicalSyntacticFeaturizer"
    ),
    "CountVectorsFeaturizer": f"{_HERE}featurizers.count_vectors:CountVectorsFeaturizer",
    "LanguageModelFeaturizer": _SENTENCES,
    "SentenceEmbeddingFeaturizer": _SENTENCES,
    "WordVectorsFeaturizer": f"{_HERE}featurizers.word_vectors:WordVectorsFeaturizer",
    "NGramFeaturizer": f"{_HERE}featurizers.count_vectors:NGramFeaturizer",
    "KeywordIntentClassifier": f"{_HERE}classifiers.keyword:KeywordIntentClassifier",
    "DIETClassifier": f"{_HERE}classifiers.diet:DietClassifier",
    "EmbeddingIntentClassifier": f"{_HERE}classifiers.learned:EmbeddingIntentClassifier",
    "LogisticRegressionClassifier": _LEARNED,
    "SklearnIntentClassifier": _LEARNED,
    "FallbackClassifier": f"{_HERE}classifiers.fallback:FallbackClassifier",
    "CRFEntityExtractor": f"{_HERE}extractors.crf:CrfEntityExtractor",
    "RegexEntityExtractor": f"{_HERE}extractors.regex:RegexEntityExtractor",
    "DucklingEntityExtractor": f"{_HERE}extractors.duckling:DucklingEntityExtractor",
    "EntitySynonymMapper": f"{_HERE}extractors.synonyms:EntitySynonymMapper",
    "ResponseSelector": f"{_HERE}selectors.response:ResponseSelector",
}

REGISTRY: Final[Registry[object]] = Registry(
    "NLU component", BUILTIN, aliases=OLD_NAMES, group="nlu"
)

TOKENIZER_ENDING: Final = "Tokenizer"
TAGGERS: Final = frozenset({"CRFEntityExtractor", "DIETClassifier"})


def find_component(
    name: str, *, at: SourceSpan | None = None, trusted: bool = True
) -> type[AnyComponent]:
    """Return the class of a component.

    trusted: the name comes from the user's own configuration; names out of a model file are
    not, and only find what the product or an installed plug-in brings.

    Raises:
        UnknownComponent: nothing has this name; the hint names the nearest.
        BadComponent: a class was found that is no NLU component.
    """
    found = REGISTRY.find(name, at=at, dotted=trusted)
    if not issubclass(found, Component):
        raise BadComponent(
            f"'{name}' is not an NLU component of this product",
            hint="Derive it from tertulia.nlu.component.Component; components written for "
            "another product's interface cannot run here.",
            at=at,
        )
    return cast(type[AnyComponent], found)
