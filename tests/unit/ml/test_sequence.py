import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.ml.adam import Bundle
from tertulia.ml.sequence import Corpus, SequenceNet, Shape
from tertulia.ml.sequence_training import SequenceRecipe, cut, train_net
from tertulia.ml.softmax import softmax

SHAPE = Shape(features=9, classes=4, width=5)
ROWS = [([number % 9, (number * 4 + 1) % 9], [1.0, 0.5]) for number in range(14)]


@pytest.fixture(scope="module")
def net() -> SequenceNet:
    return SequenceNet.begin(SHAPE, np.random.default_rng(3))


def embedded(net: SequenceNet) -> np.ndarray:
    return np.stack([net.token(row) for row in ROWS])[None]


@pytest.mark.parametrize("place", [0, 1, 4, 5, 13])
def test_the_last_rows_alone_say_what_the_whole_sequence_says(net, place) -> None:
    logits, _ = net.read(embedded(net), None)
    window = [net.token(row) for row in ROWS[max(0, place - 4) : place + 1]]
    found = net.look(window).probabilities
    assert found == pytest.approx(softmax(logits[0, place]), abs=1e-5)


def test_rows_before_the_width_do_not_count(net) -> None:
    other = [([8], [3.0]), *ROWS[1:6]]
    one = net.look([net.token(row) for row in ROWS[:6]]).probabilities
    two = net.look([net.token(row) for row in other]).probabilities
    assert two == pytest.approx(one, abs=1e-6)


def test_without_rows_only_the_classes_own_leaning_is_left(net) -> None:
    assert net.look([]).probabilities == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("name", sorted(set(SHAPE.arrays()) - {"embedding"}))
def test_gradients_are_the_slopes_of_what_is_measured(net, name) -> None:
    rng = np.random.default_rng(1)
    x = embedded(net)
    logits, back = net.read(x, None)
    along = rng.standard_normal(logits.shape).astype(np.float32)
    gradients = Bundle(SHAPE.arrays())
    back(along, gradients)
    array = net.weights[name]
    direction = rng.standard_normal(array.shape).astype(np.float32)
    direction /= np.float32(np.sqrt((direction * direction).sum()))
    kept, step, ends = array.copy(), np.float32(4e-3), []
    for sign in (1, -1):
        array[...] = kept + sign * step * direction
        ends.append(float((net.read(x, None)[0] * along).sum(dtype=np.float64)))
    array[...] = kept
    slope = (ends[0] - ends[1]) / (2 * float(step))
    assert float((gradients[name] * direction).sum()) == pytest.approx(slope, rel=0.02, abs=0.01)


def corpus() -> Corpus:
    """Return sequences in which the label is the feature of three rows before."""
    rng = np.random.default_rng(0)
    rows = [([number], [1.0]) for number in range(4)]
    sequences = []
    for _ in range(60):
        numbers = rng.integers(0, 4, 12).tolist()
        labels = [numbers[place - 3] if place >= 3 else -1 for place in range(12)]
        sequences.append((numbers, labels))
    return Corpus(sequences, rows, 4)


SMALL = Shape(features=4, classes=4, width=6)


def test_what_lies_three_rows_back_is_learned() -> None:
    net = train_net(corpus(), SMALL, SequenceRecipe(passes=25))
    rows = [net.token(([number], [1.0])) for number in (2, 0, 1, 3, 3, 0)]
    assert int(net.look(rows).probabilities.argmax()) == 1


def test_the_same_seed_gives_the_same_network_to_the_last_bit() -> None:
    recipe = SequenceRecipe(passes=2, least_steps=1, seed=7)
    one, two = train_net(corpus(), SMALL, recipe), train_net(corpus(), SMALL, recipe)
    assert one.weights.flat.tobytes() == two.weights.flat.tobytes()


def test_training_ends_once_the_sequences_are_known_by_heart() -> None:
    told: list[float] = []
    recipe = SequenceRecipe(passes=400, dropout=0.0)
    net = train_net(corpus(), SMALL, recipe, told.append)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len(told) < 200
    rows = [net.token(([number], [1.0])) for number in (2, 0, 1, 3, 3, 0)]
    assert net.look(rows).probabilities[1] > 0.9


def test_more_rows_than_wanted_are_gone_through_less_often() -> None:
    told: list[float] = []
    train_net(corpus(), SMALL, SequenceRecipe(passes=50, most_rows=1), told.append)
    assert told == [0.5, 1.0]


def test_an_explanation_names_the_row_that_decided() -> None:
    net = train_net(corpus(), SMALL, SequenceRecipe(passes=25))
    rows = [([number], [1.0]) for number in (2, 0, 1, 3, 3, 0)]
    look = net.look([net.token(row) for row in rows])
    strongest = net.explain(look, rows, 1, 1)[0]
    assert (strongest.back, strongest.feature) == (3, 1)
    assert strongest.amount > 0


def test_a_network_of_its_own_parts_says_the_same(net) -> None:
    again = SequenceNet.from_parts(net.parts(), SHAPE)
    tokens = [net.token(row) for row in ROWS]
    assert again.look(tokens).probabilities.tolist() == net.look(tokens).probabilities.tolist()


def test_parts_of_another_shape_are_refused(net) -> None:
    with pytest.raises(ValueError, match="embedding is"):
        SequenceNet.from_parts(net.parts(), Shape(features=8, classes=4, width=5))


@given(length=st.integers(0, 400), width=st.integers(1, 120))
def test_pieces_judge_each_place_once_and_with_all_its_context(length, width) -> None:
    pieces = list(cut(0, length, width))
    judged = [place for piece in pieces for place in range(piece.judged, piece.end)]
    assert judged == list(range(length))
    assert all(piece.begin <= max(0, piece.judged - width + 1) for piece in pieces)
    assert all(piece.end - piece.begin <= max(96, 2 * width) for piece in pieces)
