import pytest
from tests.unit.nlu.building import codes, names, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.core.understanding import RankedIntent
from tertulia.nlu.classifiers import label_model
from tertulia.nlu.classifiers.fallback import FallbackClassifier, FallbackConfig
from tertulia.nlu.component import Setting
from tertulia.nlu.message import Message
from tertulia.nlu.pipeline import Pipeline

LEARNED = names("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")
KEYWORDS = """
nlu:
- intent: greet
  examples: |
    - Hello
    - good day
- intent: bye
  examples: |
    - bye
    - good day
    - what?
"""


def keywords(text: str, *, case_sensitive: bool = True) -> RankedIntent:
    pipeline = names(
        "KeywordIntentClassifier",
        KeywordIntentClassifier={"case_sensitive": str(case_sensitive).lower()},
    )
    return train(pipeline, KEYWORDS).parse(text).intent


@pytest.mark.parametrize("text", ["Hello", "oh Hello there", "Hello!"])
def test_a_keyword_inside_the_text_decides(text: str):
    assert keywords(text) == RankedIntent("greet", 1.0)


@pytest.mark.parametrize("text", ["hello", "Hellos", "good day", "byebye", ""])
def test_other_case_parts_of_words_and_ambiguous_keywords_decide_nothing(text: str):
    assert keywords(text) == RankedIntent(None, 0.0)


def test_letter_case_can_be_ignored():
    assert keywords("HELLO", case_sensitive=False).name == "greet"


def test_a_keyword_may_end_in_a_sign():
    assert keywords("what? no").name == "bye"


def test_legacy_knows_its_fixed_words_and_ranks_nothing():
    pipeline = train("keyword", KEYWORDS, generation=Generation.LEGACY)
    assert pipeline.parse("well, Goodbye").intent == RankedIntent("goodbye", 1.0)
    assert pipeline.parse("this").intent == RankedIntent(None, 0.0)
    assert pipeline.parse("hi").intent_ranking is None


@pytest.mark.parametrize(
    "name",
    [
        "DIETClassifier",
        "EmbeddingIntentClassifier",
        "LogisticRegressionClassifier",
        "SklearnIntentClassifier",
    ],
)
def test_every_learned_classifier_recognises_its_training_examples(name: str):
    pipeline = train(names("WhitespaceTokenizer", "CountVectorsFeaturizer", name))
    found = {
        text: pipeline.parse(text).intent for text in ("hello", "see you later", "how old are you")
    }
    assert [intent.name for intent in found.values()] == ["greet", "bye", "faq"]
    assert min(intent.confidence for intent in found.values()) > 0.6


def test_the_ranking_falls_and_starts_with_the_intent():
    understood = train(LEARNED).parse("hello, a trip to Rome")
    ranking = understood.intent_ranking
    assert ranking is not None
    assert ranking[0] == understood.intent
    assert sorted(ranking, key=lambda one: -one.confidence) == list(ranking)
    assert 0.7 < sum(one.confidence for one in ranking) < 1.0  # the rest is for none of them


def test_a_short_ranking_can_be_asked_for_and_made_to_sum_to_one():
    pipeline = names(
        "WhitespaceTokenizer",
        "CountVectorsFeaturizer",
        "DIETClassifier",
        DIETClassifier={"ranking_length": 2, "renormalize_confidences": "true"},
    )
    ranking = train(pipeline).parse("hello").intent_ranking
    assert ranking is not None
    assert len(ranking) == 2
    assert sum(one.confidence for one in ranking) == pytest.approx(1.0)


def test_a_text_without_known_words_has_no_intent_and_an_empty_ranking():
    understood = train(LEARNED).parse("xyzzy plugh")
    assert understood.intent == RankedIntent(None, 0.0)
    assert understood.intent_ranking == ()


def test_one_intent_alone_is_noted():
    diagnostics = Diagnostics()
    data = "nlu:\n- intent: a\n  examples: |\n    - one\n    - two\n"
    pipeline = train(LEARNED, data, diagnostics=diagnostics)
    assert "T181" in codes(diagnostics)
    assert pipeline.parse("one").intent.name == "a"


def test_examples_without_intent_teach_no_intent():
    diagnostics = Diagnostics()
    data = '{"rasa_nlu_data": {"common_examples": [{"text": "only text"}]}}'
    pipeline = train(LEARNED, data, diagnostics=diagnostics)
    assert pipeline.parse("only text").intent.name is None


def test_the_same_seed_gives_the_same_confidences():
    first, second = train(LEARNED, seed=4), train(LEARNED, seed=4)
    assert first.parse("hello you").as_dict() == second.parse("hello you").as_dict()


def test_classifiers_learn_only_from_the_featurizers_they_name():
    pipeline = """
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
  alias: words
- name: CountVectorsFeaturizer
  alias: letters
  analyzer: char_wb
  max_ngram: 3
- name: DIETClassifier
  word_vectors: false
  featurizers: [words]
"""
    assert train(pipeline).parse("helo").intent.name is None
    everything = pipeline.replace("[words]", "[]")
    assert train(everything).parse("helo").intent.name == "greet"


def uncertain(ranking: list[RankedIntent] | None, intent: RankedIntent) -> Message:
    setting = Setting(name="FallbackClassifier", key="0", generation=Generation.MODERN)
    message = Message("text")
    message.intent, message.ranking = intent, ranking
    config = FallbackConfig(threshold=0.5, ambiguity_threshold=0.1)
    FallbackClassifier(config, setting).process(message)
    return message


def test_a_low_confidence_becomes_the_fallback_at_the_top_of_the_ranking():
    weak = RankedIntent("a", 0.4)
    message = uncertain([weak], weak)
    assert message.intent == RankedIntent("nlu_fallback", 0.5)
    assert message.ranking == [message.intent, weak]


def test_two_close_intents_are_ambiguous():
    ranking = [RankedIntent("a", 0.55), RankedIntent("b", 0.46)]
    assert uncertain(ranking, ranking[0]).intent.name == "nlu_fallback"


def test_a_clear_lead_is_left_alone():
    ranking = [RankedIntent("a", 0.6), RankedIntent("b", 0.4)]
    message = uncertain(ranking, ranking[0])
    assert (message.intent, message.ranking) == (ranking[0], ranking)


def test_without_a_ranking_none_is_made():
    message = uncertain(None, RankedIntent(None, 0.0))
    assert message.intent.name == "nlu_fallback"
    assert message.ranking is None


@pytest.fixture
def a_dozen_is_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(label_model, "_MANY", 5)
    monkeypatch.setattr(label_model, "_FEW", 2)


@pytest.mark.usefixtures("a_dozen_is_many")
def test_of_many_examples_a_stored_pipeline_with_all_its_models_understands_the_same():
    trained = train(LEARNED)
    parts = trained.parts()
    learned = next(own for name, own in parts.items() if name.endswith("DIETClassifier"))
    assert {"first", "vectors.first", "margins.weights"} <= set(learned.arrays)
    text = "good morning to Rome"
    assert Pipeline.from_parts(parts).parse(text) == trained.parse(text)


@pytest.mark.usefixtures("a_dozen_is_many")
def test_of_many_examples_the_same_bytes_come_out_again():
    first, second = (train(LEARNED).parts() for _ in range(2))
    for name, own in first.items():
        assert own.meta == second[name].meta
        assert [one.tobytes() for one in own.arrays.values()] == [
            one.tobytes() for one in second[name].arrays.values()
        ]
