import pytest
from tests.unit.nlu.building import names, train

from tertulia.core.domain.model import Generation
from tertulia.nlu.tokenizers.whitespace import legacy_words, modern_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello, world!", ["hello", "world"]),
        ("don't stop", ["don", "t", "stop"]),
        ("it costs $3.50 or -5", ["it", "costs", "$3.50", "or", "-5"]),
        ("write to a.b@c.de", ["write", "to", "a.b@c.de"]),
        ("see http://x.y/z?a=b", ["see", "http://x.y/z?a=b"]),
        ("(really) #tag & more", ["really", "#tag", "&", "more"]),
        ("hi 😀", ["hi"]),
        ("안녕 하세요", ["안녕", "하세요"]),
    ],
)
def test_modern_words_lose_the_signs_around_them(text: str, words: list[str]):
    assert modern_words(text) == words


@pytest.mark.parametrize("text", ["", "!!!", "😀", " "])
def test_a_modern_text_without_words_is_one_token(text: str):
    assert modern_words(text) == [text]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello, world!", ["hello", "world"]),
        ("don't (stop)", ["don't", "(stop)"]),
        ("3.50 now...", ["3.50", "now"]),
        ("", []),
    ],
)
def test_legacy_words_lose_only_stops_at_their_end(text: str, words: list[str]):
    assert legacy_words(text) == words


def test_offsets_point_into_the_text_as_sent():
    pipeline = train("- name: WhitespaceTokenizer")
    assert pipeline.parse("a, a  b!").tokens == ((0, 1), (3, 4), (6, 7))


def test_a_token_pattern_cuts_words_and_keeps_what_it_does_not_match():
    text = names("WhitespaceTokenizer", WhitespaceTokenizer={"token_pattern": "'[a-z]+|[0-9]+'"})
    assert train(text).parse("ab12 Ä").tokens == ((0, 2), (2, 4), (5, 6))


def test_a_legacy_result_has_no_token_offsets():
    pipeline = train("- name: tokenizer_whitespace", generation=Generation.LEGACY)
    assert pipeline.parse("a b").tokens is None
