"""What validation notes, row by row, and when it fails."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.training.projects import CONFIG, DOMAIN, LEGACY, MODERN, NLU, legacy, modern, write

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.problem import Severity
from tertulia.training.project import read_project
from tertulia.training.validate import Scope, is_failed, validate


def validated(folder: Path, **files: str) -> Diagnostics:
    """Validate the modern sample with some files changed; `data_nlu` stands for data/nlu.yml."""
    named = {f"{name.replace('_', '/')}.yml": text for name, text in files.items()}
    return validate(read_project(modern(write(folder, {**MODERN, **named}))))


def stories(steps: str, kind: str = "story") -> str:
    section = "stories" if kind == "story" else "rules"
    return f'version: "3.1"\n{section}:\n- {kind}: one\n  steps:\n{steps}'


GREET = "  - intent: greet\n  - action: utter_greet\n"
BYE = "  - intent: bye\n  - action: utter_bye\n"


def codes(diagnostics: Diagnostics) -> set[str]:
    return {problem.code for problem in diagnostics.problems}


def place(diagnostics: Diagnostics, code: str) -> tuple[str, int]:
    (found,) = [problem for problem in diagnostics.problems if problem.code == code]
    assert found.at is not None
    return Path(found.at.file).name, found.at.line


def test_a_sound_project_has_no_problems(tmp_path: Path) -> None:
    found = validated(tmp_path)
    assert [str(problem) for problem in found.problems] == []
    assert not is_failed(found, fail_on_warnings=True)


def test_a_sound_project_of_0x_has_no_problems(tmp_path: Path) -> None:
    found = validate(read_project(legacy(write(tmp_path, LEGACY))))
    assert [str(problem) for problem in found.problems] == []


def test_an_empty_domain_is_an_error(tmp_path: Path) -> None:
    found = validated(tmp_path, domain="", data_stories="", data_nlu="")
    assert "T360" in {problem.code for problem in found.errors}
    assert is_failed(found)


def test_an_intent_that_triggers_an_action_is_an_error(tmp_path: Path) -> None:
    domain = DOMAIN.replace("[greet, bye]", "\n- greet\n- bye: {triggers: utter_bye}")
    found = validated(tmp_path, domain=domain)
    assert place(found, "T361") == ("domain.yml", 4)
    assert is_failed(found)


def test_triggers_are_what_0x_does(tmp_path: Path) -> None:
    domain = LEGACY["domain.yml"].replace("[greet, bye]", "\n- greet\n- bye: {triggers: utter_bye}")
    found = validate(read_project(legacy(write(tmp_path, {**LEGACY, "domain.yml": domain}))))
    assert "T361" not in codes(found)


def test_an_intent_without_examples_never_fails(tmp_path: Path) -> None:
    domain = DOMAIN.replace("bye]", "bye, silent]")
    found = validated(
        tmp_path,
        domain=domain,
        data_stories=stories(GREET + BYE + "  - intent: silent\n  - action: utter_bye\n"),
    )
    assert codes(found) == {"T362"}
    assert not is_failed(found, fail_on_warnings=True)


def test_examples_of_an_unknown_intent_fail_with_the_flag(tmp_path: Path) -> None:
    nlu = f"{NLU}- intent: gret\n  examples: |\n    - yo\n    - ey\n"
    found = validated(tmp_path, data_nlu=nlu)
    assert place(found, "T363")[0] == "nlu.yml"
    (problem,) = found.problems
    assert "Did you mean 'greet'?" in problem.hint
    assert not is_failed(found)
    assert is_failed(found, fail_on_warnings=True)


def test_one_text_under_two_intents_fails_with_the_flag(tmp_path: Path) -> None:
    found = validated(tmp_path, data_nlu=NLU.replace("see you", "hello"))
    assert codes(found) == {"T352"}
    assert is_failed(found, fail_on_warnings=True)


def test_an_unknown_intent_in_stories_fails_with_the_flag(tmp_path: Path) -> None:
    steps = GREET + BYE + "  - intent: gret\n  - action: utter_greet\n"
    found = validated(tmp_path, data_stories=stories(steps))
    assert codes(found) == {"T310"}
    assert not is_failed(found)
    assert is_failed(found, fail_on_warnings=True)


def test_an_intent_that_no_story_uses_never_fails(tmp_path: Path) -> None:
    steps = GREET + "  - action: utter_bye\n"
    found = validated(tmp_path, data_stories=stories(steps))
    assert codes(found) == {"T364"}
    assert not is_failed(found, fail_on_warnings=True)


@pytest.mark.parametrize("name", ["nlu_fallback", "session_start", "out_of_scope"])
def test_intents_of_the_product_may_be_unused(tmp_path: Path, name: str) -> None:
    found = validated(tmp_path, domain=DOMAIN.replace("bye]", f"bye, {name}]"))
    assert codes(found) == set()


@pytest.mark.parametrize("action", ["utter_nothing", "action_nothing"])
def test_an_unknown_action_in_stories_fails(tmp_path: Path, action: str) -> None:
    steps = GREET + BYE + f"  - action: {action}\n"
    found = validated(tmp_path, data_stories=stories(steps))
    assert codes(found) == {"T311"}
    assert is_failed(found)


def test_a_response_that_no_story_uses_never_fails(tmp_path: Path) -> None:
    found = validated(tmp_path, data_stories=stories(GREET + "  - intent: bye\n" + GREET))
    assert codes(found) == {"T365"}
    assert not is_failed(found, fail_on_warnings=True)


FORM = """\
slots:
  city:
    type: text
    mappings:
    - type: from_text
      conditions:
      - active_loop: trip
  name:
    type: text
    influence_conversation: false
    mappings:
    - type: from_text
