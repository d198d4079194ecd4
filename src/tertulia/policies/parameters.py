"""Parameters of the originals' learned policies: known here, but without effect.

Any other unknown name is a mistake, so it stays an error.
Source: spec policies.md section 6.
"""

from typing import Final

_LEARNING: Final = [
    "batch_size",
    "batch_strategy",
    "learning_rate",
    "optimizer",
    "loss_type",
    "evaluate_on_number_of_examples",
    "evaluate_every_number_of_epochs",
    "tensorboard_log_directory",
    "tensorboard_log_level",
    "checkpoint_model",
    "use_gpu",
    "tf_config",
    "validation_split",
]

_TED: Final = (
    *_LEARNING,
    *[
        "hidden_layers_sizes",
        "dense_dimension",
        "concat_dimension",
        "encoding_dimension",
        "transformer_size",
        "number_of_transformer_layers",
        "number_of_attention_heads",
        "use_key_relative_attention",
        "use_value_relative_attention",
        "max_relative_position",
        "unidirectional_encoder",
        "embedding_dimension",
        "number_of_negative_examples",
        "similarity_type",
        "scale_loss",
        "maximum_positive_similarity",
        "maximum_negative_similarity",
        "use_maximum_negative_similarity",
        "regularization_constant",
        "negative_margin_scale",
        "drop_rate",
        "drop_rate_dialogue",
        "drop_rate_label",
        "drop_rate_attention",
        "connection_density",
        "weight_sparsity",
        "use_sparse_input_dropout",
        "use_dense_input_dropout",
        "use_masked_language_model",
        "featurizers",
        "entity_recognition",
        "constrain_similarities",
        "model_confidence",
        "BILOU_flag",
        "split_entities_by_comma",
    ],
)

_ONCE_EMBEDDING: Final = [
    "hidden_layers_sizes_a",
    "hidden_layers_sizes_b",
    "hidden_layers_sizes_pre_dial",
    "hidden_layers_sizes_bot",
    "rnn_size",
    "transformer_size",
    "layer_norm",
    "num_transformer_layers",
    "num_heads",
    "pos_encoding",
    "max_seq_length",
    "embed_dim",
    "mu_pos",
    "mu_neg",
    "num_neg",
    "use_max_sim_neg",
    "C2",
    "C_emb",
    "scale_loss_by_action_counts",
    "droprate_a",
    "droprate_b",
    "droprate_rnn",
    "droprate",
    "attn_before_rnn",
    "attn_after_rnn",
    "sparse_attention",
    "attn_shift_range",
    "evaluate_every_num_epochs",
    "evaluate_on_num_examples",
]

NO_EFFECT: Final[dict[str, frozenset[str]]] = {
    "MemoizationPolicy": frozenset({"enable_feature_string_compression"}),
    "AugmentedMemoizationPolicy": frozenset({"enable_feature_string_compression"}),
    "KerasPolicy": frozenset(
        {
            *_LEARNING,
            "rnn_size",
            "verbose",
            "callbacks",
            "shuffle",
            "class_weight",
            "sample_weight",
            "initial_epoch",
            "steps_per_epoch",
            "validation_steps",
        }
    ),
    "EmbeddingPolicy": frozenset({*_LEARNING, *_ONCE_EMBEDDING, "similarity_type"}),
    "SklearnPolicy": frozenset(
        {
            "model",
            "param_grid",
            "cv",
            "scoring",
            "label_encoder",
            "shuffle",
            "C",
            "penalty",
            "solver",
            "max_iter",
            "tol",
            "class_weight",
            "n_jobs",
            "n_estimators",
            "max_depth",
        }
    ),
    "TEDPolicy": frozenset({*_TED, *_ONCE_EMBEDDING, "max_training_samples"}),
    "UnexpecTEDIntentPolicy": frozenset(
        {*_TED, "renormalize_confidences", "e2e_confidence_threshold"}
    ),
}
"""Accepted by policy; a warning says once that they do nothing here."""
