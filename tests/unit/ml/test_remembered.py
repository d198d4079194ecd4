import pytest

from tertulia.ml.remembered import LONGEST, are_kept, remembered


@pytest.mark.parametrize(("length", "calls"), [(1, 1), (LONGEST, 1), (LONGEST + 1, 2)])
def test_answers_for_words_of_a_usual_length_are_kept(length: int, calls: int):
    heard: list[str] = []
    answer = remembered(heard.append)
    answer("a" * length)
    answer("a" * length)
    assert len(heard) == calls
    assert are_kept(["b", "a" * length]) is (calls == 1)


def test_other_arguments_have_other_answers():
    assert [remembered(str.center)("a", width) for width in (1, 3)] == ["a", " a "]


def test_no_words_are_kept():
    assert are_kept([])
