from math import sqrt

import pytest

from tertulia.ml.vectorize import (
    Grouped,
    Limits,
    Vectorizer,
    Vocabulary,
    char_ngrams,
    char_wb_ngrams,
    word_ngrams,
)


def test_word_ngrams_run_from_least_to_most():
    assert word_ngrams(["a", "b", "c"], 1, 2) == ["a", "b", "c", "a b", "b c"]


def test_characters_run_across_words_only_without_word_borders():
    assert char_ngrams("a b", 2, 3) == ["a ", " b", "a b"]
    assert char_wb_ngrams("a b", 2, 2) == [" a", "a ", " b", "b "]


def test_a_word_shorter_than_the_size_counts_once():
    assert char_wb_ngrams("ab", 4, 6) == [" ab "]


def test_rare_and_common_terms_fall_out_of_the_vocabulary():
    documents = [["a", "b"], ["a", "c"], ["a", "c"]]
    assert Vocabulary.fit(documents, Limits(min_df=2, max_df=0.9)).terms == ("c",)


def test_only_the_most_frequent_terms_stay():
    documents = [["a", "a", "b"], ["c", "c", "c"]]
    assert Vocabulary.fit(documents, Limits(max_features=2)).terms == ("a", "c")


def test_each_block_of_a_row_has_the_length_of_its_scale():
    documents = [{"word": ["a", "b"], "char": ["x", "y", "z"]}]
    vectorizer = Vectorizer.fit(documents, {"word": 1.0, "char": 0.5})
    _, values = vectorizer.row(documents[0])
    assert sum(value**2 for value in values[:2]) == pytest.approx(1.0)
    assert sum(value**2 for value in values[2:]) == pytest.approx(0.25)


def test_a_term_counts_as_often_as_it_comes():
    vectorizer = Vectorizer.fit([{"char": ["x", "y"]}], {"char": 0.5})
    _, values = vectorizer.row({"char": ["x", "y", "y", "y"]})
    assert list(values) == pytest.approx([0.25, 0.75])


def test_terms_in_groups_are_terms_in_a_row():
    words = ["ab", "", "new", "ab"]
    flat = [sign for word in words for sign in word]
    grouped = Grouped(words, tuple)
    vectorizer = Vectorizer.fit([{"word": ["b", "a", "c"]}], {"word": 1.0}, weigh=True)
    assert (list(grouped), len(grouped)) == (flat, len(flat))
    assert ("w" in grouped, "c" in grouped) == (True, False)
    assert vectorizer.row({"word": grouped}) == vectorizer.row({"word": flat})


def test_a_row_has_its_features_in_order_each_once():
    documents = [{"word": ["b", "a"], "none": ["n"], "char": ["x", "y"]}]
    scales = {"word": 1.0, "none": 1.0, "char": 1.0}
    vectorizer = Vectorizer.fit(documents, scales)
    places, values = vectorizer.row({"char": ["y", "x", "y"], "word": ["a", "b", "a", "a"]})
    assert list(places) == [0, 1, 3, 4]
    by_words, by_chars = sqrt(4), sqrt(3)
    assert list(values) == pytest.approx([1 / by_words, 3 / by_words, 1 / by_chars, 2 / by_chars])


def test_groups_without_terms_are_nothing():
    assert not Grouped(["", ""], tuple)


def test_unknown_terms_leave_no_trace_in_a_row():
    vectorizer = Vectorizer.fit([{"word": ["a"]}], {"word": 1.0})
    assert not any(vectorizer.row({"word": ["new"], "other": ["a"]}))


def test_features_can_be_named():
    vectorizer = Vectorizer.fit([{"word": ["a", "b"], "char": ["x"]}], {"word": 1.0, "char": 1.0})
    assert vectorizer.name_of(2) == ("char", "x")
    with pytest.raises(IndexError):
        vectorizer.name_of(3)


def test_parts_restore_the_same_rows():
    documents = [{"word": ["a", "b", "a"], "char": ["x"]}]
    vectorizer = Vectorizer.fit(documents, {"word": 1.0, "char": 0.5})
    restored = Vectorizer.from_parts(vectorizer.parts())
    assert restored.row(documents[0]) == vectorizer.row(documents[0])


def test_rare_terms_count_more_when_asked_for():
    documents = [{"words": ["a", "b"]}, {"words": ["a"]}, {"words": ["a"]}]
    _, values = Vectorizer.fit(documents, {"words": 1.0}, weigh=True).row(documents[0])
    assert values[1] > values[0]
    assert sum(value * value for value in values) == pytest.approx(1.0)


def test_rareness_comes_back_from_the_parts():
    documents = [{"words": ["a", "b"]}, {"words": ["a"]}]
    fitted = Vectorizer.fit(documents, {"words": 1.0}, weigh=True)
    assert Vectorizer.from_parts(fitted.parts()).row(documents[0]) == fitted.row(documents[0])


def test_a_block_with_limits_leaves_rare_terms_out():
    documents = [{"words": ["a", "b"]}, {"words": ["a"]}]
    fitted = Vectorizer.fit(documents, {"words": 1.0}, {"words": Limits(min_df=2)})
    assert [list(one) for one in fitted.row(documents[0])] == [[0], [1.0]]
