import sys
from pathlib import Path

import pytest
from tests.unit.ml.tiny_bert import SIZE, write_tiny_bert
from tests.unit.nlu.building import names, train

from tertulia.base.errors import ComponentError
from tertulia.core.domain.model import Generation
from tertulia.ml.parts import Parts
from tertulia.nlu.component import Setting
from tertulia.nlu.featurizers.language_model import (
    LanguageModelConfig,
    LanguageModelFeaturizer,
    load_encoder,
)
from tertulia.nlu.message import Message
from tertulia.nlu.pipeline import Pipeline

WORDS = """
nlu:
- intent: greet
  examples: |
    - hello
    - hello!
    - hello hello
- intent: book
  examples: |
    - booking a table
    - a table
    - book a table!
"""
PARTS = ("WhitespaceTokenizer", "LanguageModelFeaturizer", "LogisticRegressionClassifier")


def pipeline(weights: Path | str, **more: object) -> str:
    return names(*PARTS, LanguageModelFeaturizer={"model_weights": str(weights), **more})


def test_texts_are_understood_by_vectors_alone(tmp_path: Path):
    found = train(pipeline(write_tiny_bert(tmp_path / "tiny")), WORDS).parse("hello")
    assert found.intent.name == "greet"


def test_a_stored_pipeline_understands_the_same(tmp_path: Path):
    trained = train(pipeline(write_tiny_bert(tmp_path / "tiny")), WORDS)
    again = Pipeline.from_parts(trained.parts())
    assert again.parse("a table hello") == trained.parse("a table hello")


def test_a_pipeline_of_an_older_release_goes_on_with_the_vectors_that_it_knows(tmp_path: Path):
    weights = str(write_tiny_bert(tmp_path / "tiny"))
    setting = Setting(name="LM", key="LM", generation=Generation.MODERN)
    config = LanguageModelConfig(model_weights=weights)
    digest = load_encoder(config).digest
    sizes: list[int] = []
    for more in ({}, {"early": True}):
        parts = Parts(meta={"digest": digest, **more})
        message = Message("hello")
        LanguageModelFeaturizer.from_parts(config, setting, parts).process(message)
        sizes.append(len(message.vectors[0][1]))
    assert sizes == [SIZE, 2 * SIZE]


def test_vectors_and_words_go_together(tmp_path: Path):
    folder = write_tiny_bert(tmp_path / "tiny")
    text = names(
        "WhitespaceTokenizer",
        "CountVectorsFeaturizer",
        "SentenceEmbeddingFeaturizer",
        "DIETClassifier",
        SentenceEmbeddingFeaturizer={"model_weights": str(folder)},
    )
    assert train(text).parse("tell me your name").intent.name == "faq"


def test_exchanged_weights_are_noticed(tmp_path: Path):
    trained = train(pipeline(write_tiny_bert(tmp_path / "tiny")), WORDS)
    write_tiny_bert(tmp_path / "tiny", seed=1)
    with pytest.raises(ComponentError) as caught:
        Pipeline.from_parts(trained.parts())
    assert caught.value.code == "T514"


def test_a_model_that_is_not_here_is_no_download_but_an_error(tmp_path: Path):
    with pytest.raises(ComponentError, match="rasa/LaBSE") as caught:
        train(pipeline("rasa/LaBSE", cache_dir=str(tmp_path)))
    assert caught.value.code == "T512"
    assert "TERTULIA_EMBEDDINGS" in caught.value.hint


def test_a_folder_with_something_else_is_an_error(tmp_path: Path):
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ComponentError) as caught:
        train(pipeline(tmp_path))
    assert caught.value.code == "T513"


def test_a_model_is_found_in_an_installed_package_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_tiny_bert(tmp_path / "tiny_words_model" / "model")
    (tmp_path / "tiny_words_model" / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    assert train(pipeline("tiny-words-model"), WORDS).parse("hello").intent.name == "greet"
    assert "tiny_words_model" not in sys.modules


def test_a_model_is_found_in_the_cache_folder(tmp_path: Path):
    write_tiny_bert(tmp_path / "org" / "tiny")
    assert train(pipeline("org/tiny", cache_dir=str(tmp_path))).parse("hello").intent.name


def test_the_surroundings_may_name_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERTULIA_EMBEDDINGS", str(write_tiny_bert(tmp_path / "tiny")))
    assert train(pipeline("bert-base-uncased"), WORDS).parse("hello").intent.name == "greet"
