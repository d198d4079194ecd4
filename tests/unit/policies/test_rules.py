"""Rules: the worked examples, and the checks that find rules which disagree."""

import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk, user

from tertulia.base.errors import ConfigError, ModelError
from tertulia.core.domain.model import Slot
from tertulia.core.events import LoopInterrupted
from tertulia.ml.parts import Parts
from tertulia.policies.rules import RuleConfig, RulePolicy

BOT = domain(
    "greet bye stop chat a",
    "utter_x utter_y utter_z action_a",
    slots=[Slot(name="t", type="bool"), Slot(name="name", type="text")],
    forms="f",
)
TWO = """
rules:
- rule: r1
  steps:
  - intent: greet
  - action: utter_x
- rule: r2
  conversation_start: true
  steps:
  - intent: greet
  - action: utter_y
"""
LOOP = """
rules:
- rule: r1
  steps:
  - intent: greet
  - action: utter_x
- rule: stop
  condition:
  - active_loop: f
  steps:
  - intent: stop
  - action: utter_z
- rule: chat
  condition:
  - active_loop: f
  steps:
  - intent: chat
  - action: utter_y
  - action: f
  - active_loop: f
"""
FORM = ["action_listen", "/a", "f", "form:f"]


def predict(policy, *steps):
    return policy.predict(talk(BOT, *steps))


def best(prediction) -> str:
    return max(prediction.scores, key=lambda name: prediction.scores[name])


def problems(text: str, **settings) -> list[str]:
    data = lesson(BOT, text)
    RulePolicy.train(RuleConfig(**settings), data)
    return [str(problem) for problem in data.diagnostics.problems]


def test_the_most_specific_rule_wins_and_the_fallback_keeps_its_score() -> None:
    policy = trained(RulePolicy, lesson(BOT, TWO), check_for_contradictions=False)
    prediction = predict(policy, "action_listen", "/greet")
    assert prediction.scores == {"utter_y": 1.0, "action_default_fallback": 0.3}


def test_a_rule_for_the_start_does_not_apply_later() -> None:
    policy = trained(RulePolicy, lesson(BOT, TWO), check_for_contradictions=False)
    later = predict(policy, "action_listen", "/a", "utter_x", "action_listen", "/greet")
    assert best(later) == "utter_x"


def test_without_a_rule_only_the_fallback_scores() -> None:
    policy = trained(RulePolicy, lesson(BOT, TWO), core_fallback_threshold=0.4)
    prediction = predict(policy, "action_listen", "/a")
    assert prediction.scores == {"action_default_fallback": 0.4}
    silent = trained(RulePolicy, lesson(BOT, TWO), enable_fallback_prediction=False)
    assert predict(silent, "action_listen", "/a").scores == {}


def test_after_a_loop_the_bot_listens_without_looking_at_the_user() -> None:
    prediction = predict(trained(RulePolicy, lesson(BOT, LOOP)), *FORM)
    assert (best(prediction), prediction.no_user) == ("action_listen", True)


def test_a_running_loop_takes_every_message() -> None:
    prediction = predict(trained(RulePolicy, lesson(BOT, LOOP)), *FORM, "action_listen", "/greet")
    assert (best(prediction), prediction.no_user) == ("f", True)


def test_after_a_rejection_the_rule_inside_the_loop_applies() -> None:
    policy = trained(RulePolicy, lesson(BOT, LOOP))
    assert best(predict(policy, *FORM, "action_listen", "/stop", "reject:f")) == "utter_z"


def test_after_a_general_rule_the_loop_goes_on_instead_of_listening() -> None:
    policy = trained(RulePolicy, lesson(BOT, LOOP))
    rejected = [*FORM, "action_listen", "/greet", "reject:f"]
    assert best(predict(policy, *rejected)) == "utter_x"
    after = predict(policy, *rejected, "utter_x")
    assert (best(after), after.no_user) == ("f", False)


