"""Names of NLU components, templates and parameters of every generation, and what became of them.

Source: spec nlu.md sections 7.1 and 7.2.
"""

from typing import Final

OLD_NAMES: Final[dict[str, str]] = {
    "nlp_spacy": "SpacyNLP",
    "nlp_mitie": "MitieNLP",
    "tokenizer_whitespace": "WhitespaceTokenizer",
    "tokenizer_jieba": "JiebaTokenizer",
    "tokenizer_spacy": "SpacyTokenizer",
    "tokenizer_mitie": "MitieTokenizer",
    "intent_entity_featurizer_regex": "RegexFeaturizer",
    "intent_featurizer_count_vectors": "CountVectorsFeaturizer",
    "intent_featurizer_ngrams": "NGramFeaturizer",
    "intent_featurizer_spacy": "SpacyFeaturizer",
    "intent_featurizer_mitie": "MitieFeaturizer",
    "intent_classifier_keyword": "KeywordIntentClassifier",
    "intent_classifier_sklearn": "SklearnIntentClassifier",
    "intent_classifier_mitie": "MitieIntentClassifier",
    "intent_classifier_tensorflow_embedding": "EmbeddingIntentClassifier",
    "ner_crf": "CRFEntityExtractor",
    "ner_spacy": "SpacyEntityExtractor",
    "ner_mitie": "MitieEntityExtractor",
    "ner_duckling_http": "DucklingEntityExtractor",
    "DucklingHTTPExtractor": "DucklingEntityExtractor",
    "ner_synonyms": "EntitySynonymMapper",
    "HFTransformersNLP": "LanguageModelFeaturizer",
}

# Component to (pip extra that it will need, what to write instead today).
UNAVAILABLE: Final[dict[str, tuple[str, str]]] = {
    "MitieNLP": ("mitie", "Remove it together with the other Mitie components."),
    "MitieTokenizer": ("mitie", "Use WhitespaceTokenizer instead."),
    "MitieFeaturizer": ("mitie", "Use CountVectorsFeaturizer instead."),
    "MitieIntentClassifier": ("mitie", "Use LogisticRegressionClassifier instead."),
    "MitieEntityExtractor": ("mitie", "Use CRFEntityExtractor instead."),
    "ConveRTTokenizer": ("embeddings", "Use WhitespaceTokenizer instead."),
    "ConveRTFeaturizer": ("embeddings", "Use LanguageModelFeaturizer instead."),
    "LanguageModelTokenizer": ("embeddings", "Use WhitespaceTokenizer instead."),
}

