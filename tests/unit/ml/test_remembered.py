import pytest

from tertulia.ml.remembered import LONGEST, Remembered, are_kept


@pytest.mark.parametrize(("length", "calls"), [(1, 1), (LONGEST, 1), (LONGEST + 1, 2)])
def test_answers_for_words_of_a_usual_length_are_kept(length: int, calls: int):
    heard: list[str] = []
    answer = Remembered(heard.append)
    answer("a" * length)
    answer("a" * length)
    assert len(heard) == calls
    assert are_kept(["b", "a" * length]) is (calls == 1)


def test_other_arguments_have_other_answers():
    assert [Remembered(str.center)("a", width) for width in (1, 3)] == ["a", " a "]


def test_no_words_are_kept():
    assert are_kept([])


def test_of_the_words_of_a_text_only_long_ones_are_asked_again():
    heard: list[tuple[str, int]] = []
    answer = Remembered(lambda word, number: heard.append((word, number)) or number)
    words, numbers = ["b", "a" * (LONGEST + 1), "a"], [1, 2, 3]
    assert answer.each(words, numbers) == answer.each(words, numbers) == numbers
    assert heard == [*zip(words, numbers, strict=True), (words[1], 2)]
