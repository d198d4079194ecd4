import sys
from pathlib import Path

import pytest
from tests.unit.nlu.building import codes, configs, names, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ComponentError, MissingExtra, ProblemsFound
from tertulia.core.domain.model import Generation
from tertulia.ml import spacy_model
from tertulia.nlu.checks import check_pipeline
from tertulia.nlu.pipeline import Pipeline

pytest.importorskip("spacy", reason="the extra 'spacy' is not installed")

from tests.unit.nlu.tiny_spacy import write_tiny_spacy

DATA = """
nlu:
- intent: greet
  examples: |
    - hello
    - hey hello
- intent: book
  examples: |
    - book a table
    - a table for [Ada](guest)
- intent: bye
  examples: |
    - bye
    - bye bye
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_spacy(tmp_path_factory.mktemp("spacy") / "tiny")


def checked(text: str) -> Diagnostics:
    diagnostics = Diagnostics()
    check_pipeline(configs(text), diagnostics)
    return diagnostics


def pipeline(folder: Path | str, *more: str, **parameters: dict[str, object]) -> str:
    spacy = {"model": str(folder), **parameters.pop("SpacyNLP", {})}
    return names("SpacyNLP", *more, SpacyNLP=spacy, **parameters)


VECTORS = ("SpacyTokenizer", "SpacyFeaturizer", "LogisticRegressionClassifier")


def test_words_that_training_has_not_seen_are_understood_by_their_vectors(folder: Path):
    trained = train(pipeline(folder, *VECTORS), DATA)
    assert trained.parse("Hi").intent.name == "greet"
    assert trained.parse("reserve").intent.name == "book"
    assert trained.parse("farewell").intent.name == "bye"


def test_the_strongest_number_of_all_words_can_be_taken(folder: Path):
    text = pipeline(folder, *VECTORS, SpacyFeaturizer={"pooling": "max"})
    assert train(text, DATA).parse("reserve").intent.name == "book"


def test_a_text_without_known_words_has_no_intent(folder: Path):
    found = train(pipeline(folder, *VECTORS), DATA).parse("quux")
    assert found.intent.name is None
    assert found.intent_ranking == ()


def test_letter_case_counts_when_it_is_asked_for(folder: Path):
    text = pipeline(folder, *VECTORS, SpacyNLP={"case_sensitive": True})
    assert train(text, DATA).parse("HELLO").intent.name is None


@pytest.mark.parametrize("text", ["", " ", "\u0130 hello  there", "\U0001f600 hello", "a\nb"])
def test_tokens_stand_where_they_are_in_the_text_as_it_was_sent(folder: Path, text: str):
    found = train(pipeline(folder, *VECTORS), DATA).parse(text)
    cut = [text[start:end] for start, end in found.tokens or ()]
    assert "".join(cut) == "".join(text.split())


def test_words_can_be_cut_by_a_pattern(folder: Path):
    text = pipeline(folder, *VECTORS, SpacyTokenizer={"token_pattern": "'[a-z]{2}'"})
    assert train(text, DATA).parse("hello").tokens == ((0, 2), (2, 4))


def test_names_are_found_with_their_letter_case_and_without_a_tokenizer_of_spacy(folder: Path):
    text = names("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")
    both = f"{text}\n{pipeline(folder, 'SpacyEntityExtractor', DIETClassifier={})}"
    found = train(both.replace("DIETClassifier", "LogisticRegressionClassifier"), DATA)
    assert found.parse("a table for Ada please").entities == (
        {
            "entity": "PERSON",
            "value": "Ada",
            "start": 12,
            "end": 15,
            "confidence": None,
            "extractor": "SpacyEntityExtractor",
        },
    )
    assert found.parse("a table for ada").entities == ()


@pytest.mark.parametrize(("wanted", "count"), [("[PERSON]", 1), ("[ORG]", 0), ("null", 1)])
def test_only_the_wanted_kinds_of_names_are_kept(folder: Path, wanted: str, count: int):
    text = pipeline(
        folder, *VECTORS, "SpacyEntityExtractor", SpacyEntityExtractor={"dimensions": wanted}
    )
    assert len(train(text, DATA).parse("Ada").entities) == count


def test_0x_writes_the_name_of_its_time(folder: Path):
    text = pipeline(folder, "SpacyTokenizer", "SpacyFeaturizer", "SklearnIntentClassifier")
    old = {
        "SpacyNLP": "nlp_spacy",
        "SpacyTokenizer": "tokenizer_spacy",
        "SpacyFeaturizer": "intent_featurizer_spacy",
        "SklearnIntentClassifier": "intent_classifier_sklearn",
    }
    for today, then in old.items():
        text = text.replace(today, then)
    found = train(f"{text}\n- name: ner_spacy", DATA, generation=Generation.LEGACY).parse("Ada")
    assert [one["extractor"] for one in found.entities] == ["ner_spacy"]


def test_0x_finds_a_model_by_the_language_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "en_core_web_md").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    text = "- name: nlp_spacy\n- name: tokenizer_spacy\n- name: intent_featurizer_spacy\n"
    assert train(text, DATA, generation=Generation.LEGACY).parse("hello").tokens is None


def test_an_installed_package_is_read_and_never_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "tiny_model"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "tiny_model-1.0.0").symlink_to(folder)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert train(pipeline("tiny_model", *VECTORS), DATA).parse("hi").intent.name == "greet"
    assert "tiny_model" not in sys.modules


def test_words_count_by_their_lemma_unless_told_otherwise(folder: Path):
    parts = ("SpacyTokenizer", "CountVectorsFeaturizer", "LogisticRegressionClassifier")
    data = DATA.replace("for [Ada](guest)", "now")
    by_lemma = train(pipeline(folder, *parts), data)
    by_form = train(pipeline(folder, *parts, CountVectorsFeaturizer={"use_lemma": "false"}), data)
    assert by_lemma.parse("tables").intent.name == "book"
    assert by_form.parse("tables").intent.confidence < by_lemma.parse("tables").intent.confidence


def test_a_tagger_can_learn_from_parts_of_speech(folder: Path):
    text = pipeline(
        folder,
        "SpacyTokenizer",
        "CRFEntityExtractor",
        CRFEntityExtractor={"features": "[[], [pos, pos2], []]"},
    )
    data = DATA.replace("book a table", "[book](deed) a table")
    (found,) = train(text, data).parse("please reserve a table").entities
    assert (found["entity"], found["value"]) == ("deed", "reserve")


def test_parts_of_speech_need_somebody_who_tells_them():
    text = names("WhitespaceTokenizer", "LexicalSyntacticFeaturizer")
    text += "\n  features: [[low], [pos], [low]]"
    assert codes(checked(text)) == ["T524"]


def test_the_parts_stand_after_the_model():
    assert codes(checked(names("SpacyTokenizer", "SpacyEntityExtractor"))) == ["T165", "T165"]


def test_a_stored_pipeline_understands_the_same(folder: Path):
    trained = train(pipeline(folder, *VECTORS, "SpacyEntityExtractor"), DATA)
    again = Pipeline.from_parts(trained.parts())
    assert again.parse("hello from Ada") == trained.parse("hello from Ada")


def test_an_exchanged_model_is_noticed(tmp_path: Path):
    trained = train(pipeline(write_tiny_spacy(tmp_path / "tiny"), *VECTORS), DATA)
    write_tiny_spacy(tmp_path / "tiny", name="Grace")
    with pytest.raises(ComponentError) as caught:
        Pipeline.from_parts(trained.parts())
    assert caught.value.code == "T522"


def test_a_model_that_is_not_here_is_no_download_but_an_error():
    with pytest.raises(ComponentError, match="en_core_web_xxl") as caught:
        train(pipeline("en_core_web_xxl", *VECTORS), DATA)
    assert caught.value.code == "T520"


def test_a_folder_that_spacy_cannot_read_is_an_error(tmp_path: Path):
    (tmp_path / "config.cfg").write_text("[nlp]\nlang = 'xx'\npipeline = ['none']\n")
    (tmp_path / "meta.json").write_text("{}")
    with pytest.raises(ComponentError) as caught:
        train(pipeline(tmp_path, *VECTORS), DATA)
    assert caught.value.code == "T521"


def test_a_model_without_vectors_is_an_error(tmp_path: Path):
    with pytest.raises(ComponentError) as caught:
        train(pipeline(write_tiny_spacy(tmp_path / "bare", vectors=False), *VECTORS), DATA)
    assert caught.value.code == "T523"


def test_without_spacy_the_command_that_installs_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "spacy", None)
    spacy_model._library.cache_clear()
    spacy_model._loaded.cache_clear()
    try:
        with pytest.raises(MissingExtra) as caught:
            train(pipeline(folder, *VECTORS), DATA)
    finally:
        spacy_model._library.cache_clear()
    assert 'pip install "tertulia[spacy]"' in caught.value.hint


def test_a_pipeline_in_the_wrong_order_is_refused_before_anything_is_loaded(folder: Path):
    text = f"- name: SpacyTokenizer\n{pipeline(folder)}"
    found = Diagnostics()
    with pytest.raises(ProblemsFound):
        train(text, DATA, diagnostics=found)
    assert "T165" in codes(found)
