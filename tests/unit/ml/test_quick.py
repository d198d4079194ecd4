"""A committee that adds up what words give says what it says of whole rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.ml.committee import Committee, Lessons
from tertulia.ml.margins import Practice
from tertulia.ml.network import Schedule
from tertulia.ml.quick import QuickCommittee, joined
from tertulia.ml.sparse import FloatArray, Row
from tertulia.ml.vectorize import Grouped, Vectorizer

WORDS = ("pay", "bill", "pal", "hi", "there", "all")
SCALES = {"chars": 1.0, "words": 0.7}
WIDTH = 3


def document(words: list[str], *, grouped: bool = True) -> dict[str, Grouped | list[str]]:
    chars = Grouped(words, tuple) if grouped else [sign for word in words for sign in word]
    return {"chars": chars, "words": words, "other": ["unheard"]}


def vector(words: list[str]) -> FloatArray:
    return np.asarray([len(words), len("".join(words)), 1.0], dtype=np.float32) / np.float32(10)


def row(vectorizer: Vectorizer, words: list[str]) -> Row:
    places, values = vectorizer.row(document(words))
    behind = range(vectorizer.features, vectorizer.features + WIDTH)
    return [*places, *behind], [*values, *vector(words).tolist()]


EXAMPLES = [["pay", "bill"], ["pay", "all", "all"], ["hi"], ["hi", "there", "hi"], ["pal"]]
LABELS = [0, 0, 1, 1, 2]
VECTORIZER = Vectorizer.fit([document(words) for words in EXAMPLES], SCALES, weigh=True)
ROWS = [row(VECTORIZER, words) for words in EXAMPLES]
FEATURES = VECTORIZER.features + WIDTH


def committee(begin: int | None, practice: Practice | None) -> Committee:
    schedule = Schedule(epochs=20, batch=2, hidden=8)
    lessons = Lessons(schedule=schedule, practice=practice, begin=begin, vectors=WIDTH)
    return Committee.train(ROWS, LABELS, classes=3, features=FEATURES, lessons=lessons)


COMMITTEES = [
    committee(None, None),
    committee(VECTORIZER.offset("words"), Practice(epochs=5, batch=2)),
    committee(VECTORIZER.features, Practice(epochs=5, batch=2)),
    committee(VECTORIZER.features + 1, None),
]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*WORDS, "new", "o"]), max_size=8),
    st.sampled_from(COMMITTEES),
    st.booleans(),
)
def test_sums_of_words_give_the_logits_of_the_row(words: list[str], one: Committee, grouped: bool):
    terms = document(words, grouped=grouped)
    found = QuickCommittee(VECTORIZER, one).logits(terms, [vector(words)])
    assert found == pytest.approx(one.logits(*row(VECTORIZER, words)), abs=1e-4)


def test_what_is_kept_of_words_changes_no_answer():
    quick = QuickCommittee(VECTORIZER, COMMITTEES[1])
    asked = (document(["pay", "there", "pay"]), [vector(["pay"])])
    assert np.array_equal(quick.logits(*asked), quick.logits(*asked))


def test_nothing_joined_is_nothing():
    assert joined([]).size == 0
