import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.ml.parts import Array
from tertulia.ml.safetensors import read_arrays, write_arrays
from tertulia.ml.word_vectors import WordVectors, english, packed

TERMS = ["[UNK]", "[CLS]", "[SEP]", "a", "plane", "flight", "##s"]
VECTORS = np.array(
    [[0, 0, 0, 0]] * 3 + [[7, 7, 7, 7], [1, 2, -3, 4], [1, 2, -3, 5], [0, 0, 0, -7]],
    dtype=np.float32,
)
WEIGHTS = np.array([0, 0, 0, 0.25, 1, 1, 1], dtype=np.float32)
SCALES = np.array([1, 2, 1, 0.5], dtype=np.float32)


def table() -> WordVectors:
    return WordVectors.of(packed(TERMS, VECTORS * SCALES, WEIGHTS, SCALES))


def unit(*numbers: float) -> Array:
    found = np.array(numbers) * SCALES
    return found / np.linalg.norm(found)


def test_a_word_has_the_vector_that_was_packed():
    assert table().vector("plane") == pytest.approx(unit(1, 2, -3, 4), abs=1e-6)


def test_words_of_a_text_are_summed_by_their_weights():
    assert table().vector("a plane") == pytest.approx(unit(2.75, 3.75, -1.25, 5.75), abs=1e-6)


def test_a_text_is_believed_less_the_more_of_it_is_words_in_pieces():
    found = table().vector("a planes")
    share = (0.25 + 2 * 0.5) / 2.25
    assert found == pytest.approx(unit(2.75, 3.75, -1.25, -1.25) * share, abs=1e-6)


def test_the_end_of_a_long_text_is_not_read():
    found = table().vector("plane " * 511 + "flights a")
    share = (511 + 0.5) / 512
    assert found == pytest.approx(unit(512, 1024, -1536, 2049) * share, abs=1e-6)


def test_what_lies_too_far_out_is_cut_off():
    far = VECTORS * SCALES
    far[4] = [100, 0, 0, 0]
    found = WordVectors.of(packed(TERMS, far, WEIGHTS, SCALES)).vector("plane")
    assert found == pytest.approx(unit(7, 0, 0, 0), abs=1e-6)


@pytest.mark.parametrize("text", ["", "   ", "京都", "xyz"])
def test_a_text_without_known_pieces_is_all_zeros(text: str):
    assert not table().vector(text).any()


def test_another_table_has_another_digest():
    other = packed(TERMS, VECTORS, WEIGHTS, SCALES)
    assert WordVectors.of(other).digest != table().digest


def test_the_same_numbers_make_the_same_bytes():
    assert packed(TERMS, VECTORS, WEIGHTS, SCALES) == packed(TERMS, VECTORS, WEIGHTS, SCALES)


def test_arrays_that_do_not_fit_are_refused():
    arrays = read_arrays(packed(TERMS, VECTORS, WEIGHTS, SCALES))
    with pytest.raises(ValueError, match="do not fit together"):
        WordVectors.of(write_arrays({**arrays, "weights": WEIGHTS[:3]}))


def test_the_table_of_the_package_knows_what_is_alike():
    def likeness(one: str, other: str) -> float:
        return float(english().vector(one) @ english().vector(other))

    assert likeness("a flight", "plane") > likeness("a flight", "banana") + 0.3


@given(st.text())
def test_any_text_has_a_vector_of_length_one_at_most(text: str):
    vector = english().vector(text)
    assert vector.shape == (english().width,)
    assert np.linalg.norm(vector) <= 1.0001
