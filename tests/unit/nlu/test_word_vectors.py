import pytest
from tests.unit.ml.test_word_vectors import table
from tests.unit.nlu.building import configs, names, nlu, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ComponentError
from tertulia.core.domain.model import Generation
from tertulia.core.understanding import RankedIntent
from tertulia.ml.parts import Array
from tertulia.nlu import english
from tertulia.nlu.pipeline import Pipeline, train_pipeline
from tertulia.nlu.word_vectors import FEATURIZER, with_word_vectors

WORDS = """
nlu:
- intent: greet
  examples: |
    - hello
    - good morning
    - hi, how are you
- intent: travel
  examples: |
    - i need a plane
    - is there a train
    - a ticket please
"""
CITIES = """\
version: "3.1"
nlu:
- intent: travel
  examples: |
    - take me to [london](city) now
    - take me to [paris](city) now
    - take me to [madrid](city) now
    - take me to [rome](city) now
    - take me to [vienna](city) now
    - take me to lunch now
    - take me to school now
    - take me to work now
    - take me to dinner now
    - take me to court now
"""
PARTS = ("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")
CLASSIC = names(*PARTS)


def joined(text: str, language: str = "en") -> list[str]:
    """Return the names of the components that are trained."""
    return [one.name for one in with_word_vectors(configs(text), language)]


@pytest.mark.parametrize("language", ["en", "en-GB", "en_US"])
def test_they_join_an_english_pipeline_before_what_learns_intents(language: str):
    assert joined(CLASSIC, language) == [*PARTS[:2], FEATURIZER, PARTS[2]]


def test_they_join_before_a_response_selector_alone():
    text = names(*PARTS[:2], "KeywordIntentClassifier", "ResponseSelector")
    assert joined(text)[-2:] == [FEATURIZER, "ResponseSelector"]


def test_another_language_has_none():
    assert joined(CLASSIC, "de") == list(PARTS)


def test_an_extractor_has_no_use_for_those_of_whole_texts():
    assert FEATURIZER not in joined(names(PARTS[0], "CRFEntityExtractor"))


@pytest.mark.parametrize("params", [{"word_vectors": "false"}, {"featurizers": "[words]"}])
def test_they_stay_away_from_who_would_not_learn_of_them(params: dict[str, str]):
    assert FEATURIZER not in joined(names(*PARTS, DIETClassifier=params))


@pytest.mark.parametrize("other", ["LanguageModelFeaturizer", FEATURIZER])
def test_they_stay_away_where_others_make_vectors(other: str):
    pipeline = (PARTS[0], other, *PARTS[1:])
    assert joined(names(*pipeline)) == list(pipeline)


def test_a_word_that_no_example_has_is_understood():
    known = train(CLASSIC, WORDS).parse("i want a flight")
    without = train(names(*PARTS, DIETClassifier={"word_vectors": "false"}), WORDS)
    assert known.intent.name == "travel"
    assert known.intent.confidence > without.parse("i want a flight").intent.confidence


def test_a_text_without_any_known_term_is_not_guessed_at():
    assert train(CLASSIC, WORDS).parse("flight").intent == RankedIntent(None, 0.0)


def test_a_pipeline_of_word_vectors_alone_understands():
    text = names("WhitespaceTokenizer", FEATURIZER, "LogisticRegressionClassifier")
    assert train(text, WORDS).parse("flight").intent.name == "travel"


def test_two_texts_without_known_pieces_are_nothing_alike():
    text = names("WhitespaceTokenizer", FEATURIZER, "LogisticRegressionClassifier")
    assert train(text, WORDS).parse("京都").intent == RankedIntent(None, 0.0)


def test_a_stored_pipeline_understands_the_same():
    trained = train(CLASSIC, WORDS)
    again = Pipeline.from_parts(trained.parts())
    assert again.parse("i want a flight") == trained.parse("i want a flight")


@pytest.mark.parametrize("pipeline", [CLASSIC, names(PARTS[0], "CRFEntityExtractor")])
def test_a_model_of_another_table_is_refused(pipeline: str, monkeypatch: pytest.MonkeyPatch):
    trained = train(pipeline, CITIES)
    monkeypatch.setattr(english, "english", table)
    with pytest.raises(ComponentError) as caught:
        Pipeline.from_parts(trained.parts())
    assert caught.value.code == "T515"


def test_a_model_of_an_older_release_goes_on_without():
    old = train_pipeline(
        configs(CLASSIC),
        nlu(WORDS),
        generation=Generation.MODERN,
        diagnostics=Diagnostics(),
        language="de",
    )
    assert FEATURIZER not in old.names
    assert Pipeline.from_parts(old.parts()).parse("hello").intent.name == "greet"


@pytest.mark.parametrize("extractor", ["DIETClassifier", "CRFEntityExtractor"])
@pytest.mark.parametrize(("asked", "found"), [("berlin", ["berlin"]), ("breakfast", [])])
def test_a_word_that_no_example_has_is_tagged_by_what_it_means(
    extractor: str, asked: str, found: list[str]
):
    pipeline = train(names(PARTS[0], "CountVectorsFeaturizer", extractor), CITIES)
    parsed = pipeline.parse(f"take me to {asked} now")
    assert [entity["value"] for entity in parsed.entities] == found


def meanings(pipeline: str, language: str = "en") -> Array:
    """Return what an extractor of cities has learned of what words mean."""
    trained = train_pipeline(
        configs(pipeline),
        nlu(CITIES),
        generation=Generation.MODERN,
        diagnostics=Diagnostics(),
        language=language,
    )
    (extractor,) = [parts for key, parts in trained.parts().items() if "CRF" in key]
    return extractor.array("meanings")


@pytest.mark.parametrize("params", [{"word_vectors": "false"}, {"features": "[[], [low], []]"}])
def test_an_extractor_does_without_what_words_mean_where_it_shall(params: dict[str, str]):
    assert not meanings(names(PARTS[0], "CRFEntityExtractor", CRFEntityExtractor=params)).size


def test_an_extractor_in_another_language_does_without_what_words_mean():
    pipeline = names(PARTS[0], "CRFEntityExtractor")
    assert meanings(pipeline).size
    assert not meanings(pipeline, language="de").size
