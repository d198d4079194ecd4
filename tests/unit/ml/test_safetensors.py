"""Arrays in the safetensors format: there and back, and nothing else gets in."""

import msgspec
import numpy as np
import pytest

from tertulia.base.errors import ModelError
from tertulia.ml.safetensors import read_arrays, write_arrays


def packed(header: object, data: bytes = b"", *, size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else msgspec.json.encode(header)
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8", ">f4", ">i2"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3)])
def test_an_array_comes_back(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    back = read_arrays(write_arrays({"a": array}))["a"]
    assert back.shape == shape
    assert back.dtype == array.dtype.newbyteorder("<")
    assert np.array_equal(back, array)


def test_what_comes_back_cannot_be_changed() -> None:
    for array in read_arrays(write_arrays({"a": np.ones(3), "b": np.empty(0)})).values():
        assert not array.flags.writeable


def test_arrays_lie_at_multiples_of_their_item_size() -> None:
    given = {"a": np.ones(3, "u1"), "b": np.ones(3, "f8"), "c": np.ones(1, "f2")}
    for name, array in read_arrays(write_arrays(given)).items():
        assert array.flags.aligned, name


def test_the_order_of_the_arrays_does_not_change_the_bytes() -> None:
    one, two = np.ones(2, "f4"), np.zeros(3, "f4")
    assert write_arrays({"x": one, "y": two}) == write_arrays({"y": two, "x": one})


def test_slices_and_transposes_come_back() -> None:
    array = np.arange(12, dtype="i4").reshape(3, 4)
    back = read_arrays(write_arrays({"t": array.T, "s": array[:, ::2]}))
    assert np.array_equal(back["t"], array.T)
    assert np.array_equal(back["s"], array[:, ::2])


def test_the_layout_is_the_one_of_the_format() -> None:
    data = write_arrays({"w": np.array([1.0, 2.0], "f4")})
    size = int.from_bytes(data[:8], "little")
    assert msgspec.json.decode(data[8 : 8 + size]) == {
        "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    }
    assert data[8 + size :] == np.array([1.0, 2.0], "<f4").tobytes()


def test_free_text_beside_the_arrays_is_passed_over() -> None:
    assert read_arrays(packed({"__metadata__": {"format": "np"}})) == {}


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["a"]), np.ones(1, "c8")])
def test_objects_and_other_types_are_not_written(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not storable"):
        write_arrays({"a": array})


def test_the_name_of_the_free_text_is_not_written() -> None:
    with pytest.raises(ValueError, match="__metadata__"):
        write_arrays({"__metadata__": np.ones(1)})


def line(dtype: str = "U8", shape: object = (4,), begin: object = 0, end: object = 4) -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        packed(b"", size=1 << 60),
        packed(b"{}", size=3),
        packed(b"\xff\xff"),
        packed(b"[" * 100_000),
        packed([]),
        packed({"a": 5}),
        packed({"a": line() | {"extra": 1}}, bytes(4)),
        packed({"a": line("PICKLE")}, bytes(4)),
        packed({"a": line("F32")}, bytes(4)),
        packed({"a": line(shape=(-4,))}, bytes(4)),
        packed({"a": line(shape=(1 << 62, 1 << 62))}, bytes(4)),
        packed({"a": line(shape=(0, 1 << 62), end=0)}),
        packed({"a": line(shape=(1,) * 40, end=1)}, bytes(1)),
        packed({"a": line(begin=4, end=0)}, bytes(4)),
        packed({"a": line(begin=-4, end=0)}, bytes(4)),
        packed({"a": line(begin=1, end=5)}, bytes(5)),
        packed({"a": line(end=1 << 63)}, bytes(4)),
        packed({"a": line()}, bytes(3)),
        packed({"a": line()}, bytes(5)),
        packed({"a": line(), "b": line()}, bytes(4)),
        packed({"a": line("BOOL")}, b"\0\1\2\1"),
        packed({"a": line(shape="4")}, bytes(4)),
    ],
)
def test_a_header_that_does_not_fit_is_damage(data: bytes) -> None:
    with pytest.raises(ModelError, match="T411"):
        read_arrays(data)
