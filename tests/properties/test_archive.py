"""Whatever happens to the bytes of a model: the same content comes out, or a ModelError."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from tertulia.base.errors import ModelError
from tertulia.ml.safetensors import read_arrays, write_arrays
from tertulia.model.archive import (
    ContainerKind,
    model_bytes,
    read_model,
    read_model_bytes,
    write_model,
)
from tertulia.model.content import Content
from tests.unit.model.samples import KINDS, sample

T = TypeVar("T")
WHOLE = {"tar.gz": model_bytes(sample(), "tar.gz"), "zip": model_bytes(sample(), "zip")}

names = st.sampled_from(["domain.json", "config.json"]) | st.builds(
    "{}/{}/{}".format,
    st.sampled_from(["nlu", "policies"]),
    st.integers(0, 9999),
    st.sampled_from(["meta.json", "arrays.safetensors", "blobs/0.bin", "blobs/17.bin"]),
)
contents = st.builds(
    lambda entries: msgspec.structs.replace(sample(), entries=entries),
    st.dictionaries(names, st.binary(max_size=2000), max_size=8),
)


@given(contents, st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_any_content_comes_back(content: Content, kind: ContainerKind) -> None:
    with TemporaryDirectory() as folder:
        write_model(content, Path(folder) / "m", kind)
        assert read_model(Path(folder) / "m") == content


def outcome_of(read: Callable[[], T]) -> "T | ModelError":
    """Return what reading gives; any other exception fails the test."""
    try:
        return read()
    except ModelError as error:
        return error


def same_or_error(data: bytes) -> None:
    outcome = outcome_of(lambda: read_model_bytes(data))
    if isinstance(outcome, ModelError):
        assert outcome.code.startswith("T4")
        assert outcome.hint
    else:
        assert outcome == sample()


@given(st.sampled_from(["tar.gz", "zip"]), st.data())
@settings(max_examples=400, deadline=None)
def test_changed_bytes_give_an_error_or_the_same_content(kind: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                whole[at] = data.draw(st.integers(0, 255))
            case "cut":
                del whole[at : at + data.draw(st.integers(1, 600))]
            case _:
                whole[at:at] = data.draw(st.binary(max_size=600))
        if not whole:
            break
    same_or_error(bytes(whole))


@given(st.sampled_from(["tar.gz", "zip"]), st.data())
@settings(max_examples=60, deadline=None)
def test_a_truncated_model_is_never_read(kind: str, data: st.DataObject) -> None:
    whole = WHOLE[kind]
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ModelError):
        read_model_bytes(whole[:cut])


@given(st.sampled_from(sorted([*sample().entries, "manifest.json"])), st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_file_of_a_folder_is_an_error_or_changes_nothing(
    name: str, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        write_model(sample(), Path(folder) / "m", "folder")
        file = Path(folder) / "m" / name
        whole = bytearray(file.read_bytes())
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
        file.write_bytes(whole)
        outcome = outcome_of(lambda: read_model(Path(folder) / "m"))
        assert isinstance(outcome, ModelError) or outcome == sample()


@given(st.sampled_from([b"PK\3\4", b"\x1f\x8b", b"\x1f\x8b\x08\0", b""]), st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_noise_is_a_model_error(start: bytes, noise: bytes) -> None:
    same_or_error(start + noise)


some_arrays = arrays_of.arrays(
    dtype=st.sampled_from(["?", "u1", "<i2", "<f4", "<f8", "<i8"]),
    shape=arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(st.dictionaries(st.text(max_size=12), some_arrays, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_arrays_come_back(given_arrays: "dict[str, np.ndarray]") -> None:
    back = read_arrays(write_arrays(given_arrays))
    assert back.keys() == given_arrays.keys()
    for name, array in given_arrays.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype
        assert back[name].tobytes() == array.tobytes()


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_changed_arrays_are_arrays_or_a_model_error(data: st.DataObject) -> None:
    whole = bytearray(write_arrays({"a": np.arange(6, dtype="f4"), "b": np.ones((2, 2), "?")}))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    outcome = outcome_of(lambda: read_arrays(bytes(whole)))
    if isinstance(outcome, ModelError):
        assert outcome.code == "T411"
    else:
        assert sum(array.nbytes for array in outcome.values()) <= len(whole)
