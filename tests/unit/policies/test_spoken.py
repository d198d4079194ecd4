import pytest

from tertulia.policies.spoken import Spoken, words

KNOWN = Spoken(["Do you have a garden?", "great"])


def test_words_have_no_case_and_no_punctuation_and_come_once() -> None:
    assert words("Well, don't! Well...") == ["well", "don't"]


def test_a_known_text_is_like_itself_however_it_is_written() -> None:
    assert KNOWN.likeness("do you have a GARDEN") == 1.0


def test_a_text_is_as_like_as_the_words_it_shares_with_the_nearest() -> None:
    assert KNOWN.likeness("is there a garden") == pytest.approx(2 * 2 / (5 + 4))


def test_a_known_word_in_a_long_text_says_little() -> None:
    assert KNOWN.likeness("order a large one") < 0.3


@pytest.mark.parametrize("text", ["", "...", "pizza"])
def test_a_text_without_a_known_word_is_like_nothing(text: str) -> None:
    assert KNOWN.likeness(text) == 0.0
