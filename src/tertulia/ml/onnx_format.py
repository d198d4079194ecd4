"""Writes graphs of the Open Neural Network Exchange format, as far as an encoder needs them.

Source: onnx.proto of ONNX 1.17 (numbers of fields), protocol buffers' wire format.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tertulia.ml.sparse import FloatArray, IntArray

_IR, _OPSET = 8, 17
_VARINT, _BYTES, _FLOAT32 = 0, 2, 5
_FLOAT, _INT64 = 1, 7
Attribute = int | float | Sequence[int]


class GraphWriter:
    """Collects operations, constants, inputs and outputs; `written` is the file."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def constant(self, name: str, values: FloatArray | IntArray) -> str:
        """Add an array of float32 or int64; return its name."""
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        little = np.ascontiguousarray(values, dtype="<i8" if kind == _INT64 else "<f4")
        dims = b"".join(_number(1, size) for size in values.shape)
        tensor = dims + _number(2, kind) + _text(8, name) + _field(9, little.tobytes())
        self._constants.append(_field(5, tensor))
        return name

    def apply(
        self,
        operation: str,
        inputs: Sequence[str],
        output: str,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> str:
        """Add an operation; return the name of its output."""
        body = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operation)
        for name, value in (attributes or {}).items():
            body += _field(5, _attribute(name, value))
        self._nodes.append(_field(1, body))
        return output

    def takes(self, name: str, dimensions: Sequence[str]) -> str:
        """Add an input of float32 whose sizes have names; return its name."""
        self._inputs.append(_field(11, _value(name, dimensions)))
        return name

    def gives(self, name: str, dimensions: Sequence[str]) -> None:
        """Let what has this name, float32, be an output."""
        self._outputs.append(_field(12, _value(name, dimensions)))

    def written(self) -> bytes:
        """Return the model as bytes."""
        parts = (*self._nodes, _text(2, "encoder"), *self._constants, *self._inputs)
        graph = b"".join((*parts, *self._outputs))
        opset = _text(1, "") + _number(2, _OPSET)
        return _number(1, _IR) + _text(2, "tertulia") + _field(7, graph) + _field(8, opset)


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    if isinstance(value, float):
        return head + _tag(2, _FLOAT32) + np.float32(value).tobytes() + _number(20, 1)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    return head + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _value(name: str, dimensions: Sequence[str]) -> bytes:
    shape = b"".join(_field(1, _text(2, dimension)) for dimension in dimensions)
    tensor = _number(1, _FLOAT) + _field(2, shape)
    return _text(1, name) + _field(2, _field(1, tensor))


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())


def _field(field: int, body: bytes) -> bytes:
    return _tag(field, _BYTES) + _varint(len(body)) + body


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value)


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    # Negative numbers are written as unsigned ones of 64 bits.
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
