import msgspec
import pytest
from tests.unit.policies.lessons import lesson
from tests.unit.policies.talk import domain, talk

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError, ModelError, ProblemsFound, UnknownComponent
from tertulia.core.domain.model import Generation
from tertulia.data.yaml import parse
from tertulia.ml.parts import Parts
from tertulia.policies.memoization import MemoizationConfig
from tertulia.policies.parameters import NO_EFFECT
from tertulia.policies.policy import PolicyConfig
from tertulia.policies.registry import (
    POLICIES,
    build_ensemble,
    load_ensemble,
    read_policies,
    settings_of,
    train_policies,
)

NEW, OLD = Generation.MODERN, Generation.LEGACY
BOT = domain("hi bye", "utter_a utter_b")
STORIES = "stories:\n- story: s\n  steps:\n  - intent: hi\n  - action: utter_a\n"


def read(text: str, generation: Generation = NEW):
    diagnostics = Diagnostics()
    root = parse(f"policies:\n{text}", file="config.yml", diagnostics=diagnostics)
    assert root is not None
    section = root.get("policies")
    assert section is not None
    choices = read_policies(section, generation, diagnostics)
    return choices, [str(problem) for problem in diagnostics.problems]


@pytest.mark.parametrize("name", POLICIES.names)
def test_every_name_leads_to_a_policy(name) -> None:
    kind = POLICIES.find(name)
    assert kind.name == POLICIES.canonical(name)
    assert issubclass(kind.Config, PolicyConfig)


def test_settings_are_read_with_their_types() -> None:
    [choice], problems = read("- name: MemoizationPolicy\n  max_history: 4\n  priority: 2\n")
    assert choice.config == MemoizationConfig(max_history=4, priority=2)
    assert problems == []


@pytest.mark.parametrize(
    "name",
    [
        "rasa.core.policies.memoization.MemoizationPolicy",
        "rasa.core.policies.MemoizationPolicy",
        "rasa_core.policies.MemoizationPolicy",
        "rasa_core.policies.memoization.MemoizationPolicy",
    ],
)
def test_the_originals_class_paths_are_understood(name) -> None:
    [choice], _ = read(f"- name: {name}\n")
    assert choice.name == "MemoizationPolicy"


def test_a_policy_may_be_written_as_a_name_alone() -> None:
    [choice], problems = read("- MemoizationPolicy\n")
    assert (choice.name, problems) == ("MemoizationPolicy", [])


def test_an_unknown_policy_is_an_error_with_its_place_and_the_nearest_name() -> None:
    choices, [problem] = read("- name: MemoPolicy\n")
    assert choices == []
    assert problem.startswith("config.yml:2:9")
    assert "MemoizationPolicy" in problem


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("RulePolicy", OLD),
        ("UnexpecTEDIntentPolicy", OLD),
        ("FormPolicy", NEW),
        ("KerasPolicy", NEW),
    ],
)
def test_a_policy_of_the_other_generation_is_an_error(name, generation) -> None:
    choices, [problem] = read(f"- name: {name}\n", generation)
    assert choices == []
    assert "T104" in problem


def test_an_unknown_setting_is_an_error_with_its_place_and_the_nearest_name() -> None:
    _, [problem] = read("- name: TEDPolicy\n  epoch: 5\n")
    assert problem.startswith("config.yml:3:3")
    assert "'epochs'" in problem


@pytest.mark.parametrize("value", ["five", "0", "-1", "2.5"])
def test_a_history_that_is_no_positive_number_is_an_error(value) -> None:
    _, problems = read(f"- name: MemoizationPolicy\n  max_history: {value}\n")
    assert [problem[:15] for problem in problems] == ["config.yml:3:16"]


def test_settings_without_effect_are_named_once() -> None:
    [choice], [problem] = read(
        "- name: TEDPolicy\n  epochs: 30\n  batch_size: 3\n  transformer_size: 9\n"
    )
    assert "warning T106: no effect here: batch_size, transformer_size of 'TEDPolicy'" in problem
    assert choice.config.epochs == 30


@pytest.mark.parametrize("name", sorted(NO_EFFECT))
def test_no_setting_is_both_used_and_without_effect(name) -> None:
    used = {field.name for field in msgspec.structs.fields(POLICIES.find(name).Config)}
    assert not used & NO_EFFECT[name]


def test_the_featurizers_history_counts() -> None:
    text = (
        "- name: KerasPolicy\n  featurizer:\n  - name: MaxHistoryTrackerFeaturizer\n"
        "    max_history: 7\n    state_featurizer:\n    - name: BinarySingleStateFeaturizer\n"
    )
    [choice], problems = read(text, OLD)
    assert (choice.config.max_history, problems) == (7, [])


@pytest.mark.parametrize(
    "featurizer",
    [
        "[]",
        "[{name: MaxHistoryTrackerFeaturizer}, {name: FullDialogueTrackerFeaturizer}]",
        "[{name: Strange}]",
        "[{name: MaxHistoryTrackerFeaturizer, state_featurizer: [{name: a}, {name: b}]}]",
    ],
)
def test_anything_but_one_known_featurizer_is_an_error(featurizer) -> None:
    choices, [problem] = read(f"- name: KerasPolicy\n  featurizer: {featurizer}\n", OLD)
    assert choices == []
    assert "T107" in problem


def test_no_policy_at_all_is_an_error() -> None:
    assert "T186" in read(" []\n")[1][0]


def test_equal_priorities_are_a_warning() -> None:
    _, [problem] = read("- name: MemoizationPolicy\n- name: AugmentedMemoizationPolicy\n")
    assert "warning T108" in problem
    assert read("- name: MemoizationPolicy\n- name: RulePolicy\n- name: TEDPolicy\n")[1] == []


def test_an_ensemble_is_the_same_after_storing_and_loading() -> None:
    choices, _ = read("- name: MemoizationPolicy\n- name: TEDPolicy\n- name: RulePolicy\n")
    data = lesson(BOT, STORIES)
    trained = train_policies(choices, data)
    stored = [(choice.name, settings_of(choice), policy.parts()) for choice, policy in trained]
    loaded = load_ensemble(stored, BOT)
    for steps in (["action_listen", "/hi"], ["action_listen", "/bye"]):
        tracker = talk(BOT, *steps)
        one, other = loaded.decide(tracker), build_ensemble(choices, data).decide(tracker)
        assert (one.action, one.scores, one.events) == (other.action, other.scores, other.events)
        assert one.trace() == other.trace()


def test_problems_of_rules_stop_the_building() -> None:
    choices, _ = read("- name: RulePolicy\n")
    text = STORIES + "rules:\n- rule: r\n  steps:\n  - intent: hi\n  - action: utter_b\n"
    with pytest.raises(ProblemsFound, match="T382"):
        build_ensemble(choices, lesson(BOT, text))


def test_a_model_cannot_name_code_to_run() -> None:
    with pytest.raises(UnknownComponent):
        load_ensemble([("subprocess.Popen", {}, Parts())], BOT)


def test_a_model_with_strange_settings_or_parts_is_refused() -> None:
    with pytest.raises(ConfigError, match="T188"):
        load_ensemble([("MemoizationPolicy", {"max_history": "x"}, Parts())], BOT)
    with pytest.raises(ModelError):
        load_ensemble([("TEDPolicy", {}, Parts())], BOT)
    with pytest.raises(ModelError):
        load_ensemble([("TEDPolicy", {}, Parts(meta={"features": ["a"], "actions": ["b"]}))], BOT)
