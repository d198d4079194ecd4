"""The encoder of BERT as a graph that onnxruntime computes, in two thirds of the time of numpy.

The only importer of onnxruntime, which is imported when there is a model to compute.

Source: Devlin et al. 2018; operators of ONNX, opset 17.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from tertulia.ml.bert import BertShape, Embedding, check_layers, named, without_prefix
from tertulia.ml.onnx_format import GraphWriter
from tertulia.ml.parts import Array
from tertulia.ml.sparse import FloatArray, IntArray

RUNTIME = "onnxruntime"
_EMBEDDED = "embedded"
_WHOLE = ("texts", "pieces", "size")


class OnnxBert:
    """Numbers of pieces to a vector for each piece, as `Bert`. Threads may share it.

    Raises ValueError when arrays are missing or have another shape than `shape` says, ImportError
    when onnxruntime is not installed.
    """

    def __init__(self, arrays: Mapping[str, Array], shape: BertShape) -> None:
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

        runtime: Any = onnxruntime
        known = without_prefix(arrays)
        check_layers(known, shape)
        self._embedding = Embedding(known, shape)
        self.shape: BertShape = shape
        options: Any = runtime.SessionOptions()
        # A message is short; more threads would only be taken from other messages.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = runtime.InferenceSession(
            graph_of(known, shape), options, providers=["CPUExecutionProvider"]
        )

    @property
    def pieces(self) -> int:
        """Number of pieces known."""
        return len(self._embedding.words)

    def states(self, ids: IntArray, layers: Sequence[int]) -> list[FloatArray]:
        """Return (texts, pieces, size) after each of `layers`, counted from 0.

        ids: (texts, pieces) numbers, texts of the same length.
        """
        wanted = [_output(layer) for layer in layers]
        return cast(list[FloatArray], self._session.run(wanted, {_EMBEDDED: self._embedding(ids)}))


def graph_of(arrays: Mapping[str, Array], shape: BertShape) -> bytes:
    """Return the layers as an ONNX model: embedded pieces to the state after each layer.

    arrays: checked by `check_layers`.
    """
    return _Graph(arrays, shape).written()


def _output(layer: int) -> str:
    return f"layer.{layer}"


class _Graph:
    """Writes one operation after the other; each method returns the name of its result."""

    def __init__(self, arrays: Mapping[str, Array], shape: BertShape) -> None:
        self._arrays = arrays
        self._shape = shape
        self._to = GraphWriter()

    def written(self) -> bytes:
        to = self._to
        state = to.takes(_EMBEDDED, _WHOLE)
        heads, size = self._shape.num_attention_heads, self._shape.hidden_size
        to.constant("by head", np.asarray([0, 0, heads, size // heads], dtype=np.int64))
        to.constant("together", np.asarray([0, 0, size], dtype=np.int64))
        for name, value in (("half", 0.5), ("one", 1.0), ("root of half", 0.5**0.5)):
            to.constant(name, np.asarray(value, dtype=np.float32))
        for layer in range(self._shape.num_hidden_layers):
            state = self._layer(state, f"encoder.layer.{layer}.", _output(layer))
            to.gives(state, _WHOLE)
        return to.written()

    def _layer(self, state: str, prefix: str, output: str) -> str:
        to = self._to
        mixed = self._attention(state, prefix)
        mixed = self._dense(mixed, f"{prefix}attention.output.dense")
        summed = to.apply("Add", (state, mixed), f"{prefix}first")
        state = self._norm(summed, f"{prefix}attention.output.LayerNorm", f"{prefix}attended")
        wide = self._gelu(self._dense(state, f"{prefix}intermediate.dense"))
        narrow = self._dense(wide, f"{prefix}output.dense")
        summed = to.apply("Add", (state, narrow), f"{prefix}last")
        return self._norm(summed, f"{prefix}output.LayerNorm", output)

    def _attention(self, state: str, prefix: str) -> str:
        to, own = self._to, f"{prefix}attention.self."
        asking = self._by_head(self._dense(state, f"{own}query", self._scale), (0, 2, 1, 3))
        asked = self._by_head(self._dense(state, f"{own}key"), (0, 2, 3, 1))
        told = self._by_head(self._dense(state, f"{own}value"), (0, 2, 1, 3))
        likeness = to.apply("MatMul", (asking, asked), f"{own}likeness")
        shares = to.apply("Softmax", (likeness,), f"{own}shares", {"axis": -1})
        mixed = to.apply("MatMul", (shares, told), f"{own}mixed")
        mixed = to.apply("Transpose", (mixed,), f"{own}turned", {"perm": (0, 2, 1, 3)})
        return to.apply("Reshape", (mixed, "together"), f"{own}joined")

    @property
    def _scale(self) -> float:
        return (self._shape.hidden_size // self._shape.num_attention_heads) ** -0.5

    def _by_head(self, name: str, order: tuple[int, ...]) -> str:
        split = self._to.apply("Reshape", (name, "by head"), f"{name}.split")
        return self._to.apply("Transpose", (split,), f"{name}.heads", {"perm": order})

    def _dense(self, state: str, name: str, scale: float = 1.0) -> str:
        to, factor = self._to, np.float32(scale)
        weight = to.constant(f"{name}.weight", named(self._arrays, f"{name}.weight", 2).T * factor)
        bias = to.constant(f"{name}.bias", named(self._arrays, f"{name}.bias", 1) * factor)
        product = to.apply("MatMul", (state, weight), f"{name}.product")
        return to.apply("Add", (product, bias), f"{name}.out")

    def _gelu(self, name: str) -> str:
        to = self._to
        scaled = to.apply("Mul", (name, "root of half"), f"{name}.scaled")
        share = to.apply("Add", (to.apply("Erf", (scaled,), f"{name}.erf"), "one"), f"{name}.share")
        whole = to.apply("Mul", (name, share), f"{name}.whole")
        return to.apply("Mul", (whole, "half"), f"{name}.gelu")

    def _norm(self, state: str, name: str, output: str) -> str:
        scale, shift = (
            self._to.constant(part, named(self._arrays, part, 1))
            for part in (f"{name}.weight", f"{name}.bias")
        )
        setting = {"axis": -1, "epsilon": float(self._shape.layer_norm_eps)}
        return self._to.apply("LayerNormalization", (state, scale, shift), output, setting)
