import pytest
from tests.unit.nlu.building import TRAVEL, codes, configs, names, nlu, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.nlu.combined import combined_examples

COMBINED = TRAVEL.replace(
    "responses:",
    """- intent: greet+travel
  examples: |
    - hello, a trip to Oslo please
responses:""",
)


def combining(told: str, classifier: str = "DIETClassifier", symbol: str = "+") -> str:
    flags = {"intent_tokenization_flag": "true", "intent_split_symbol": f"'{symbol}'"}
    return names("WhitespaceTokenizer", "CountVectorsFeaturizer", classifier, **{told: flags})


@pytest.mark.parametrize(
    "text",
    ["good morning, from Paris to Bern", "book a flight to Oslo, hey", "hi there fly to Rome"],
)
def test_two_intents_in_one_message_are_recognised_by_the_examples_of_each(text: str):
    found = train(combining("WhitespaceTokenizer"), COMBINED).parse(text)
    assert found.intent.name == "greet+travel"


@pytest.mark.parametrize("text", ["good morning", "fly from Oslo to Rome", "bye bye"])
def test_one_intent_stays_one_beside_its_combinations(text: str):
    found = train(combining("WhitespaceTokenizer"), COMBINED).parse(text)
    assert "+" not in (found.intent.name or "")


def test_0x_tells_its_classifier():
    text = combining("EmbeddingIntentClassifier", "EmbeddingIntentClassifier")
    assert train(text, COMBINED).parse("hi there fly to Rome").intent.name == "greet+travel"


def test_without_the_flag_a_combination_is_one_intent_like_any_other():
    plain = names("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")
    found = train(plain, COMBINED).parse("good morning, from Paris to Bern")
    assert found.intent.name != "greet+travel"


def test_only_combinations_with_an_example_and_known_parts_are_taught():
    examples = nlu(COMBINED).examples
    taught = combined_examples(examples, "+")
    assert {one.intent for one in taught} == {"greet+travel"}
    assert combined_examples(examples, "_") == []
    assert combined_examples((), "+") == []
    assert len({one.text for one in taught}) == len(taught)


def test_a_symbol_that_joins_nothing_is_refused():
    found = Diagnostics()
    configs(combining("WhitespaceTokenizer", symbol=""), diagnostics=found)
    assert codes(found) == ["T162"]
