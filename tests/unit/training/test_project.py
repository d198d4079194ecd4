"""Whole projects, read with all their problems together."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.training.projects import LEGACY, MODERN, legacy, modern, write

from tertulia.base.errors import ProblemsFound
from tertulia.core.domain.model import Generation
from tertulia.training.project import Project, ProjectData, read_project


def problems(data: ProjectData) -> list[str]:
    return [str(problem) for problem in data.diagnostics.problems]


def test_a_modern_project_is_read_without_problems(tmp_path: Path) -> None:
    data = read_project(modern(write(tmp_path, MODERN)))
    assert problems(data) == []
    assert data.generation is Generation.MODERN
    assert data.assistant_id == "test-bot"
    assert len(data.nlu.examples) == 4
    assert len(data.stories.stories) == 1
    assert len(data.stories.rules) == 1
    assert data.domain is not None
    assert data.domain.generation is Generation.MODERN


def test_a_project_of_0x_is_read_without_problems(tmp_path: Path) -> None:
    data = read_project(legacy(write(tmp_path, LEGACY)))
    assert problems(data) == []
    assert data.generation is Generation.LEGACY
    assert data.domain is not None
    assert data.domain.generation is Generation.LEGACY


def test_the_domain_decides_when_the_configuration_does_not(tmp_path: Path) -> None:
    neutral = {**LEGACY, "policies.yml": "policies:\n- name: MemoizationPolicy\n"}
    project = legacy(write(tmp_path, neutral))
    data = read_project(replace(project, config=(tmp_path / "policies.yml",)))
    assert data.config.generation is None
    assert data.generation is Generation.LEGACY


def test_the_configuration_decides_before_the_domain(tmp_path: Path) -> None:
    ruled = {**LEGACY, "policies.yml": "policies:\n- name: RulePolicy\n"}
    data = read_project(legacy(write(tmp_path, ruled)))
    assert data.generation is Generation.MODERN
    assert data.domain is not None
    assert data.domain.generation is Generation.MODERN


@pytest.mark.parametrize("generation", list(Generation))
def test_the_callers_word_counts_most(tmp_path: Path, generation: Generation) -> None:
    project = modern(write(tmp_path, {**MODERN, "domain.yml": "intents: [greet, bye]"}))
    data = read_project(replace(project, generation=generation))
    assert data.generation is generation


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    broken = {
        "config.yml": "recipe: graph.v1\n",
        "domain.yml": 'version: "3.1"\nintents: [greet]\nslots: 5\n',
        "data/nlu.yml": 'version: "3.1"\nnlu:\n- intent: greet\n  examples: 5\n',
        "data/stories.yml": (
            'version: "3.1"\nstories:\n- story: a\n  steps:\n  - intent: greet\n'
            "  - action: utter_nothing\n"
        ),
    }
    data = read_project(modern(write(tmp_path, broken)))
    with pytest.raises(ProblemsFound) as caught:
        data.diagnostics.raise_if_errors()
    files = {problem.at.file for problem in caught.value.problems if problem.at}
    assert files == {str(tmp_path / name) for name in broken}


def test_retrieval_intents_and_their_responses_reach_the_domain(tmp_path: Path) -> None:
    nlu = (
        'version: "3.1"\nnlu:\n- intent: faq/hours\n  examples: |\n    - when\n'
        "responses:\n  utter_faq/hours:\n  - text: At nine.\n"
    )
    files = {
        **MODERN,
        "domain.yml": 'version: "3.1"\nintents: [greet, bye, faq]\n',
        "data/nlu.yml": nlu,
        "data/stories.yml": (
            'version: "3.1"\nrules:\n- rule: faq\n  steps:\n  - intent: faq\n'
            "  - action: utter_faq\n"
        ),
    }
    data = read_project(modern(write(tmp_path, files)))
    assert problems(data) == []
    assert data.domain is not None
    assert data.domain.intents["faq"].is_retrieval
    (variation,) = data.domain.responses["utter_faq/hours"]
    assert variation.content == {"text": "At nine."}
    assert data.declared is not None
    assert "utter_faq/hours" not in data.declared.responses


def test_what_the_bot_says_in_stories_becomes_an_action(tmp_path: Path) -> None:
    stories = 'version: "3.1"\nstories:\n- story: a\n  steps:\n  - user: hello\n  - bot: Hi, you!\n'
    data = read_project(modern(write(tmp_path, {**MODERN, "data/stories.yml": stories})))
    assert data.domain is not None
    assert data.domain.e2e_actions == ("Hi, you!",)


def test_an_nlu_project_needs_no_domain(tmp_path: Path) -> None:
    write(tmp_path, MODERN)
    project = Project(config=(tmp_path / "config.yml",), nlu=(tmp_path / "data",))
    data = read_project(project)
    assert problems(data) == []
    assert data.domain is None
    assert len(data.nlu.examples) == 4


def test_missing_files_are_problems_and_no_crash(tmp_path: Path) -> None:
    data = read_project(modern(tmp_path))
    assert {problem.code for problem in data.diagnostics.errors} <= {"T111", "T123", "T201"}
    assert len(data.diagnostics.errors) >= 3
