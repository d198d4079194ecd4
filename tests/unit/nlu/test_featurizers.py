from itertools import chain
from typing import Any

import pytest
from tests.unit.nlu.building import names, train

from tertulia.core.domain.model import Generation
from tertulia.nlu.message import Message
from tertulia.nlu.pipeline import Pipeline

DATA = """
nlu:
- intent: a
  examples: |
    - Big red apple
    - red pear 12
- intent: b
  examples: |
    - zip code oov
- regex: zip
  examples: |
    - \\d{5}
- lookup: fruit
  examples: |
    - red apple
    - pear
"""


def featurized(pipeline: Pipeline, text: str) -> Message:
    message = Message(text)
    for component in pipeline._components:
        component.process(message)
    return message


def told_of_tokens(message: Message) -> list[list[str]]:
    return [list(chain.from_iterable(groups)) for groups in message.token_features]


def terms(text: str, *, generation: Generation = Generation.MODERN, **parameters: Any) -> list[str]:
    pipeline = train(
        names("WhitespaceTokenizer", "CountVectorsFeaturizer", CountVectorsFeaturizer=parameters),
        DATA,
        generation=generation,
    )
    return list(featurized(pipeline, text).blocks[0].terms)


def test_words_that_training_has_not_seen_are_left_out():
    assert terms("a RED thing, red") == ["red", "red"]


def test_letter_case_counts_when_asked_for():
    assert terms("big Big", lowercase="false") == ["Big"]


def test_numbers_are_all_the_same_word():
    assert terms("99") == ["__number__"]


def test_legacy_words_have_two_letters_at_least():
    data_word = terms("x pear", generation=Generation.LEGACY)
    assert data_word == ["pear"]


def test_runs_of_words_are_terms():
    assert terms("big red", max_ngram=2) == ["big", "red", "big red"]


def test_characters_within_words_are_terms():
    assert terms("pea", analyzer="char_wb", min_ngram=2, max_ngram=2) == [" p", "pe", "ea"]


def test_rare_words_are_left_out():
    assert terms("big red", min_df=2) == ["red"]


def test_stop_words_are_left_out():
    assert terms("big red", stop_words="[red]") == ["big"]


def test_common_english_words_can_be_left_out():
    data = terms("the big code", stop_words="english")
    assert data == ["big", "code"]


def test_unknown_words_become_the_token_that_the_data_has_for_them():
    assert terms("strange red", OOV_token="oov") == ["oov", "red"]


def test_training_words_can_be_declared_unknown():
    assert terms("big pear", OOV_token="oov", OOV_words="[big, apple]") == ["oov", "pear"]


def test_accents_can_be_taken_off():
    assert terms("péar", strip_accents="unicode") == ["pear"]


@pytest.mark.parametrize("case_sensitive", ["true", "false"])
def test_a_matched_lookup_marks_text_and_tokens(case_sensitive: str):
    pipeline = train(
        names(
            "WhitespaceTokenizer",
            "RegexFeaturizer",
            RegexFeaturizer={"case_sensitive": case_sensitive},
        ),
        DATA,
    )
    message = featurized(pipeline, "a Red Apple 12345")
    found = ["zip"] if case_sensitive == "true" else ["zip", "fruit"]
    marks = [] if case_sensitive == "true" else ["pattern:fruit"]
    assert list(message.blocks[0].terms) == found
    assert told_of_tokens(message) == [[], marks, marks, ["pattern:zip"]]


def test_what_is_said_of_a_token_is_said_once():
    pipeline = train(
        names(
            "WhitespaceTokenizer",
            "RegexFeaturizer",
            *["LexicalSyntacticFeaturizer"] * 2,
            LexicalSyntacticFeaturizer={"features": "[[], [low, low], []]"},
        ),
        DATA,
    )
    assert told_of_tokens(featurized(pipeline, "12345-67890")) == [
        ["pattern:zip", "0:low=12345-67890"]
    ]


def test_a_lexical_window_looks_at_neighbours():
    pipeline = train(
        names(
            "WhitespaceTokenizer",
            "LexicalSyntacticFeaturizer",
            LexicalSyntacticFeaturizer={"features": "[[low], [BOS, title, suffix2], [EOS]]"},
        ),
        DATA,
    )
    assert told_of_tokens(featurized(pipeline, "Big pear")) == [
        ["0:BOS", "0:title=True", "0:suffix2=ig", "1:EOS"],
        ["-1:low=big", "0:title=False", "0:suffix2=ar"],
    ]
