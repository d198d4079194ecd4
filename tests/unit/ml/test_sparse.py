import numpy as np
import pytest

from tertulia.ml.sparse import Csr, Entries, IntArray, Row

ROWS: list[Row] = [([3, 0], [1.0, 2.0]), ([], []), ([0, 5, 4], [3.0, 1.0, 4.0]), ([1], [7.0])]
DENSE = np.zeros((4, 6), dtype=np.float32)
for _number, (_indices, _values) in enumerate(ROWS):
    DENSE[_number, list(_indices)] = _values
CHOSEN: list[IntArray] = [
    np.asarray(rows, dtype=np.int64) for rows in ([2, 0, 1], [3], [1], [0, 2, 3, 1])
]


@pytest.mark.parametrize("dense", [0, 2, 6], ids=lambda dense: f"{dense} in vectors")
@pytest.mark.parametrize("rows", CHOSEN, ids=str)
def test_a_sample_is_multiplied_like_its_dense_rows(rows: IntArray, dense: int):
    sample = Csr.of(ROWS, columns=6, dense=dense).sample(rows)
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((6, 5), dtype=np.float32)
    error = rng.standard_normal((len(rows), 5), dtype=np.float32)
    assert sample.times(weights[sample.columns]) == pytest.approx(DENSE[rows] @ weights, abs=1e-5)
    found = np.zeros_like(weights)
    found[sample.columns] = sample.back(error)
    assert found == pytest.approx(DENSE[rows].T @ error, abs=1e-5)


@pytest.mark.parametrize("dense", [0, 2, 6], ids=lambda dense: f"{dense} in vectors")
@pytest.mark.parametrize("begin", [0, 1, 4, 5])
def test_the_columns_behind_a_place_are_a_matrix_of_their_own(begin: int, dense: int):
    behind = Csr.of(ROWS, columns=6, dense=dense).behind(begin)
    assert behind.columns == 6 - begin
    sample = behind.sample(np.arange(4, dtype=np.int64))
    weights = np.random.default_rng(0).standard_normal((6 - begin, 3), dtype=np.float32)
    wanted = DENSE[:, begin:] @ weights
    assert sample.times(weights[sample.columns]) == pytest.approx(wanted, abs=1e-5)


def test_many_rows_keep_their_order():
    rows: list[Row] = [([at % 3, 3, 4], [1.0, at, -at]) for at in range(1100)]
    matrix = Csr.of(rows, columns=5, dense=2)
    assert matrix.indices.tolist() == [at % 3 for at in range(1100)]
    assert matrix.starts.tolist() == list(range(1101))
    assert matrix.vectors[:, 0].tolist() == list(range(1100))


def test_no_rows_are_a_matrix_too():
    assert Csr.of([], columns=5, dense=2).vectors.shape == (0, 2)


@pytest.mark.parametrize("dense", [0, 400, 1000], ids=lambda dense: f"{dense} in vectors")
def test_of_left_out_columns_nothing_is_seen_and_the_others_make_up(dense: int):
    matrix = Csr.of([(range(1000), [1.0] * 1000)] * 2, columns=1000, dense=dense)
    both = np.arange(2, dtype=np.int64)
    sample = matrix.sample(both, 0.5, np.random.default_rng(1))
    assert 400 < len(sample.columns) < 600
    sums = sample.times(np.ones((len(sample.columns), 1), dtype=np.float32))
    assert sums[0, 0] == pytest.approx(2 * len(sample.columns))


@pytest.mark.parametrize(
    "row",
    [
        ([3, 0], [1.0, 2.0]),
        ([0, 5, 4], [3.0, 1.0, 4.0]),
        ([5, 0, 2, 3, 4], [1.0, 2.0, 3.0, 4.0, 5.0]),
        ([1, 2], [7.0, 1.0]),
        ([5], [2.0]),
    ],
)
def test_a_row_is_multiplied_like_its_dense_form(row: Row):
    weights = np.random.default_rng(0).standard_normal((6, 5), dtype=np.float32)
    dense = np.zeros(6, dtype=np.float32)
    dense[list(row[0])] = row[1]
    assert Entries.of(*row).times(weights) == pytest.approx(dense @ weights, abs=1e-5)


@pytest.mark.parametrize("begin", [3, 4, 5, 6])
def test_entries_behind_a_column_are_numbered_anew(begin: int):
    row = Entries.of([2, 0, 4, 5], [1.0, 2.0, 3.0, 4.0]).behind(begin)
    weights = np.eye(6 - begin, dtype=np.float32)
    found = row.times(weights) if len(row.at) else np.zeros(0)
    assert found.tolist() == [0.0, 3.0, 4.0][begin - 3 :]