forms:
  trip:
    required_slots: [city]
"""
FORM_STEPS = "  - intent: bye\n  - action: trip\n  - active_loop: trip\n"
ASK = "  utter_ask_city:\n  - text: Where, {name}?\n"
ASK_NAME = "  utter_ask_name:\n  - text: Who from {city}?\n"


def test_a_form_and_its_questions_are_used(tmp_path: Path) -> None:
    found = validated(
        tmp_path,
        domain=f"{DOMAIN}{ASK}{FORM}",
        data_stories=stories(GREET + BYE + FORM_STEPS),
    )
    assert codes(found) == set()


def test_an_unknown_form_in_a_story_always_fails(tmp_path: Path) -> None:
    found = validated(
        tmp_path,
        domain=f"{DOMAIN}{FORM}",
        data_stories=stories(GREET + BYE + "  - active_loop: tirp\n"),
    )
    assert "T314" in codes(found)
    assert is_failed(found)


def test_a_form_slot_that_the_domain_lacks_always_fails(tmp_path: Path) -> None:
    form = FORM.replace("[city]", "[city, nothing]")
    found = validated(
        tmp_path, domain=DOMAIN + form, data_stories=stories(GREET + BYE + FORM_STEPS)
    )
    assert "T215" in codes(found)
    assert is_failed(found)


def test_a_condition_on_an_unknown_form_always_fails(tmp_path: Path) -> None:
    form = FORM.replace("active_loop: trip", "active_loop: tirp")
    found = validated(
        tmp_path, domain=DOMAIN + form, data_stories=stories(GREET + BYE + FORM_STEPS)
    )
    assert "T216" in codes(found)
    assert is_failed(found)


def test_a_condition_on_a_form_that_does_not_ask_for_the_slot_always_fails(
    tmp_path: Path,
) -> None:
    form = FORM.replace("[city]", "[name]")
    found = validated(
        tmp_path, domain=DOMAIN + ASK_NAME + form, data_stories=stories(GREET + BYE + FORM_STEPS)
    )
    assert codes(found) == {"T366"}
    assert is_failed(found)


def test_a_form_with_a_validating_action_may_ask_for_more_slots(tmp_path: Path) -> None:
    form = FORM.replace("[city]", "[name]") + "actions: [validate_trip]\n"
    found = validated(
        tmp_path, domain=DOMAIN + ASK_NAME + form, data_stories=stories(GREET + BYE + FORM_STEPS)
    )
    assert "T366" not in codes(found)


def test_a_mapping_from_the_trigger_may_name_such_a_form(tmp_path: Path) -> None:
    form = FORM.replace("[city]", "[name]").replace(
        "- type: from_text\n      conditions",
        "- type: from_trigger_intent\n      value: x\n      conditions",
    )
    found = validated(
        tmp_path, domain=DOMAIN + ASK_NAME + form, data_stories=stories(GREET + BYE + FORM_STEPS)
    )
    assert codes(found) == set()


def test_contradicting_stories_fail_with_the_flag(tmp_path: Path) -> None:
    text = (
        stories(GREET + BYE) + "- story: two\n  steps:\n  - intent: greet\n  - action: utter_bye\n"
    )
    found = validated(tmp_path, data_stories=text)
    assert codes(found) == {"T326"}
    assert not is_failed(found)
    assert is_failed(found, fail_on_warnings=True)


def test_a_short_memory_sees_more_contradictions(tmp_path: Path) -> None:
    text = (
        stories(GREET + BYE)
        + "- story: two\n  steps:\n"
        + BYE
        + GREET.replace("utter_greet", "utter_bye")
    )
    data = read_project(modern(write(tmp_path, {**MODERN, "data/stories.yml": text})))
    assert codes(validate(data)) == set()
    assert codes(validate(data, Scope(max_history=1))) == {"T326"}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (CONFIG.replace("language: en\n", ""), "T367"),
        (CONFIG.replace("assistant_id: test-bot\n", ""), "T368"),
        (CONFIG.replace("test-bot", "placeholder_default"), "T368"),
    ],
)
def test_a_missing_language_or_name_never_fails(tmp_path: Path, config: str, code: str) -> None:
    found = validated(tmp_path, config=config)
    assert codes(found) == {code}
    assert found.problems[0].severity is Severity.WARNING
    assert not is_failed(found, fail_on_warnings=True)


def test_a_checkpoint_that_leads_nowhere_is_noted(tmp_path: Path) -> None:
    found = validated(tmp_path, data_stories=stories(GREET + BYE + "  - checkpoint: lost\n"))
    assert codes(found) == {"T324"}


def test_stories_alone_can_be_looked_at(tmp_path: Path) -> None:
    files = {**MODERN, "config.yml": CONFIG.replace("language: en\n", "")}
    data = read_project(modern(write(tmp_path, files)))
    assert codes(validate(data, Scope(only_stories=True))) == set()


def test_how_far_stories_are_compared_is_as_configured(tmp_path: Path) -> None:
    text = (
        stories(GREET + BYE)
        + "- story: two\n  steps:\n"
        + BYE
        + GREET.replace("utter_greet", "utter_bye")
    )
    config = CONFIG.replace("MemoizationPolicy\n", "MemoizationPolicy\n  max_history: 1\n")
    found = validated(tmp_path, data_stories=text, config=config)
    assert codes(found) == {"T326"}
    assert "to policies that look back one state" in found.problems[0].message


def test_a_contradiction_is_shown_by_the_shortest_conversation(tmp_path: Path) -> None:
    text = f"""\
