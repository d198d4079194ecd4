"""Configurations of every generation."""

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.training.config import ProjectConfig, read_config_texts

LEGACY, MODERN = Generation.LEGACY, Generation.MODERN


def read(*texts: str, diagnostics: Diagnostics | None = None) -> ProjectConfig:
    """Read texts as files `1.yml`, `2.yml`, ...; without `diagnostics`, nothing may be wrong."""
    notes = diagnostics or Diagnostics()
    named = [(f"{number}.yml", text) for number, text in enumerate(texts, 1)]
    config = read_config_texts(named, env={}, diagnostics=notes)
    if diagnostics is None:
        assert [str(problem) for problem in notes.problems] == []
    return config


def problems(*texts: str) -> list[str]:
    """Return what is wrong with texts, as it is printed."""
    notes = Diagnostics()
    read(*texts, diagnostics=notes)
    return [str(problem) for problem in notes.problems]


@pytest.mark.parametrize(
    ("text", "generation"),
    [
        ("pipeline: tensorflow_embedding", LEGACY),
        ("pipeline: supervised_embeddings", LEGACY),
        ("pipeline: [{name: tokenizer_whitespace}]", LEGACY),
        ("pipeline: [{name: EmbeddingIntentClassifier}]", LEGACY),
        ("pipeline: [{name: WhitespaceTokenizer}]", None),
        ("pipeline: [{name: WhitespaceTokenizer}, {name: DIETClassifier}]", None),
        ("pipeline: [{name: FallbackClassifier}]", MODERN),
        ("pipeline: [{name: RegexEntityExtractor}]", MODERN),
        ("policies: [{name: FormPolicy}]", LEGACY),
        ("policies: [{name: MappingPolicy}]", LEGACY),
        ("policies: [{name: FallbackPolicy}]", LEGACY),
        ("policies: [{name: TwoStageFallbackPolicy}]", LEGACY),
        ("policies: [{name: KerasPolicy}]", LEGACY),
        ("policies: [{name: SklearnPolicy}]", LEGACY),
        ("policies: [{name: EmbeddingPolicy}]", LEGACY),
        ("policies: [{name: rasa_core.policies.keras_policy.KerasPolicy}]", LEGACY),
        ("policies: [{name: rasa.core.policies.form_policy.FormPolicy}]", LEGACY),
        ("policies: [{name: MemoizationPolicy}]", None),
        ("policy: [{name: FormPolicy}]", LEGACY),
        ("policies: [{name: RulePolicy}]", MODERN),
        ("recipe: default.v1", MODERN),
        ("assistant_id: bot", MODERN),
        ("language: de", None),
        ("", None),
    ],
)
def test_names_tell_the_generation(text: str, generation: Generation | None) -> None:
    assert read(text).generation is generation


def test_of_a_transitional_file_the_modern_names_count() -> None:
    config = read("policies: [{name: MappingPolicy}, {name: RulePolicy}]")
    assert config.generation is MODERN


def test_the_two_files_of_0x_are_one_configuration() -> None:
    config = read("language: de\npipeline: tensorflow_embedding", "policies: [{name: FormPolicy}]")
    assert config.language == "de"
    assert config.pipeline is not None
    assert config.pipeline.value == "tensorflow_embedding"
    assert config.policies is not None
    assert config.policies.span.file == "2.yml"


def test_the_old_spelling_of_policies_is_read() -> None:
    config = read("policy:\n- name: MemoizationPolicy")
    assert config.policies is not None
    assert config.policies.plain() == [{"name": "MemoizationPolicy"}]


def test_old_files_have_the_old_booleans_and_new_ones_do_not() -> None:
    old = read("pipeline:\n- name: tokenizer_whitespace\n  x: yes").pipeline
    new = read("recipe: default.v1\npipeline:\n- name: WhitespaceTokenizer\n  x: yes").pipeline
    assert old is not None
    assert new is not None
    assert old.plain()[0]["x"] is True
    assert new.plain()[0]["x"] == "yes"


@pytest.mark.parametrize("empty", ["", "pipeline:", "pipeline: []", "pipeline: ''"])
def test_an_empty_list_is_as_good_as_none(empty: str) -> None:
    assert read(empty).pipeline is None


def test_languages_and_versions_are_texts_even_without_quotes() -> None:
    assert read("language: no\nversion: 3.1").language == "no"
    assert read("language: no\npipeline: keyword").language == "no"


def test_a_language_that_is_left_out_is_english() -> None:
    assert read("recipe: default.v1") == ProjectConfig(generation=MODERN, places=read("").places)


def test_the_placeholder_is_no_assistant_id() -> None:
    assert read("assistant_id: placeholder_default").assistant_id is None
    assert read("assistant_id: my-bot").assistant_id == "my-bot"
    assert read("assistant_id: 7").assistant_id == "7"


def test_a_key_in_two_files_is_an_error_at_the_second() -> None:
    (problem,) = problems("pipeline: keyword", "language: de\npipeline: keyword")
    assert problem.startswith("2.yml:2:1: T132: 'pipeline' is also in 1.yml:1:11")


def test_an_unknown_key_is_a_warning_with_the_nearest_name() -> None:
    (problem,) = problems("recipe: default.v1\npolices: []")
    assert problem.startswith("1.yml:2:1: warning T131")
    assert "Did you mean 'policies'?" in problem


def test_an_option_of_the_old_server_is_a_warning() -> None:
    (problem,) = problems("pipeline: keyword\nmax_training_processes: 1")
    assert problem.startswith("1.yml:2:1: warning T133")


@pytest.mark.parametrize("recipe", ["graph.v1", "default.v2", "[]"])
def test_another_recipe_is_an_error(recipe: str) -> None:
    found = problems(f"language: en\nrecipe: {recipe}")
    assert any(problem.startswith("1.yml:2:9: T134") for problem in found)


@pytest.mark.parametrize("text", ["- a", "5", "text"])
def test_a_file_that_is_no_mapping_is_an_error(text: str) -> None:
    (problem,) = problems(text)
    assert "T130" in problem


def test_other_importers_are_named() -> None:
    (problem,) = problems("recipe: default.v1\nimporters:\n- name: my.Importer")
    assert problem.startswith("1.yml:3:3: warning T135")
    assert problems("importers:\n- name: RasaFileImporter") == []
    (problem,) = problems("imports:\n- other")
    assert problem.startswith("1.yml:1:1: warning T135")


def test_wrong_types_are_errors_with_their_place() -> None:
    (problem,) = problems("recipe: default.v1\nlanguage: [en]")
    assert problem.startswith("1.yml:2:11: T112: 'language' must be text")


def test_broken_yaml_is_one_error() -> None:
    found = problems("pipeline: [")
    assert len(found) == 1
    assert found[0].startswith("1.yml:")