def test_a_general_rule_is_silent_where_a_story_does_not_return_to_the_loop() -> None:
    text = (
        LOOP
        + """
stories:
- story: leave
  steps:
  - intent: a
  - action: f
  - active_loop: f
  - intent: greet
  - action: utter_x
  - intent: stop
  - action: utter_z
"""
    )
    policy = trained(RulePolicy, lesson(BOT, text))
    after = predict(policy, *FORM, "action_listen", "/greet", "reject:f", "utter_x")
    assert after.scores == {"action_default_fallback": 0.3}


def test_a_loop_that_a_story_calls_after_a_message_is_told_of_the_interruption() -> None:
    text = """
stories:
- story: back
  steps:
  - intent: a
  - action: f
  - active_loop: f
  - intent: stop
  - action: utter_z
  - intent: chat
  - action: f
  - active_loop: null
"""
    policy = trained(RulePolicy, lesson(BOT, text))
    rejected = [*FORM, "action_listen", "/stop", "reject:f", "utter_z", "action_listen", "/chat"]
    prediction = predict(policy, *rejected)
    assert prediction.events == (LoopInterrupted(is_interrupted=True),)


@pytest.mark.parametrize(
    ("intent", "action"),
    [
        ("restart", "action_restart"),
        ("back", "action_back"),
        ("session_start", "action_session_start"),
    ],
)
def test_default_intents_come_before_rules_and_loops(intent, action) -> None:
    policy = trained(RulePolicy, lesson(BOT, LOOP))
    assert best(predict(policy, *FORM, "action_listen", f"/{intent}")) == action


def test_a_rule_on_a_text_comes_before_rules_on_intents() -> None:
    text = """
rules:
- rule: said
  steps:
  - user: hello bot
  - action: utter_z
- rule: meant
  steps:
  - intent: greet
  - action: utter_x
"""
    policy = trained(RulePolicy, lesson(BOT, text))
    said = predict(policy, "action_listen", user("greet", text="hello bot"))
    assert (best(said), said.end_to_end) == ("utter_z", True)
    meant = predict(policy, "action_listen", user("greet", text="hi"))
    assert (best(meant), meant.end_to_end) == ("utter_x", False)


def test_a_condition_that_a_slot_is_empty_is_kept() -> None:
    text = """
rules:
- rule: empty
  condition:
  - slot_was_set:
    - name: null
  steps:
  - intent: greet
  - action: utter_x
"""
    policy = trained(RulePolicy, lesson(BOT, text))
    assert best(predict(policy, "action_listen", "/greet")) == "utter_x"
    filled = predict(policy, "name=ada", "action_listen", "/greet")
    assert best(filled) == "action_default_fallback"


def test_turns_of_rules_that_no_story_has_are_hidden() -> None:
    text = """
rules:
- rule: r1
  steps:
  - intent: greet
  - action: utter_x
- rule: r2
  steps:
  - intent: bye
  - action: utter_y
stories:
- story: s
  steps:
  - intent: bye
  - action: utter_y
"""
    policy = trained(RulePolicy, lesson(BOT, text))
    assert predict(policy, "action_listen", "/greet").hide_rule_turn
    assert not predict(policy, "action_listen", "/bye").hide_rule_turn
    assert not predict(policy, "action_listen", "/a").hide_rule_turn
    assert predict(policy, "action_listen", "/restart").hide_rule_turn


def test_slots_and_loops_of_rules_alone_are_known() -> None:
    policy = RulePolicy.train(RuleConfig(), lesson(BOT, LOOP))
    assert policy.rule_only.loops == {"f"}


def test_the_confidence_of_the_message_can_be_the_score() -> None:
    policy = trained(RulePolicy, lesson(BOT, LOOP), use_nlu_confidence_as_score=True)
    assert predict(policy, "action_listen", user("greet", 0.7)).scores["utter_x"] == 0.7


