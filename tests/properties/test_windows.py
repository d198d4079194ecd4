"""Windows over sequences, counted in arrays, against the same in plain Python."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.ml.evidence import Evidence
from tertulia.ml.windows import Sequences, distinct, each_of, followed, origins_of, undecided

SEQUENCES = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2), st.integers(0, 2)), max_size=6),
    max_size=8,
)


def flat(sequences):
    numbers, labels, lines, ends = [], [], [], []
    for sequence in sequences:
        for number, label, line in sequence:
            numbers.append(number)
            labels.append(label)
            lines.append(line)
        ends.append(len(numbers))
    return numbers, labels, lines, ends


def plain(sequences, n, chosen):
    """Return for each example its window, label, origin and place."""
    found, place = [], 0
    for index, sequence in enumerate(sequences):
        for at, (_, label, line) in enumerate(sequence):
            begin = 0 if n is None else max(0, at - n + 1)
            if label >= 0 and chosen[index]:
                window = tuple(number for number, _, _ in sequence[begin : at + 1])
                found.append((window, label, line, place))
            place += 1
    return found


@settings(deadline=None)
@given(SEQUENCES, st.none() | st.integers(1, 4), st.data())
def test_examples_are_those_of_a_plain_loop(sequences, n, data):
    chosen = [data.draw(st.booleans()) for _ in sequences]
    numbers, labels, _, ends = flat(sequences)
    found = Sequences(numbers, labels, ends).examples(n, chosen)
    expected = plain(sequences, n, chosen)
    windows = [
        tuple(numbers[begin : place + 1])
        for begin, place in zip(found.begins, found.places, strict=True)
    ]
    assert windows == [window for window, *_ in expected]
    assert found.labels.tolist() == [label for _, label, *_ in expected]
    assert found.places.tolist() == [place for *_, place in expected]
    numbered = dict(zip(windows, found.windows.tolist(), strict=True))
    assert [numbered[window] for window in windows] == found.windows.tolist()
    assert len(set(numbered.values())) == len(numbered)


@settings(deadline=None)
@given(SEQUENCES, st.none() | st.integers(1, 4))
def test_what_follows_a_window_is_what_a_plain_loop_finds(sequences, n):
    numbers, labels, lines, ends = flat(sequences)
    chosen = [True] * len(sequences)
    found = Sequences(numbers, labels, ends).examples(n, chosen)
    expected = plain(sequences, n, chosen)
    seen = defaultdict(list)
    for index, (window, label, line, _) in enumerate(expected):
        seen[window].append((label, line, index))
    certain = {w: rows for w, rows in seen.items() if len({label for label, *_ in rows}) == 1}
    table = [0, 0, 1]  # two sources that count as one
    origins = origins_of(lines, lines, table, found.places)
    first, times = followed(found, origins)
    assert list(each_of(first)) == [rows[0][2] for rows in certain.values()]
    assert times.tolist() == [len({line for _, line, _ in rows}) for rows in certain.values()]
    doubtful = {index for w, rows in seen.items() if w not in certain for *_, index in rows}
    assert undecided(found).tolist() == sorted(doubtful)
    pairs = dict.fromkeys((window, label) for window, label, *_ in expected)
    firsts = [
        next(i for i, (w, label, *_) in enumerate(expected) if (w, label) == pair) for pair in pairs
    ]
    assert distinct(found).tolist() == firsts


ROW = st.lists(st.integers(0, 4), max_size=4, unique=True)


@settings(deadline=None)
@given(st.lists(st.tuples(ROW, st.integers(0, 2)), max_size=30))
def test_evidence_is_what_a_plain_count_gives(examples):
    rows = [(indices, [1.0] * len(indices)) for indices, _ in examples]
    labels = [label for _, label in examples]
    evidence = Evidence.of(rows, [indices for indices, _ in examples], labels, features=5)
    for feature in range(5):
        counts = [
            sum(label == one and feature in indices for indices, label in examples)
            for one in range(3)
        ]
        ranked = sorted(counts, reverse=True)
        lead = 1 - (ranked[1] / ranked[0]) ** 2 if ranked[0] else 0.0
        first = counts.index(ranked[0])
        found = [evidence.of_features([feature], one) for one in range(3)]
        assert abs(found[first] - lead) < 1e-6 or not ranked[0]
        assert sum(one > 0 for one in found) <= 1
