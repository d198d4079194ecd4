"""Which names in a configuration belong to one generation of the originals only.

Source: spec policies.md section 1, nlu.md section 7.
"""

from typing import Final

LEGACY_POLICIES: Final = frozenset(
    {
        "FormPolicy",
        "MappingPolicy",
        "FallbackPolicy",
        "TwoStageFallbackPolicy",
        "KerasPolicy",
        "SklearnPolicy",
        "EmbeddingPolicy",
    }
)
MODERN_POLICIES: Final = frozenset({"RulePolicy", "UnexpecTEDIntentPolicy"})

LEGACY_COMPONENTS: Final = frozenset(
    {"EmbeddingIntentClassifier", "NGramFeaturizer", "DucklingHTTPExtractor"}
)
MODERN_COMPONENTS: Final = frozenset(
    {
        "DucklingEntityExtractor",
        "FallbackClassifier",
        "LogisticRegressionClassifier",
        "RegexEntityExtractor",
    }
)
LEGACY_PREFIXES: Final = ("rasa_core.", "rasa_nlu.")
