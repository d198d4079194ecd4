"""Arrays to bytes and back, in the safetensors format: a length, a JSON header, the numbers.

Rule: the bytes may come from anybody. Every offset and shape is checked before an array is made.

Source: the safetensors format (https://github.com/huggingface/safetensors).
"""

import math
from collections.abc import Mapping
from typing import Annotated

import msgspec
import numpy as np

from tertulia.base.errors import ModelError
from tertulia.ml.parts import Array

_DTYPES = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_PREFIX = 8
_ALIGN = 8
_MAX_HEADER = 16 << 20
_MAX_DIMENSIONS = 16
_MAX_ELEMENTS = 1 << 48
_METADATA = "__metadata__"

_Size = Annotated[int, msgspec.Meta(ge=0)]


class _Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the header. data_offsets: begin and end in the bytes after the header."""

    dtype: str
    shape: tuple[_Size, ...]
    data_offsets: tuple[_Size, _Size]


def write_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return the arrays as bytes; the same arrays give the same bytes.

    Raises:
        ValueError: an array holds objects or another type that the format does not have.
    """
    tensors: dict[str, _Tensor] = {}
    chunks: list[bytes] = []
    at = 0
    # Wide types first: every array then starts at a multiple of its item size.
    for name in sorted(arrays, key=lambda one: (-arrays[one].dtype.itemsize, one)):
        if name == _METADATA:
            raise ValueError(f"an array cannot be called '{name}'")
        array = arrays[name]
        little = array.dtype.newbyteorder("<")
        kind = _NAMES.get(little)
        if kind is None:
            raise ValueError(
                f"the array '{name}' has the type {array.dtype}, which is not storable"
            )
        data = np.ascontiguousarray(array, dtype=little).tobytes()
        tensors[name] = _Tensor(kind, array.shape, (at, at + len(data)))
        chunks.append(data)
        at += len(data)
    header = msgspec.json.encode(tensors)
    header += b" " * (-(_PREFIX + len(header)) % _ALIGN)
    return b"".join([len(header).to_bytes(_PREFIX, "little"), header, *chunks])


def read_arrays(data: bytes) -> dict[str, Array]:
    """Return the arrays in the order of their bytes; read-only views of `data`, nothing is copied.

    Raises:
        ModelError: the bytes are not in the format, or their header does not fit them.
    """
    tensors, start = _header(data)
    arrays: dict[str, Array] = {}
    at = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        begin, end = tensor.data_offsets
        if begin != at or end < begin or start + end > len(data):
            raise _damaged(f"the array '{name}' does not lie where the one before it ends")
        arrays[name] = _array(name, tensor, data, start + begin)
        at = end
    if start + at != len(data):
        raise _damaged("bytes are left over")
    return arrays


def _header(data: bytes) -> tuple[dict[str, _Tensor], int]:
    size = int.from_bytes(data[:_PREFIX], "little")
    start = _PREFIX + size
    if len(data) < _PREFIX or size > _MAX_HEADER or start > len(data):
        raise _damaged("the header does not fit")
    try:
        raw = msgspec.json.decode(data[_PREFIX:start], type=dict[str, msgspec.Raw])
        raw.pop(_METADATA, None)
        tensors = {name: msgspec.json.decode(one, type=_Tensor) for name, one in raw.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged("the header cannot be read") from error
    return tensors, start


def _array(name: str, tensor: _Tensor, data: bytes, offset: int) -> Array:
    code = _DTYPES.get(tensor.dtype)
    if code is None:
        raise _damaged(f"the array '{name}' has an unknown type")
    dtype = np.dtype(code)
    shape = tensor.shape
    begin, end = tensor.data_offsets
    # Empty dimensions are left out here: (0, 2**60) holds nothing and still overflows in numpy.
    if len(shape) > _MAX_DIMENSIONS or math.prod(max(1, size) for size in shape) > _MAX_ELEMENTS:
        raise _damaged(f"the array '{name}' has an impossible shape")
    count = math.prod(shape)
    if count * dtype.itemsize != end - begin:
        raise _damaged(f"the array '{name}' has another size than its shape says")
    if count == 0:
        empty: Array = np.empty(shape, dtype=dtype)
        empty.flags.writeable = False
        return empty
    if code == "?" and np.frombuffer(data, "u1", count, offset).max() > 1:
        raise _damaged(f"the array '{name}' holds truth values other than 0 and 1")
    return np.frombuffer(data, dtype, count, offset).reshape(shape)


def _damaged(what: str) -> ModelError:
    return ModelError(
        f"the arrays of this model are damaged: {what}",
        hint="Copy the model again, or train a new one.",
        code="T411",
    )
