"""Training runs: the same files give the same model, and only what changed is learned again."""

from pathlib import Path

import pytest
from tests.unit.training.projects import (
    CONFIG,
    DOMAIN,
    LEGACY,
    MODERN,
    STORIES,
    legacy,
    modern,
    write,
)

from tertulia.base.errors import ConfigError, ProblemsFound
from tertulia.core.domain.model import Generation
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.core.tracker import advance_all, new_tracker, rules_for
from tertulia.model.archive import model_bytes, read_model_bytes
from tertulia.model.combine import combine
from tertulia.model.content import Content
from tertulia.model.load import load_model
from tertulia.model.settings import read_settings
from tertulia.training.prepare import Settings
from tertulia.training.progress import Step
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Identity, new_identity, plan_for, train

ONE = Identity(model_id="1" * 32, created="2026-11-23T10:00:00+00:00")
TWO = Identity(model_id="2" * 32, created="2026-11-24T10:00:00+00:00")


def project(folder: Path, **files: str) -> ProjectData:
    """Read the modern sample with some files changed; `data_nlu` stands for data/nlu.yml."""
    named = {f"{name.replace('_', '/')}.yml": text for name, text in files.items()}
    return read_project(modern(write(folder, {**MODERN, **named})))


def start(content: Content, prefix: str) -> dict[str, bytes]:
    return {name: data for name, data in content.entries.items() if name.startswith(prefix)}


def next_action(content: Content, intent: str) -> str:
    model = load_model(content)
    assert model.ensemble is not None
    tracker = new_tracker("x", rules_for(model.domain))
    said = UserUttered(
        text=f"/{intent}", parse_data={"intent": {"name": intent, "confidence": 1.0}}
    )
    tracker = advance_all(tracker, [ActionExecuted(name="action_listen"), said])
    return model.ensemble.decide(tracker).action


def test_a_modern_project_becomes_a_model_that_works(tmp_path: Path) -> None:
    content = train(project(tmp_path), ONE)
    manifest = content.manifest
    assert manifest.kinds == ("core", "nlu")
    assert manifest.model_id == ONE.model_id
    assert manifest.created == ONE.created
    assert manifest.assistant_id == "test-bot"
    assert manifest.generation == "modern"
    model = load_model(read_model_bytes(model_bytes(content)), name="m.tar.gz")
    assert model.name == "m.tar.gz"
    assert model.generation is Generation.MODERN
    assert model.pipeline is not None
    assert model.pipeline.parse("hello").intent.name == "greet"
    assert next_action(content, "bye") == "utter_bye"


def test_a_project_of_0x_becomes_a_model_that_works(tmp_path: Path) -> None:
    content = train(read_project(legacy(write(tmp_path, LEGACY))), ONE)
    model = load_model(content)
    assert model.generation is Generation.LEGACY
    assert model.domain.generation is Generation.LEGACY
    assert model.pipeline is not None
    assert model.pipeline.parse("hello").intent.name == "greet"
    assert next_action(content, "greet") == "utter_greet"


def test_the_same_files_in_another_folder_give_the_same_bytes(tmp_path: Path) -> None:
    one = train(project(tmp_path / "here"), ONE)
    two = train(project(tmp_path / "there" / "deeper"), ONE)
    assert model_bytes(one) == model_bytes(two)


def test_no_path_of_the_training_machine_is_in_the_model(tmp_path: Path) -> None:
    content = train(project(tmp_path), ONE)
    for name, data in content.entries.items():
        assert str(tmp_path).encode() not in data, name


def because(content: Content, intent: str) -> object:
    model = load_model(content)
    assert model.ensemble is not None
    said = UserUttered(parse_data={"intent": {"name": intent, "confidence": 1.0}})
    tracker = advance_all(
        new_tracker("x", rules_for(model.domain)), [ActionExecuted(name="action_listen"), said]
    )
    trace = model.ensemble.decide(tracker).trace()
    return trace and trace["because"]


