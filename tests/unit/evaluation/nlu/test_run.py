"""What a pipeline makes of examples, and what counts as a mistake."""

from tests.unit.evaluation.nlu.data import pipeline, read

from tertulia.core.domain.model import Generation
from tertulia.evaluation.nlu.report import parts_of, summary
from tertulia.evaluation.nlu.run import evaluate_nlu

TESTED = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - goodbye
    - what
- intent: book
  examples: |
    - book [rome](city)
    - book [oslo](city)
"""


def test_each_intent_is_compared_with_the_prediction() -> None:
    found = evaluate_nlu(pipeline(), read(TESTED).examples)
    pairs = [(one.text, one.expected, one.predicted) for one in found.intents]
    assert pairs[:3] == [
        ("hello", "greet", "greet"),
        ("goodbye", "greet", "bye"),
        ("what", "greet", ""),
    ]


def test_mistakes_are_listed_as_the_originals_write_them() -> None:
    intents, entities = parts_of(evaluate_nlu(pipeline(), read(TESTED).examples))
    assert intents.errors == [
        {
            "text": "goodbye",
            "intent": "greet",
            "intent_prediction": {"name": "bye", "confidence": 1.0},
        },
        {
            "text": "what",
            "intent": "greet",
            "intent_prediction": {"name": None, "confidence": 0.0},
        },
        {
            "text": "book oslo",
            "intent": "book",
            "intent_prediction": {"name": None, "confidence": 0.0},
        },
    ]
    assert [one["text"] for one in entities.errors] == ["book oslo"]
    assert entities.errors[0]["entities"] == [
        {"start": 5, "end": 9, "entity": "city", "value": "oslo"}
    ]
    assert entities.errors[0]["predicted_entities"] == []


def test_the_report_says_what_a_label_was_taken_for() -> None:
    intents, _ = parts_of(evaluate_nlu(pipeline(), read(TESTED).examples))
    assert intents.report["greet"]["confused_with"] == {"bye": 1, "None": 1}
    assert intents.report["book"]["confused_with"] == {"None": 1}
    assert intents.report["greet"]["recall"] == 1 / 3


def test_words_that_are_no_entity_have_no_line_in_the_report() -> None:
    _, entities = parts_of(evaluate_nlu(pipeline(), read(TESTED).examples))
    assert entities.name == "RegexEntityExtractor"
    assert set(entities.report) == {
        "city",
        "accuracy",
        "micro avg",
        "macro avg",
        "weighted avg",
    }
    assert entities.report["city"]["support"] == 2
    assert entities.report["micro avg"]["recall"] == 0.5


def test_without_annotated_entities_no_extractor_is_judged() -> None:
    found = evaluate_nlu(pipeline(), read(TESTED).examples[:3])
    assert [part.name for part in parts_of(found)] == ["intent"]


def test_examples_without_an_intent_count_for_entities_only() -> None:
    plain = read(TESTED).examples[3]
    without = type(plain)(text=plain.text, entities=plain.entities, span=plain.span)
    found = evaluate_nlu(pipeline(), [without])
    assert found.intents == []
    assert len(found.entities) == 1


def test_what_the_fallback_replaced_is_what_counts() -> None:
    text = """\
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: DIETClassifier
- name: FallbackClassifier
  threshold: 1.0
"""
    found = evaluate_nlu(pipeline(text), read(TESTED).examples[:1])
    assert found.intents[0].predicted == "greet"
    assert 0 < found.intents[0].confidence < 1


def test_0x_pipelines_are_tested_too() -> None:
    text = "- name: tokenizer_whitespace\n- name: intent_classifier_keyword\n"
    found = evaluate_nlu(pipeline(text, generation=Generation.LEGACY), read(TESTED).examples[:1])
    assert found.entities[0].tokens == ((0, 5),)


def test_the_summary_has_the_keys_of_the_api() -> None:
    found = summary(evaluate_nlu(pipeline(), read(TESTED).examples))
    assert set(found) == {
        "intent_evaluation",
        "entity_evaluation",
        "response_selection_evaluation",
    }
    assert set(found["intent_evaluation"]) == {
        "predictions",
        "report",
        "precision",
        "f1_score",
        "accuracy",
        "errors",
    }
    assert found["response_selection_evaluation"] is None
    assert set(found["entity_evaluation"]) == {"RegexEntityExtractor"}


def test_selected_responses_are_compared_by_their_key() -> None:
    data = """\
version: "3.1"
nlu:
- intent: faq/name
  examples: |
    - what is your name
    - who are you
- intent: faq/age
  examples: |
    - how old are you
    - your age please
"""
    text = """\
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: DIETClassifier
- name: ResponseSelector
"""
    found = evaluate_nlu(pipeline(text, data), read(data).examples)
    parts = {part.name: part for part in parts_of(found)}
    assert parts["response_selection"].metrics.accuracy == 1.0
    assert parts["intent"].report["faq"]["support"] == 4
    assert parts["response_selection"].successes[0]["intent_response_key_target"] == "faq/name"
