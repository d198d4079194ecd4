"""The encoder of BERT with numpy alone, for small models that turn a text into a vector.

Source: Devlin et al. 2018; Abramowitz and Stegun 7.1.26 for the error function.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from tertulia.ml.parts import Array
from tertulia.ml.softmax import softmax
from tertulia.ml.sparse import FloatArray, IntArray


class BertShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's `config.json` says of it; other keys do not matter here."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    layer_norm_eps: float = 1e-12
    hidden_act: str = "gelu"
    model_type: str = "bert"

    def __post_init__(self) -> None:
        """Refuse what would be computed wrongly."""
        if self.model_type != "bert" or self.hidden_act != "gelu":
            raise ValueError(
                f"a model of type '{self.model_type}' with '{self.hidden_act}' is not known here"
            )
        if min(self.num_attention_heads, self.num_hidden_layers) < 1:
            raise ValueError("a model needs layers and heads")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError("the size of the model is no multiple of its heads")


class Embedding:
    """Numbers of pieces to what is known of each before any layer.

    words: (pieces, size). Raises ValueError when arrays are missing or have another shape than
    `shape` says.
    """

    def __init__(self, arrays: Mapping[str, Array], shape: BertShape) -> None:
        # A copy, so that the bytes of the file can go: all other arrays are made anew, too.
        self.words = named(arrays, "embeddings.word_embeddings.weight", 2).copy()
        positions = named(arrays, "embeddings.position_embeddings.weight", 2)
        kinds = named(arrays, "embeddings.token_type_embeddings.weight", 2)
        if {self.words.shape[1], positions.shape[1]} != {shape.hidden_size}:
            raise ValueError("the embeddings have another size than the model")
        # A text alone is always of the first kind.
        self._places: FloatArray = positions + kinds[0]
        self._norm = _Norm(arrays, "embeddings.LayerNorm", shape)

    def __call__(self, ids: IntArray) -> FloatArray:
        """Return (texts, pieces, size) for (texts, pieces) numbers."""
        texts, count = ids.shape
        inputs = self.words[ids] + self._places[:count]
        return self._norm(inputs.reshape(texts * count, -1)).reshape(texts, count, -1)


class Bert:
    """Numbers of pieces to a vector for each piece. Immutable, so threads may share it.

    Raises ValueError when arrays are missing or have another shape than `shape` says.
    """

    def __init__(self, arrays: Mapping[str, Array], shape: BertShape) -> None:
        self.shape = shape
        known = without_prefix(arrays)
        check_layers(known, shape)
        self.embedding = Embedding(known, shape)
        self._layers = [
            _Layer(known, f"encoder.layer.{number}.", shape)
            for number in range(shape.num_hidden_layers)
        ]

    @property
    def pieces(self) -> int:
        """Number of pieces known."""
        return len(self.embedding.words)

    def states(self, ids: IntArray, layers: Sequence[int]) -> list[FloatArray]:
        """Return (texts, pieces, size) after each of `layers`, counted from 0.

        ids: (texts, pieces) numbers, texts of the same length.
        """
        texts, count = ids.shape
        found: dict[int, FloatArray] = {}
        state = self.embedding(ids).reshape(texts * count, -1)
        for number, layer in enumerate(self._layers):
            state = layer(state, texts)
            found[number] = state.reshape(texts, count, -1)
        return [found[number] for number in layers]


class _Dense:
    """x @ weights + bias, where the weights are those of one or several layers side by side.

    They are kept the other way round than in a file: with the few rows of one text the product then
    runs through memory in order, and takes about a quarter less.
    """

    def __init__(self, arrays: Mapping[str, Array], *names: str) -> None:
        weights = [named(arrays, f"{name}.weight", 2) for name in names]
        biases = [named(arrays, f"{name}.bias", 1) for name in names]
        self.weights: FloatArray = np.ascontiguousarray(np.concatenate(weights).T)
        self.bias: FloatArray = np.concatenate(biases)

    def __call__(self, x: FloatArray) -> FloatArray:
        out: FloatArray = x @ self.weights
        out += self.bias
        return out


class _Norm:
    """Brings each row to mean zero and variance one, then scales and shifts it."""

    def __init__(self, arrays: Mapping[str, Array], name: str, shape: BertShape) -> None:
        self._scale = named(arrays, f"{name}.weight", 1).copy()
        self._shift = named(arrays, f"{name}.bias", 1).copy()
        self._tiny = np.float32(shape.layer_norm_eps)

    def __call__(self, x: FloatArray) -> FloatArray:
        centred: FloatArray = x - x.mean(axis=1, keepdims=True)
        variance: FloatArray = np.einsum("ij,ij->i", centred, centred)[:, None]
        variance /= np.float32(x.shape[1])
        centred /= np.sqrt(variance + self._tiny)
        centred *= self._scale
        centred += self._shift
        return centred


class _Layer:
    """Attention, then two dense layers, each added to what came in and normalised."""

    def __init__(self, arrays: Mapping[str, Array], prefix: str, shape: BertShape) -> None:
        self._heads = shape.num_attention_heads
        own = f"{prefix}attention."
        names = [f"{own}self.{name}" for name in ("query", "key", "value")]
        self._three = _Dense(arrays, *names)
        self._joined = _Dense(arrays, f"{own}output.dense")
        self._first_norm = _Norm(arrays, f"{own}output.LayerNorm", shape)
        self._wide = _Dense(arrays, f"{prefix}intermediate.dense")
        self._narrow = _Dense(arrays, f"{prefix}output.dense")
        self._last_norm = _Norm(arrays, f"{prefix}output.LayerNorm", shape)

    def __call__(self, state: FloatArray, texts: int) -> FloatArray:
        joined = self._joined(self._attention(state, texts))
        joined += state
        state = self._first_norm(joined)
        narrow = self._narrow(gelu(self._wide(state)))
        narrow += state
        return self._last_norm(narrow)

    def _attention(self, state: FloatArray, texts: int) -> FloatArray:
        count = len(state) // texts
        # (query key value, texts, heads, pieces, size of a head)
        three = self._three(state).reshape(texts, count, 3, self._heads, -1)
        asking, asked, told = three.transpose(2, 0, 3, 1, 4)
        likeness = asking @ asked.transpose(0, 1, 3, 2)
        likeness *= np.float32(asking.shape[-1] ** -0.5)
        mixed: FloatArray = softmax(likeness) @ told
        return mixed.transpose(0, 2, 1, 3).reshape(state.shape)


def gelu(x: FloatArray) -> FloatArray:
    """Return x times the share of a normal distribution below x; within 1e-6."""
    size = np.abs(x)
    size *= np.float32(0.5**0.5)
    share = size * np.float32(0.3275911)
    share += np.float32(1.0)
    np.reciprocal(share, out=share)
    sums = share * np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        sums += np.float32(factor)
        sums *= share
    # Below zero and above, the same is taken away: |x| times half of what is further out.
    sums *= size
    sums *= np.float32(0.5**0.5)
    np.square(size, out=size)
    np.negative(size, out=size)
    np.exp(size, out=size)
    sums *= size
    out: FloatArray = np.maximum(x, np.float32(0.0))
    out -= sums
    return out


def check_layers(arrays: Mapping[str, Array], shape: BertShape) -> None:
    """Check that all arrays of all layers are there and fit together.

    Raises:
        ValueError: they do not.
    """
    size = shape.hidden_size
    for number in range(shape.num_hidden_layers):
        prefix = f"encoder.layer.{number}."
        wide = len(named(arrays, f"{prefix}intermediate.dense.bias", 1))
        same = ("self.query", "self.key", "self.value", "output.dense")
        dense = {f"{prefix}attention.{name}": (size, size) for name in same}
        dense |= {
            f"{prefix}intermediate.dense": (wide, size),
            f"{prefix}output.dense": (size, wide),
        }
        wanted = {f"{name}.weight": sizes for name, sizes in dense.items()}
        wanted |= {f"{name}.bias": sizes[:1] for name, sizes in dense.items()}
        for norm in (f"{prefix}attention.output.LayerNorm", f"{prefix}output.LayerNorm"):
            wanted |= {f"{norm}.weight": (size,), f"{norm}.bias": (size,)}
        for name, sizes in wanted.items():
            if named(arrays, name, len(sizes)).shape != sizes:
                raise ValueError(f"the array '{name}' does not fit the others")


def without_prefix(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arrays by the names that they have in a model without a head."""
    return {name.removeprefix("bert."): array for name, array in arrays.items()}


def named(arrays: Mapping[str, Array], name: str, dimensions: int) -> FloatArray:
    """Return an array of a model.

    Raises:
        ValueError: there is none of this name with so many dimensions.
    """
    array = arrays.get(name)
    if array is None or array.ndim != dimensions:
        raise ValueError(f"the array '{name}' is missing or has the wrong shape")
    return np.asarray(array, dtype=np.float32)
