from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from tests.unit.nlu.building import TRAVEL, configs, names, nlu, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ModelError, ProblemsFound, UnknownComponent
from tertulia.core.domain.model import Generation
from tertulia.ml.parts import Parts
from tertulia.nlu.pipeline import MANIFEST, Pipeline, train_pipeline

FULL = """
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
- name: RegexEntityExtractor
- name: EntitySynonymMapper
- name: ResponseSelector
- name: FallbackClassifier
"""
TEXTS = ["hello", "fly from Bern to Oslo", "how old are you?", "", "xyzzy", "😀"]


def through_json(parts: dict[str, Parts]) -> dict[str, Parts]:
    """Return the parts as a model file would hand them back."""
    return {
        name: Parts(meta=msgspec.json.decode(msgspec.json.encode(own.meta)), arrays=own.arrays)
        for name, own in parts.items()
    }


@pytest.fixture(scope="module")
def trained() -> Pipeline:
    return train(FULL)


def test_a_restored_pipeline_answers_the_same(trained: Pipeline):
    restored = Pipeline.from_parts(through_json(trained.parts()))
    assert [restored.parse(text) for text in TEXTS] == [trained.parse(text) for text in TEXTS]
    assert restored.names == trained.names


@pytest.mark.parametrize("pipeline", ["tensorflow_embedding", "supervised_embeddings", "keyword"])
def test_legacy_templates_survive_storage(pipeline: str):
    trained = train(pipeline, generation=Generation.LEGACY)
    restored = Pipeline.from_parts(through_json(trained.parts()))
    assert [restored.parse(text) for text in TEXTS] == [trained.parse(text) for text in TEXTS]


def test_the_modern_result_has_the_keys_of_the_wire(trained: Pipeline):
    assert list(trained.parse("fly to Rome").as_dict()) == [
        "text",
        "intent",
        "entities",
        "text_tokens",
        "intent_ranking",
        "response_selector",
    ]


def test_the_legacy_result_has_the_keys_of_the_wire():
    trained = train("tensorflow_embedding", generation=Generation.LEGACY)
    assert list(trained.parse("fly to Rome").as_dict()) == [
        "text",
        "intent",
        "entities",
        "intent_ranking",
    ]


def test_an_empty_legacy_text_is_not_ranked():
    trained = train("tensorflow_embedding", generation=Generation.LEGACY)
    assert trained.parse("").as_dict() == {
        "text": "",
        "intent": {"name": None, "confidence": 0.0},
        "entities": [],
    }


def test_threads_get_the_answers_of_one(trained: Pipeline):
    alone = [trained.parse(text) for text in TEXTS * 20]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained.parse, TEXTS * 20)) == alone


def test_training_tells_what_it_is_at():
    told: list[str] = []
    train_pipeline(
        configs(names("WhitespaceTokenizer", "CountVectorsFeaturizer")),
        nlu(TRAVEL),
        generation=Generation.MODERN,
        diagnostics=Diagnostics(),
        progress=told.append,
    )
    assert told == ["WhitespaceTokenizer", "CountVectorsFeaturizer"]


def test_a_pipeline_that_cannot_work_is_not_trained():
    with pytest.raises(ProblemsFound, match="T165"):
        train("- name: DIETClassifier")


def test_a_broken_regex_stops_training():
    data = "nlu:\n- intent: a\n  examples: |\n    - b\n- regex: r\n  examples: |\n    - (\n"
    with pytest.raises(ProblemsFound, match="T353"):
        train(names("WhitespaceTokenizer", "RegexFeaturizer"), data)


def test_no_data_at_all_still_gives_a_pipeline():
    trained = train(FULL, "nlu: []")
    assert trained.parse("hello").as_dict()["intent"] == {"name": "nlu_fallback", "confidence": 0.3}


def without_manifest(parts: dict[str, Parts]) -> None:
    del parts[MANIFEST]


def without_component(parts: dict[str, Parts]) -> None:
    del parts["6.DIETClassifier"]


def without_weights(parts: dict[str, Parts]) -> None:
    parts["6.DIETClassifier"] = Parts(meta=parts["6.DIETClassifier"].meta)


def with_more_features(parts: dict[str, Parts]) -> None:
    tagger = parts["6.DIETClassifier"].meta["tagger"]
    tagger["token_terms"] = [*tagger["token_terms"], "one more"]


def without_labels(parts: dict[str, Parts]) -> None:
    parts["9.ResponseSelector"] = Parts(meta={"model": {}})


@pytest.mark.parametrize(
    "damage",
    [without_manifest, without_component, without_weights, with_more_features, without_labels],
)
def test_a_damaged_model_is_refused(trained: Pipeline, damage: object):
    parts = dict(trained.parts())
    assert callable(damage)
    damage(parts)
    with pytest.raises(ModelError, match="damaged"):
        Pipeline.from_parts(parts)


def test_a_model_file_cannot_name_any_class_to_load(trained: Pipeline):
    parts = through_json(trained.parts())
    parts[MANIFEST].meta["components"][0]["name"] = "pathlib.Path"
    with pytest.raises(UnknownComponent):
        Pipeline.from_parts(parts)


def test_how_far_each_component_is_rises_to_the_whole():
    told: list[tuple[str, float]] = []
    at = [""]
    text = names("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")
    train_pipeline(
        configs(text),
        nlu(TRAVEL),
        generation=Generation.MODERN,
        diagnostics=Diagnostics(),
        progress=lambda name: at.__setitem__(0, name),
        told=lambda done: told.append((at[0], done)),
    )
    assert {name for name, _ in told} == {"DIETClassifier"}
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert len(set(shares)) > 10
    assert 0 < shares[0] < 0.1
    assert shares[-1] == 1.0