def test_a_model_knows_the_files_of_its_stories_by_names_without_a_root(tmp_path: Path) -> None:
    content = train(project(tmp_path), ONE)
    expected = {"by": "story", "name": "greet and leave", "at": "stories.yml:6"}
    assert because(content, "greet") == expected


def test_a_model_knows_the_files_of_its_stories_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "bot", MODERN)
    monkeypatch.chdir(tmp_path)
    content = train(read_project(modern(Path("bot"))), ONE)
    expected = {"by": "rule", "name": "leave", "at": "bot/data/stories.yml:13"}
    assert because(content, "bye") == expected


def test_lines_that_moved_are_a_reason_to_learn_so_that_explanations_stay_right(
    tmp_path: Path,
) -> None:
    old = train(project(tmp_path), ONE)
    data = project(tmp_path, data_stories="# a comment\n" + STORIES)
    new = train(data, TWO, previous=old)
    expected = {"by": "story", "name": "greet and leave", "at": "stories.yml:7"}
    assert because(new, "greet") == expected
    assert start(new, "nlu/") == start(old, "nlu/")


def test_nothing_changed_gives_the_old_model_itself(tmp_path: Path) -> None:
    old = train(project(tmp_path), ONE)
    data = project(tmp_path)
    assert plan_for(data, Settings(), old.manifest)[0].is_empty
    assert train(data, TWO, previous=old) is old


def test_comments_and_the_order_of_keys_change_nothing(tmp_path: Path) -> None:
    old = train(project(tmp_path), ONE)
    swapped = "assistant_id: test-bot\nrecipe: default.v1\n"
    config = "# a comment\n" + CONFIG.replace("recipe: default.v1\n", "").replace(
        "assistant_id: test-bot\n", swapped
    )
    assert train(project(tmp_path, config=config), TWO, previous=old) is old


def test_a_changed_response_text_replaces_the_domain_alone(tmp_path: Path) -> None:
    old = train(project(tmp_path), ONE)
    data = project(tmp_path, domain=DOMAIN.replace("Hello!", "Good day!"))
    steps, _ = plan_for(data, Settings(), old.manifest)
    assert (steps.core, steps.nlu, steps.domain) == (False, False, True)
    told: list[Step] = []
    new = train(data, TWO, previous=old, progress=told.append)
    assert [step.stage for step in told] == ["done"]
    assert start(new, "nlu/") == start(old, "nlu/")
    assert start(new, "policies/") == start(old, "policies/")
    assert new.manifest.model_id == TWO.model_id
    (variation,) = load_model(new).domain.responses["utter_greet"]
    assert variation.content["text"] == "Good day!"
    assert model_bytes(new) == model_bytes(train(data, TWO))


@pytest.mark.parametrize(
    ("file", "old", "new", "core", "nlu"),
    [
        ("data/nlu.yml", "hi there", "hi you", False, True),
        ("config.yml", "language: en", "language: de", False, True),
        ("config.yml", "- name: MemoizationPolicy\n", "", True, False),
        ("config.yml", "VectorsFeaturizer\n", "VectorsFeaturizer\n  min_ngram: 1\n", False, True),
        ("data/stories.yml", "- rule: leave", "- rule: go", True, False),
        ("domain.yml", "[greet, bye]", "[greet, bye, more]", True, False),
        ("domain.yml", "  utter_bye:", "  utter_more:\n  - text: More.\n  utter_bye:", True, False),
    ],
)  # fmt: skip
def test_only_what_changed_is_learned_again(
    tmp_path: Path, file: str, old: str, new: str, core: bool, nlu: bool
) -> None:
    before = train(project(tmp_path), ONE)
    assert old in MODERN[file]
    files = {**MODERN, file: MODERN[file].replace(old, new)}
    steps, _ = plan_for(read_project(modern(write(tmp_path, files))), Settings(), before.manifest)
    assert (steps.core, steps.nlu) == (core, nlu)


