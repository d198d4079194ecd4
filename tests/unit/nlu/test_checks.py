import pytest
from tests.unit.nlu.building import TRAVEL, codes, configs, names, nlu

from tertulia.base.diagnostics import Diagnostics
from tertulia.nlu.checks import check_against_data, check_pipeline

TOKENS, COUNTS = "WhitespaceTokenizer", "CountVectorsFeaturizer"


def checked(pipeline: str) -> Diagnostics:
    diagnostics = Diagnostics()
    check_pipeline(configs(pipeline), diagnostics)
    return diagnostics


def unused(pipeline: str, data: str) -> list[str]:
    diagnostics = Diagnostics()
    check_against_data(configs(pipeline), nlu(data), diagnostics)
    return codes(diagnostics)


@pytest.mark.parametrize(
    "order",
    [
        [COUNTS],
        [TOKENS, "DIETClassifier"],
        [TOKENS, "ResponseSelector"],
        ["CRFEntityExtractor"],
        ["FallbackClassifier"],
    ],
)
def test_a_component_without_what_it_needs_is_refused(order: list[str]):
    (problem,) = checked(names(*order)).errors
    assert problem.code == "T165"
    assert problem.hint.startswith("Add")


def test_a_component_that_comes_too_late_is_to_be_moved_up():
    (problem,) = checked(names(COUNTS, TOKENS)).errors
    assert problem.code == "T165"
    assert problem.hint == "Move it up."


def test_a_complete_pipeline_has_no_problems():
    order = [TOKENS, COUNTS, "DIETClassifier", "FallbackClassifier", "EntitySynonymMapper"]
    assert not checked(names(*order)).problems


def test_a_second_tokenizer_is_refused():
    assert codes(checked(names(TOKENS, TOKENS))) == ["T166"]


def test_an_alias_used_twice_is_refused():
    pipeline = names(TOKENS, COUNTS, COUNTS, CountVectorsFeaturizer={"alias": "same"})
    assert codes(checked(pipeline)) == ["T167"]


def test_two_learned_extractors_are_noted_unless_one_is_switched_off():
    order = [TOKENS, COUNTS, "DIETClassifier", "CRFEntityExtractor"]
    off = names(*order, DIETClassifier={"entity_recognition": "false"})
    assert codes(checked(names(*order))) == ["T176"]
    assert codes(checked(off)) == []


def test_annotations_roles_and_responses_that_nothing_learns_are_noted():
    assert unused(names(TOKENS, COUNTS), TRAVEL) == ["T170", "T171", "T175"]


TABLES = """
nlu:
- intent: a
  examples: |
    - in [Rome](city)
    - in [Oslo](city)
- lookup: city
  examples: |
    - Rome
- synonym: Rome
  examples: |
    - the eternal city
"""


def test_tables_and_synonyms_that_nothing_uses_are_noted():
    assert unused(names(TOKENS, "CRFEntityExtractor"), TABLES) == ["T172", "T174"]


def test_a_crf_that_does_not_look_at_patterns_is_noted():
    pipeline = names(
        TOKENS,
        "RegexFeaturizer",
        "CRFEntityExtractor",
        "EntitySynonymMapper",
        CRFEntityExtractor={"features": "[[low]]"},
    )
    assert unused(pipeline, TABLES) == ["T173"]


def test_an_entity_found_in_two_ways_is_noted():
    pipeline = names(TOKENS, "CRFEntityExtractor", "RegexEntityExtractor", "EntitySynonymMapper")
    assert unused(pipeline, TABLES) == ["T177"]
