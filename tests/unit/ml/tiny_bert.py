"""A folder with a language model of random weights, small enough to be checked by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tertulia.ml.safetensors import write_arrays

TERMS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "book", "##ing", "a", "table", "!", "京"]
SIZE, LAYERS, HEADS, WIDE, PLACES = 8, 2, 2, 16, 12

Arrays = dict[str, NDArray[Any]]


def tiny_arrays(seed: int = 0) -> Arrays:
    """Return weights under the names that BERT's have."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> NDArray[Any]:
        return rng.standard_normal(shape).astype(np.float32) * np.float32(0.5)

    arrays: Arrays = {
        "embeddings.word_embeddings.weight": drawn(len(TERMS), SIZE),
        "embeddings.position_embeddings.weight": drawn(PLACES, SIZE),
        "embeddings.token_type_embeddings.weight": drawn(2, SIZE),
    }
    norms = ["embeddings.LayerNorm"]
    dense: dict[str, tuple[int, int]] = {}
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            dense[f"{prefix}attention.self.{name}"] = (SIZE, SIZE)
        dense[f"{prefix}attention.output.dense"] = (SIZE, SIZE)
        dense[f"{prefix}intermediate.dense"] = (WIDE, SIZE)
        dense[f"{prefix}output.dense"] = (SIZE, WIDE)
        norms += [f"{prefix}attention.output.LayerNorm", f"{prefix}output.LayerNorm"]
    for name, shape in dense.items():
        arrays |= {f"{name}.weight": drawn(*shape), f"{name}.bias": drawn(shape[0])}
    for name in norms:
        arrays |= {f"{name}.weight": drawn(SIZE) + 1, f"{name}.bias": drawn(SIZE)}
    return arrays


def tiny_config(**changes: Any) -> dict[str, Any]:
    """Return what `config.json` says of the weights."""
    return {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": SIZE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": PLACES,
        "layer_norm_eps": 1e-12,
        **changes,
    }


def write_tiny_bert(folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Write the folder of a language model and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(tiny_config(**changes)))
    (folder / "vocab.txt").write_text("\n".join(TERMS) + "\n", "utf-8")
    (folder / "model.safetensors").write_bytes(write_arrays(tiny_arrays(seed)))
    return folder