def test_another_seed_or_augmentation_is_a_reason_to_learn(tmp_path: Path) -> None:
    before = train(project(tmp_path), ONE).manifest
    data = project(tmp_path)
    seeded, _ = plan_for(data, Settings(seed=7), before)
    assert (seeded.core, seeded.nlu) == (True, True)
    glued, _ = plan_for(data, Settings(augmentation=0), before)
    assert (glued.core, glued.nlu) == (True, False)


def test_force_learns_everything_again(tmp_path: Path) -> None:
    old = train(project(tmp_path), ONE)
    new = train(project(tmp_path), TWO, Settings(force=True), previous=old)
    assert new.manifest.model_id == TWO.model_id
    assert new.entries == old.entries


def test_each_part_can_be_trained_alone_and_both_joined(tmp_path: Path) -> None:
    both = train(project(tmp_path), ONE)
    core = train(project(tmp_path), ONE, Settings(nlu=False))
    nlu = train(project(tmp_path), TWO, Settings(core=False))
    assert core.manifest.kinds == ("core",)
    assert nlu.manifest.kinds == ("nlu",)
    assert load_model(core).pipeline is None
    assert load_model(nlu).ensemble is None
    assert "domain.json" not in nlu.entries
    joined = combine(core, nlu)
    assert joined.entries == both.entries
    assert joined.manifest == both.manifest


def test_a_part_is_taken_from_a_whole_model_but_not_the_other(tmp_path: Path) -> None:
    both = train(project(tmp_path), ONE)
    nlu = train(project(tmp_path), TWO, Settings(core=False), previous=both)
    assert nlu.manifest.kinds == ("nlu",)
    assert start(nlu, "nlu/") == start(both, "nlu/")
    assert start(nlu, "policies/") == {}


def test_an_nlu_model_needs_no_domain(tmp_path: Path) -> None:
    write(tmp_path, MODERN)
    data = read_project(Project(config=(tmp_path / "config.yml",), nlu=(tmp_path / "data",)))
    model = load_model(train(data, ONE, Settings(core=False)))
    assert model.pipeline is not None
    assert model.domain.intents == {}


def codes(data: ProjectData) -> set[str]:
    return {problem.code for problem in data.diagnostics.problems}


def test_without_stories_only_nlu_is_trained(tmp_path: Path) -> None:
    data = project(tmp_path, data_stories="")
    assert train(data, ONE).manifest.kinds == ("nlu",)
    assert codes(data) == {"T143"}


def test_without_examples_only_dialogue_is_trained(tmp_path: Path) -> None:
    data = project(tmp_path, data_nlu="")
    assert train(data, ONE).manifest.kinds == ("core",)
    assert codes(data) == {"T144"}


@pytest.mark.parametrize(
    ("settings", "files", "code"),
    [
        (Settings(nlu=False), {"data_stories": ""}, "T143"),
        (Settings(core=False), {"data_nlu": ""}, "T144"),
        (Settings(), {"data_nlu": "", "data_stories": ""}, "T143"),
    ],
)
def test_what_was_asked_for_alone_must_have_data(
    tmp_path: Path, settings: Settings, files: dict[str, str], code: str
) -> None:
    with pytest.raises(ConfigError, match=code):
        train(project(tmp_path, **files), ONE, settings)


def test_dialogue_needs_a_domain(tmp_path: Path) -> None:
    write(tmp_path, MODERN)
    data = tmp_path / "data"
    read = read_project(Project(config=(tmp_path / "config.yml",), nlu=(data,), stories=(data,)))
    with pytest.raises(ConfigError, match="T145"):
        train(read, ONE)