_CHARACTERS: Final = {"analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4}
_FEATURES: Final[list[tuple[str, dict[str, object]]]] = [
    ("WhitespaceTokenizer", {}),
    ("RegexFeaturizer", {}),
]

Template = list[tuple[str, dict[str, object]]]

TEMPLATES: Final[dict[str, Template]] = {
    "tensorflow_embedding": [
        ("tokenizer_whitespace", {}),
        ("ner_crf", {}),
        ("ner_synonyms", {}),
        ("intent_featurizer_count_vectors", {}),
        ("intent_classifier_tensorflow_embedding", {}),
    ],
    "supervised_embeddings": [
        *_FEATURES,
        ("CRFEntityExtractor", {}),
        ("EntitySynonymMapper", {}),
        ("CountVectorsFeaturizer", {}),
        ("CountVectorsFeaturizer", {**_CHARACTERS}),
        ("EmbeddingIntentClassifier", {}),
    ],
    "spacy_sklearn": [
        ("nlp_spacy", {}),
        ("tokenizer_spacy", {}),
        ("intent_featurizer_spacy", {}),
        ("intent_entity_featurizer_regex", {}),
        ("ner_crf", {}),
        ("ner_synonyms", {}),
        ("intent_classifier_sklearn", {}),
    ],
    "pretrained_embeddings_spacy": [
        ("SpacyNLP", {}),
        ("SpacyTokenizer", {}),
        ("SpacyFeaturizer", {}),
        ("RegexFeaturizer", {}),
        ("CRFEntityExtractor", {}),
        ("EntitySynonymMapper", {}),
        ("SklearnIntentClassifier", {}),
    ],
    "keyword": [("KeywordIntentClassifier", {})],
    "pretrained_embeddings_convert": [
        ("WhitespaceTokenizer", {}),
        ("ConveRTFeaturizer", {}),
        ("EmbeddingIntentClassifier", {}),
    ],
}

SUGGESTED: Final[Template] = [
    *_FEATURES,
    ("LexicalSyntacticFeaturizer", {}),
    ("CountVectorsFeaturizer", {}),
    ("CountVectorsFeaturizer", {**_CHARACTERS}),
    ("DIETClassifier", {}),
    ("EntitySynonymMapper", {}),
    ("ResponseSelector", {}),
    ("FallbackClassifier", {"threshold": 0.3, "ambiguity_threshold": 0.1}),
]

# Old parameter to the new one; a dot leads into a mapping.
RENAMED_PARAMETERS: Final[dict[str, str]] = {
    "hidden_layers_sizes_a": "hidden_layers_sizes.text",
    "hidden_layers_sizes_b": "hidden_layers_sizes.label",
    "embed_dim": "embedding_dimension",
    "num_neg": "number_of_negative_examples",
    "mu_pos": "maximum_positive_similarity",
    "mu_neg": "maximum_negative_similarity",
    "use_max_sim_neg": "use_maximum_negative_similarity",
    "C2": "regularization_constant",
    "C_emb": "negative_margin_scale",
    "num_transformer_layers": "number_of_transformer_layers",
    "num_heads": "number_of_attention_heads",
    "dense_dim": "dense_dimension",
    "evaluate_every_num_epochs": "evaluate_every_number_of_epochs",
    "evaluate_on_num_examples": "evaluate_on_number_of_examples",
    "droprate": "drop_rate",
    "droprate_a": "drop_rate_dialogue",
    "droprate_b": "drop_rate_label",
}

_NETWORK: Final = frozenset(
    {
        "epochs",
        "batch_size",
        "batch_strategy",
        "learning_rate",
        "hidden_layers_sizes",
        "share_hidden_layers",
        "transformer_size",
        "number_of_transformer_layers",
        "number_of_attention_heads",
        "use_key_relative_attention",
        "use_value_relative_attention",
        "max_relative_position",
        "unidirectional_encoder",
        "embedding_dimension",
        "dense_dimension",
        "concat_dimension",
        "number_of_negative_examples",
        "similarity_type",
        "loss_type",
        "maximum_positive_similarity",
        "maximum_negative_similarity",
        "use_maximum_negative_similarity",
        "scale_loss",
        "regularization_constant",
        "negative_margin_scale",
        "drop_rate",
        "drop_rate_attention",
        "drop_rate_dialogue",
        "drop_rate_label",
        "connection_density",
        "use_sparse_input_dropout",
        "use_dense_input_dropout",
        "evaluate_every_number_of_epochs",
        "evaluate_on_number_of_examples",
        "use_masked_language_model",
        "constrain_similarities",
        "model_confidence",
        "tensorboard_log_directory",
        "tensorboard_log_level",
        "checkpoint_model",
        "run_eagerly",
        "drop_small_last_batch",
    }
)
_LINEAR: Final = frozenset(
    {
        "C",
        "gamma",
        "kernels",
        "max_cross_validation_folds",
        "scoring_function",
        "num_threads",
        "max_iter",
        "solver",
        "tol",
        "class_weight",
    }
)
_TOKENIZING: Final = (
    frozenset({"prefix_separator_symbol", "case_sensitive"}),
    "letter case is the business of those who read the words",
)

# Parameters of the originals that have no effect here, and why.
WITHOUT_EFFECT: Final[dict[str, tuple[frozenset[str], str]]] = {
    "WhitespaceTokenizer": _TOKENIZING,
    "SpacyTokenizer": _TOKENIZING,
    "JiebaTokenizer": _TOKENIZING,
    "CountVectorsFeaturizer": (
        frozenset({"use_shared_vocab", "additional_vocabulary_size"}),
        "vocabularies grow by training again",
    ),
    "RegexFeaturizer": (
        frozenset({"number_additional_patterns"}),
        "patterns are added by training again",
    ),
    "NGramFeaturizer": (
        frozenset({"max_number_of_ngrams", "min_intent_examples"}),
        "all n-grams count",
    ),
    "DIETClassifier": (_NETWORK, "the model is small and chooses its own training schedule"),
    "ResponseSelector": (
        _NETWORK | {"use_text_as_label", "BILOU_flag"},
        "the model is small, learns the labels, and chooses its own training schedule",
    ),
    "EmbeddingIntentClassifier": (
        _NETWORK,
        "the model is small and chooses its own training schedule",
    ),
    "SklearnIntentClassifier": (_LINEAR, "the model chooses its own regularisation"),
    "LogisticRegressionClassifier": (_LINEAR, "the model chooses its own training schedule"),
    "CRFEntityExtractor": (
        frozenset({"max_iterations", "L1_c", "L2_c"}),
        "the tagger chooses its own training schedule",
    ),
}

POLICY_ENDING: Final = "Policy"