version: "3.1"
stories:
- story: long
  steps:
{GREET}{BYE}- story: short
  steps:
{BYE}rules:
- rule: leave
  steps:
  - intent: bye
  - action: utter_greet
"""
    (problem,) = validated(tmp_path, data_stories=text).errors
    assert problem.code == "T382"
    assert "; so at " in problem.message
    assert problem.details == (
        "user: bye",
        "then: utter_bye (story 'short')",
        "or: utter_greet (rule 'leave')",
    )


def test_a_pipeline_in_another_file_is_not_missed_in_0x(tmp_path: Path) -> None:
    project = legacy(write(tmp_path, LEGACY))
    data = read_project(replace(project, config=project.config[1:]))
    assert [str(problem) for problem in validate(data).problems] == []


def test_a_hint_never_fails(tmp_path: Path) -> None:
    slot = "slots:\n  lonely:\n    type: any\n    mappings: []\n"
    found = validated(tmp_path, domain=DOMAIN + slot)
    assert [problem.severity for problem in found.problems] == [Severity.HINT]
    assert not is_failed(found, fail_on_warnings=True)


def test_a_model_that_is_not_on_this_machine_stops_a_check_only_before_training(
    tmp_path: Path,
) -> None:
    config = CONFIG.replace("pipeline:\n", "pipeline:\n- name: SpacyNLP\n  model: none\n")
    files = {**MODERN, "config.yml": config}
    project = modern(write(tmp_path, files))
    assert [one.code for one in validate(read_project(project)).errors] == []
    training = validate(read_project(project), Scope(is_training=True))
    assert [one.code for one in training.errors] == ["T520"]


BUTTON = """\
  utter_ask_city:
  - text: Where?
    buttons:
    - title: Rome
      payload: '/pick{"city": "Rome"}'
"""


def test_an_intent_that_a_button_sends_needs_no_examples(tmp_path: Path) -> None:
    domain = DOMAIN.replace("bye]", "bye, pick]") + BUTTON
    steps = GREET + BYE + "  - intent: pick\n  - action: utter_ask_city\n"
    assert codes(validated(tmp_path, domain=domain, data_stories=stories(steps))) == set()


def test_an_intent_that_brings_what_a_slot_takes_is_of_use(tmp_path: Path) -> None:
    domain = DOMAIN.replace("bye]", "bye, tell]\nentities: [city]") + (
        "  utter_ask_city:\n  - text: Where, not {city}?\n"
        "slots:\n  city:\n    type: text\n    mappings:\n    - type: from_entity\n"
        "      entity: city\n"
    )
    nlu = f"{NLU}- intent: tell\n  examples: |\n    - in [Rome](city)\n    - in [Lima](city)\n"
    steps = GREET + BYE + "  - action: utter_ask_city\n"
    config = CONFIG.replace("policies:", "- name: CRFEntityExtractor\npolicies:")
    found = validated(
        tmp_path, domain=domain, data_nlu=nlu, data_stories=stories(steps), config=config
    )
    assert codes(found) == set()


def test_what_custom_actions_send_may_have_any_variables(tmp_path: Path) -> None:
    domain = f"{DOMAIN}  utter_found:\n  - text: Found {{number}}.\nactions: [action_search]\n"
    steps = GREET + BYE + "  - action: action_search\n"
    found = validated(tmp_path, domain=domain, data_stories=stories(steps))
    assert [(one.code, one.severity) for one in found.problems] == [("T365", Severity.HINT)]


def test_answers_in_the_domain_are_answers_of_a_retrieval_intent(tmp_path: Path) -> None:
    nlu = f"{NLU}- intent: faq/hours\n  examples: |\n    - when\n    - what hours\n"
    domain = DOMAIN.replace("bye]", "bye, faq]") + "  utter_faq/hours:\n  - text: At nine.\n"
    steps = GREET + BYE + "  - intent: faq\n  - action: utter_faq\n"
    config = CONFIG.replace("policies:", "- name: ResponseSelector\npolicies:")
    found = validated(
        tmp_path, domain=domain, data_nlu=nlu, data_stories=stories(steps), config=config
    )
    assert codes(found) == set()
