import pytest
from tests.unit.nlu.building import AT, codes, configs

from tertulia.base.diagnostics import Diagnostics
from tertulia.compat.nlu_names import OLD_NAMES, SUGGESTED, TEMPLATES, UNAVAILABLE, WITHOUT_EFFECT
from tertulia.core.domain.model import Generation
from tertulia.nlu.components import BUILTIN, find_component
from tertulia.nlu.config import read_pipeline


def noted(text: str, *, generation: Generation = Generation.MODERN) -> Diagnostics:
    diagnostics = Diagnostics()
    configs(text, generation=generation, diagnostics=diagnostics)
    return diagnostics


def test_old_names_become_todays_and_are_remembered():
    (first,) = configs("- name: ner_crf", generation=Generation.LEGACY)
    assert (first.name, first.written) == ("CRFEntityExtractor", "ner_crf")


def test_an_old_name_is_noted_in_a_modern_file_only():
    assert codes(noted("- ner_crf")) == ["T169"]
    assert codes(noted("- ner_crf", generation=Generation.LEGACY)) == []


def test_a_class_path_of_the_originals_leads_to_the_component_here():
    text = "- name: rasa.nlu.classifiers.diet_classifier.DIETClassifier"
    assert [one.name for one in configs(text)] == ["DIETClassifier"]


def test_a_template_expands():
    found = configs("supervised_embeddings", generation=Generation.LEGACY)
    assert [one.name for one in found][-3:] == [
        "CountVectorsFeaturizer",
        "CountVectorsFeaturizer",
        "EmbeddingIntentClassifier",
    ]
    assert found[-2].params["analyzer"] == "char_wb"


def test_an_unknown_template_is_refused_with_the_nearest():
    (problem,) = noted("supervised_embedding", generation=Generation.LEGACY).errors
    assert problem.code == "T161"
    assert "supervised_embeddings" in problem.hint


def test_an_unknown_component_is_refused_with_the_nearest_and_its_place():
    (problem,) = noted("- name: WhitespaceTokenizer\n- name: DIETClasifier").errors
    assert problem.code == "T502"
    assert "DIETClassifier" in problem.hint
    assert problem.at is not None
    assert problem.at.line == 2


@pytest.mark.parametrize("name", sorted(UNAVAILABLE))
def test_a_component_that_is_not_here_yet_names_its_extra_and_what_to_use(name: str):
    (problem,) = noted(f"- name: {name}").errors
    assert problem.code == "T503"
    assert f"tertulia[{UNAVAILABLE[name][0]}]" in problem.message
    assert problem.hint


def test_a_policy_in_the_pipeline_is_refused():
    assert codes(noted("- name: MemoizationPolicy")) == ["T168"]


def test_a_class_that_is_no_component_is_refused():
    assert codes(noted("- name: pathlib.Path")) == ["T504"]


@pytest.mark.parametrize("text", ["{name: x}", "3", "- {epochs: 3}", "- [a]", "- name: 3"])
def test_a_pipeline_of_the_wrong_shape_is_refused(text: str):
    assert codes(noted(text)) == ["T160"]


def test_no_pipeline_is_an_error_for_legacy_and_the_suggested_one_for_modern():
    legacy, modern = Diagnostics(), Diagnostics()
    assert not read_pipeline(None, generation=Generation.LEGACY, at=AT, diagnostics=legacy)
    found = read_pipeline(None, generation=Generation.MODERN, at=AT, diagnostics=modern)
    assert codes(legacy) == ["T160"]
    assert codes(modern) == ["T183"]
    assert [one.name for one in found] == [name for name, _ in SUGGESTED]


def test_renamed_parameters_are_noted_and_taken_over():
    diagnostics = Diagnostics()
    (found,) = configs("- name: DIETClassifier\n  embed_dim: 3", diagnostics=diagnostics)
    assert found.params == {"embedding_dimension": 3}
    assert "T180" in codes(diagnostics)


def test_an_unknown_parameter_is_noted_with_the_nearest():
    (problem,) = noted("- name: DIETClassifier\n  ranking_lenght: 3").warnings
    assert problem.code == "T163"
    assert "ranking_length" in problem.hint


def test_parameters_without_effect_are_listed_once_for_the_pipeline():
    text = "- name: DIETClassifier\n  epochs: 3\n- name: ResponseSelector\n  epochs: 5"
    (problem,) = noted(text).warnings
    assert problem.code == "T164"
    assert "DIETClassifier: epochs" in problem.message
    assert "ResponseSelector: epochs" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "- name: FallbackClassifier\n  threshold: high",
        "- name: CountVectorsFeaturizer\n  analyzer: letters",
        "- name: CountVectorsFeaturizer\n  min_ngram: 3",
        "- name: CountVectorsFeaturizer\n  token_pattern: '('",
        "- name: WhitespaceTokenizer\n  token_pattern: '('",
        "- name: CRFEntityExtractor\n  features: [[low], [post], [low]]",
        "- name: LexicalSyntacticFeaturizer\n  features: [[low], [low]]",
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused(text: str):
    assert codes(noted(text)) == ["T162"]


def test_every_name_in_the_tables_exists():
    known = {*BUILTIN, *UNAVAILABLE}
    assert set(OLD_NAMES.values()) <= known
    assert set(WITHOUT_EFFECT) <= known
    entries = [name for template in (*TEMPLATES.values(), SUGGESTED) for name, _ in template]
    assert {OLD_NAMES.get(name, name) for name in entries} <= known


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_every_builtin_component_can_be_loaded(name: str):
    assert find_component(name).Config


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_no_parameter_both_works_and_has_no_effect(name: str):
    assert not set(find_component(name).Config.__struct_fields__) & WITHOUT_EFFECT[name][0]
