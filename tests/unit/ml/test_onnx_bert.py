"""What onnxruntime computes is what numpy computes."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ml.tiny_bert import LAYERS, PLACES, SIZE, TERMS, tiny_arrays, tiny_config

from tertulia.ml.bert import Bert, BertShape
from tertulia.ml.onnx_bert import OnnxBert
from tertulia.ml.onnx_format import GraphWriter, _varint
from tertulia.ml.sparse import IntArray

TINY = msgspec.convert(tiny_config(), BertShape)
EVERY = range(LAYERS)


def drawn(texts: int, pieces: int) -> IntArray:
    return np.random.default_rng(1).integers(0, len(TERMS), (texts, pieces))


@pytest.mark.parametrize(("texts", "pieces"), [(1, 1), (1, 7), (5, 3), (2, PLACES)])
def test_every_layer_is_that_of_numpy(texts: int, pieces: int) -> None:
    ids = drawn(texts, pieces)
    plain = Bert(tiny_arrays(), TINY).states(ids, EVERY)
    found = OnnxBert(tiny_arrays(), TINY).states(ids, EVERY)
    assert [one.shape for one in found] == [(texts, pieces, SIZE)] * LAYERS
    assert np.allclose(found, plain, atol=1e-5)


def test_layers_come_in_the_order_asked_for() -> None:
    bert, ids = OnnxBert(tiny_arrays(), TINY), drawn(1, 4)
    first, last = bert.states(ids, (0, 1))
    assert np.array_equal(bert.states(ids, (1, 0)), [last, first])
    assert not np.allclose(first, last)


def test_weights_named_as_those_of_a_whole_model_are_found() -> None:
    arrays = {f"bert.{name}": array for name, array in tiny_arrays().items()}
    ids = drawn(1, 4)
    named = OnnxBert(arrays, TINY).states(ids, (1,))
    assert np.array_equal(named, OnnxBert(tiny_arrays(), TINY).states(ids, (1,)))


def test_threads_share_one() -> None:
    bert = OnnxBert(tiny_arrays(), TINY)
    lengths = [1 + number % 9 for number in range(60)]
    alone = [bert.states(drawn(1, length), (1,))[0] for length in lengths]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda length: bert.states(drawn(1, length), (1,))[0], lengths)
        assert all(np.array_equal(*pair) for pair in zip(found, alone, strict=True))


@pytest.mark.parametrize("missing", sorted(tiny_arrays()))
def test_weights_that_are_not_there_are_refused(missing: str) -> None:
    arrays = tiny_arrays()
    del arrays[missing]
    with pytest.raises(ValueError, match="missing"):
        OnnxBert(arrays, TINY)


@given(st.integers(-(2**63), 2**64 - 1))
def test_numbers_are_written_seven_bits_a_byte_lowest_first(value: int) -> None:
    written = _varint(value)
    assert [byte >> 7 for byte in written] == [1] * (len(written) - 1) + [0]
    read = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(written))
    assert read == value % 2**64


def test_a_graph_of_no_operations_names_what_it_takes() -> None:
    graph = GraphWriter()
    assert graph.takes("numbers", ("count",)) == "numbers"
    assert b"numbers" in graph.written()
    assert b"count" in graph.written()