def test_two_rules_for_one_intent_contradict_each_other() -> None:
    found = problems(TWO.replace("  conversation_start: true\n", ""))
    assert len(found) == 2
    assert "the rule 'r1' (data.yml:3:3) expects 'utter_x'" in found[0]
    assert "'utter_y' is predicted by the rule 'r2' (data.yml:7:3)" in found[0]
    assert "the rule 'r2' (data.yml:7:3) expects 'utter_y'" in found[1]


def test_a_story_against_a_rule_is_a_contradiction_with_both_places() -> None:
    text = """
rules:
- rule: r
  steps:
  - intent: greet
  - action: utter_x
stories:
- story: s
  steps:
  - intent: greet
  - action: utter_y
"""
    [found] = problems(text)
    assert found.startswith("data.yml:11")
    assert "T382" in found
    assert "the story 's' (data.yml:10" in found
    assert "'utter_x' is predicted by the rule 'r' (data.yml:3" in found
    assert problems(text, check_for_contradictions=False) == []


def test_a_story_that_goes_on_where_the_rule_listens_is_a_contradiction() -> None:
    [found] = problems(
        """
rules:
- rule: r
  steps:
  - intent: greet
  - action: utter_x
stories:
- story: s
  steps:
  - intent: greet
  - action: utter_x
  - action: utter_y
"""
    )
    assert "expects 'utter_y', but 'action_listen' is predicted" in found


def test_a_rule_against_a_default_intent_is_a_contradiction() -> None:
    bot = domain("restart", "utter_x")
    text = "rules:\n- rule: r\n  steps:\n  - intent: restart\n  - action: utter_x\n"
    data = lesson(bot, text)
    RulePolicy.train(RuleConfig(), data)
    [found] = [str(problem) for problem in data.diagnostics.problems]
    assert "the built-in handling of the intent 'restart'" in found


def test_a_rule_that_leaves_out_a_slot_is_incomplete() -> None:
    [found] = problems(
        """
rules:
- rule: A
  steps:
  - intent: greet
  - action: action_a
  - slot_was_set:
    - t: true
- rule: B
  steps:
  - intent: bye
  - action: action_a
"""
    )
    assert "T381" in found
    assert "the rule 'B' (data.yml:9" in found
    assert "after 'action_a'" in found
    assert "the slot 't'" in found


def test_a_rule_that_does_not_say_whether_the_loop_is_active_is_incomplete() -> None:
    start = """
rules:
- rule: A
  steps:
  - intent: a
  - action: f
  - active_loop: f
- rule: B
  steps:
  - intent: bye
  - action: f
"""
    [found] = problems(start)
    assert "which loop is active ('f')" in found
    assert problems(start + "  - active_loop: f\n") == []
    assert problems(start + "  wait_for_user_input: false\n") == []


def test_a_rule_with_two_messages_is_refused_unless_allowed() -> None:
    text = """
rules:
- rule: long
  steps:
  - intent: greet
  - action: utter_x
  - intent: bye
  - action: utter_y
"""
    [found] = problems(text)
    assert "T380" in found
    assert problems(text, restrict_rules=False) == []


def test_a_short_rule_gives_way_to_a_story_when_a_longer_one_begins_like_it() -> None:
    text = """
rules:
- rule: short
  steps:
  - action: utter_x
- rule: long
  steps:
  - action: utter_x
  - intent: greet
  - action: utter_y
stories:
- story: s
  steps:
  - intent: a
  - action: utter_x
  - action: utter_z
"""
    assert problems(text) == []


def test_a_fallback_action_that_the_bot_lacks_is_an_error() -> None:
    with pytest.raises(ConfigError, match="action_b"):
        trained(RulePolicy, lesson(BOT, TWO), core_fallback_action_name="action_b")


@pytest.mark.parametrize(
    "meta",
    [{"rules": 1}, {"rules": {"no key": "a"}}, {"rules": {"[]": "a"}}, {"rules": {"[1]": "a"}}],
)
def test_damaged_rules_are_an_error(meta) -> None:
    with pytest.raises(ModelError):
        RulePolicy.from_parts(RuleConfig(), Parts(meta=meta), BOT)
