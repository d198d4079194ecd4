from tests.unit.nlu.building import TRAVEL, codes, configs, names, nlu, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.nlu.pipeline import train_pipeline

PIPELINE = names(
    "WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier", "ResponseSelector"
)


def test_the_selected_response_comes_with_its_texts():
    understood = train(PIPELINE).parse("tell me your name").as_dict()
    selector = understood["response_selector"]
    assert selector["all_retrieval_intents"] == ["faq"]
    response = selector["default"]["response"]
    assert response["intent_response_key"] == "faq/name"
    assert response["utter_action"] == "utter_faq/name"
    assert response["responses"] == [{"text": "It is Bob."}]
    assert selector["default"]["ranking"][0] == {
        "confidence": response["confidence"],
        "intent_response_key": "faq/name",
    }


def test_a_retrieval_intent_carries_its_full_name():
    understood = train(PIPELINE).parse("how old are you").as_dict()
    assert understood["intent"]["name"] == "faq"
    assert understood["intent"]["full_retrieval_intent_name"] == "faq/age"


def test_another_intent_carries_no_full_name():
    understood = train(PIPELINE).parse("hello").as_dict()
    assert "full_retrieval_intent_name" not in understood["intent"]
    assert "response_selector" in understood


def test_the_domain_may_bring_the_responses():
    diagnostics = Diagnostics()
    trained = train_pipeline(
        configs(PIPELINE),
        nlu(TRAVEL),
        generation=Generation.MODERN,
        diagnostics=diagnostics,
        responses={"utter_faq/name": [{"text": "Ann."}]},
    )
    selector = trained.parse("tell me your name").as_dict()["response_selector"]
    assert selector["default"]["response"]["responses"] == [{"text": "Ann."}]


def test_each_selector_answers_under_its_own_name():
    pipeline = PIPELINE + "\n  retrieval_intent: faq\n- name: ResponseSelector"
    selector = train(pipeline).parse("what is your age").as_dict()["response_selector"]
    assert {"faq", "default"} <= set(selector)
    assert selector["faq"]["response"]["intent_response_key"] == "faq/age"


def test_a_selector_for_an_intent_without_examples_is_noted_and_selects_nothing():
    diagnostics = Diagnostics()
    pipeline = PIPELINE + "\n  retrieval_intent: chat"
    selector = train(pipeline, diagnostics=diagnostics).parse("hello").response_selector
    assert "T182" in codes(diagnostics)
    assert selector is not None
    assert selector["chat"] == {
        "response": {
            "responses": None,
            "confidence": 0.0,
            "intent_response_key": None,
            "utter_action": "utter_None",
        },
        "ranking": [],
    }
