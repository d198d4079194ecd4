from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nlu.building import names, train

from tertulia.base.errors import ConfigError
from tertulia.core.domain.model import Generation
from tertulia.nlu.scripts import pieces, with_marks_as_letters

SHOP = """
nlu:
- intent: flight
  examples: |
    - 我想订一张去[北京](city)的机票
    - 帮我买一张到[上海](city)的机票
    - 我要去[东京](city)
    - 飞往[北京](city)的航班
- intent: weather
  examples: |
    - 今天天气怎么样
    - [上海](city)明天会下雨吗
    - 天气好吗
    - 外面冷不冷
"""
PIPELINE = names(
    "WhitespaceTokenizer", "CountVectorsFeaturizer", "CountVectorsFeaturizer", "DIETClassifier"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("去北京", ["去", "北", "京"]),
        ("東京タワーまで", ["東", "京", "タワー", "ま", "で"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("ខ្ញុំចង់", ["ខ្ញុំ", "ច", "ង់"]),
        ("2023年", ["2023", "年"]),
        ("नमस्ते, मदद", ["नमस्ते", "मदद"]),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),
    ],
)
def test_every_script_is_cut_where_an_annotation_may_end(text: str, words: list[str]):
    tokens = train("- name: WhitespaceTokenizer").parse(text).tokens
    assert tokens is not None
    assert [text[start:end] for start, end in tokens] == words


@given(st.text())
def test_pieces_leave_no_sign_out(text: str):
    spans = list(pieces(text))
    assert "".join(text[begin:end] for begin, end in spans) == text


@given(st.text())
def test_marks_become_letters_one_for_one(text: str):
    assert len(with_marks_as_letters(text)) == len(text)


def test_a_chinese_bot_finds_intents_and_entities_without_spaces():
    found = train(PIPELINE, SHOP).parse("我想去上海")
    assert found.intent.name == "flight"
    assert [(one["entity"], one["value"]) for one in found.entities] == [("city", "上海")]


def test_a_chinese_bot_of_0x_finds_intents_too():
    pipeline = names(
        "tokenizer_jieba",
        "intent_featurizer_count_vectors",
        "intent_classifier_tensorflow_embedding",
    )
    found = train(pipeline, SHOP, generation=Generation.LEGACY).parse("明天天气好吗")
    assert found.intent.name == "weather"


def test_words_of_a_list_stay_whole_the_longest_first(tmp_path: Path):
    (tmp_path / "words.txt").write_text("北京 5 ns\n北京大学 3\nhotel\n\n", "utf-8")
    text = names("JiebaTokenizer", JiebaTokenizer={"dictionary_path": str(tmp_path)})
    assert train(text).parse("去北京大学和北京").tokens == ((0, 1), (1, 5), (5, 6), (6, 8))


def test_a_missing_folder_of_word_lists_is_an_error(tmp_path: Path):
    text = names("JiebaTokenizer", JiebaTokenizer={"dictionary_path": str(tmp_path / "gone")})
    with pytest.raises(ConfigError, match="gone"):
        train(text)