def test_problems_of_reading_and_checking_come_before_learning(tmp_path: Path) -> None:
    config = CONFIG.replace("WhitespaceTokenizer", "WhitespaceTokeniser").replace(
        "RulePolicy", "RolePolicy"
    )
    told: list[Step] = []
    with pytest.raises(ProblemsFound) as caught:
        train(project(tmp_path, config=config), ONE, progress=told.append)
    text = str(caught.value)
    assert "Did you mean 'WhitespaceTokenizer'?" in text
    assert "Did you mean 'RulePolicy'?" in text
    assert told == []


FORM = "forms:\n  trip:\n    required_slots: []\n"


def test_a_form_without_its_policy_is_an_error_at_the_form(tmp_path: Path) -> None:
    config = CONFIG.replace("- name: RulePolicy\n", "")
    with pytest.raises(ProblemsFound) as caught:
        train(project(tmp_path, domain=DOMAIN + FORM, config=config), ONE)
    (problem,) = caught.value.problems
    assert problem.code == "T140"
    assert "RulePolicy" in problem.hint
    assert problem.at is not None
    assert problem.at.line == 9


def test_a_form_of_0x_wants_the_form_policy(tmp_path: Path) -> None:
    files = {**LEGACY, "domain.yml": f"{LEGACY['domain.yml']}forms: [trip]\n"}
    data = read_project(legacy(write(tmp_path, files)))
    train(data, ONE)
    assert "T140" in codes(data)


def test_rules_without_their_policy_are_noted(tmp_path: Path) -> None:
    data = project(tmp_path, config=CONFIG.replace("- name: RulePolicy\n", ""))
    train(data, ONE)
    assert codes(data) == {"T141"}


def test_a_modern_bot_without_rule_policy_is_noted(tmp_path: Path) -> None:
    data = project(
        tmp_path,
        config=CONFIG.replace("- name: RulePolicy\n", ""),
        data_stories=STORIES.partition("rules:")[0],
    )
    train(data, ONE)
    assert codes(data) == {"T142"}


def test_triggers_that_nothing_follows_are_noted(tmp_path: Path) -> None:
    domain = LEGACY["domain.yml"].replace("[greet, bye]", "\n- greet\n- bye: {triggers: utter_bye}")
    data = read_project(legacy(write(tmp_path, {**LEGACY, "domain.yml": domain})))
    train(data, ONE)
    assert codes(data) == {"T146"}


def test_a_configuration_without_lists_gets_the_suggested_ones(tmp_path: Path) -> None:
    data = project(tmp_path, config="recipe: default.v1\nlanguage: en\nassistant_id: x\n")
    content = train(data, ONE)
    assert {"T148", "T183"} <= codes(data)
    settings = read_settings(content)
    assert settings.pipeline is None
    assert settings.policies is None
    assert next_action(content, "bye") == "utter_bye"


def test_a_bot_of_0x_without_policies_gets_those_of_its_time(tmp_path: Path) -> None:
    files = {**LEGACY, "policies.yml": "policies:\n"}
    data = read_project(legacy(write(tmp_path, files)))
    content = train(data, ONE)
    assert codes(data) == set()
    assert next_action(content, "greet") == "utter_greet"


def test_progress_only_grows_and_ends_at_one(tmp_path: Path) -> None:
    told: list[Step] = []
    train(project(tmp_path), ONE, progress=told.append)
    fractions = [step.fraction for step in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    stages = list(dict.fromkeys(step.stage for step in told))
    assert stages == [
        "WhitespaceTokenizer",
        "CountVectorsFeaturizer",
        "WordVectorsFeaturizer",
        "LogisticRegressionClassifier",
        "stories",
        "MemoizationPolicy",
        "RulePolicy",
        "done",
    ]


class Ports:
    def now(self) -> float:
        return 1_700_000_000.0

    def new(self) -> str:
        return "f" * 32


def test_an_identity_comes_from_the_given_clock_and_ids() -> None:
    assert new_identity(Ports(), Ports()) == Identity(
        model_id="f" * 32, created="2023-11-14T22:13:20+00:00"
    )
