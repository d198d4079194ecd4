"""Every policy says why it predicted what it predicted."""

from typing import Any

import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk, user

from tertulia.core.domain.model import Slot
from tertulia.core.events import FollowupAction
from tertulia.core.prediction import Prediction
from tertulia.policies.augmented import AugmentedMemoizationPolicy
from tertulia.policies.ensemble import make_ensemble
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.features import in_words
from tertulia.policies.form import FormPolicy
from tertulia.policies.learned import TEDPolicy
from tertulia.policies.mapping import MappingPolicy
from tertulia.policies.memoization import MemoizationPolicy
from tertulia.policies.rules import RulePolicy
from tertulia.policies.two_stage import TwoStageFallbackPolicy

BOT = domain(
    "greet bye stop restart", "utter_greet utter_bye", slots=[Slot(name="s", type="text")],
    forms="f",
)  # fmt: skip
DATA = """\
rules:
- rule: say hello
  steps:
  - intent: greet
  - action: utter_greet
- rule: leave the form
  condition:
  - active_loop: f
  steps:
  - intent: stop
  - action: utter_bye
stories:
- story: come and go
  steps:
  - intent: greet
  - action: utter_greet
  - intent: bye
  - action: utter_bye
- story: come and stop
  steps:
  - intent: greet
  - action: utter_greet
  - intent: stop
  - action: utter_bye
"""
OLD = domain("hi go stop out_of_scope", "utter_a do_it", legacy=True, forms="f",
    triggers={"go": "do_it"})  # fmt: skip
OLD_DATA = "## first\n* hi\n  - utter_a\n* stop\n  - utter_a\n"
HEARD = ("action_listen", "/greet")


def reason(prediction: Prediction, action: str | None = None) -> dict[str, Any]:
    action = action or max(prediction.scores, key=lambda name: prediction.scores[name])
    return prediction.why(action) if callable(prediction.why) else prediction.why


def rules() -> Any:
    return trained(RulePolicy, lesson(BOT, DATA))


def test_a_rule_is_named_with_the_line_of_its_action() -> None:
    expected = {"by": "rule", "name": "say hello", "at": "data.yml:5"}
    assert reason(rules().predict(talk(BOT, *HEARD))) == expected


def test_a_rule_with_a_condition_is_named() -> None:
    tracker = talk(BOT, "action_listen", "/bye", "f", "form:f", "action_listen", "/stop",
        "reject:f")  # fmt: skip
    found = reason(rules().predict(tracker))
    assert (found["name"], found["at"]) == ("leave the form", "data.yml:11")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["action_listen", "/restart"], {"by": "default_intent", "name": "restart"}),
        (["action_listen", "/bye", "f", "form:f"], {"by": "loop_waits", "name": "f"}),
        (["f", "form:f", "action_listen", "/bye"], {"by": "loop", "name": "f"}),
        (["action_listen", "/bye"], {"by": "core_fallback", "threshold": 0.3}),
    ],
)
def test_what_rules_decide_without_a_rule_is_said(steps: list[Any], expected: Any) -> None:
    assert reason(rules().predict(talk(BOT, *steps))) == expected


def test_the_fallback_is_the_reason_when_the_rules_action_may_not_run() -> None:
    prediction = rules().predict(talk(BOT, *HEARD))
    assert reason(prediction, "action_default_fallback")["by"] == "core_fallback"


def test_a_memory_names_the_story_and_the_line() -> None:
    policy = trained(MemoizationPolicy, lesson(BOT, DATA))
    tracker = talk(BOT, *HEARD, "utter_greet", "action_listen", "/bye")
    expected = {"by": "story", "name": "come and go", "at": "data.yml:18"}
    assert reason(policy.predict(tracker)) == expected


def test_a_memory_names_the_first_of_several_stories_and_how_many_there_are() -> None:
    policy = trained(MemoizationPolicy, lesson(BOT, DATA))
    expected = {"by": "story", "name": "come and go", "at": "data.yml:16", "places": 2}
    assert reason(policy.predict(talk(BOT, *HEARD))) == expected


def test_a_memory_of_0x_names_the_story_that_holds_the_line_though_stories_were_glued() -> None:
    data = lesson(OLD, OLD_DATA + "## second\n* go\n  - do_it\n", augmentation=5)
    policy = trained(MemoizationPolicy, data, max_history=2)
    found = reason(policy.predict(talk(OLD, "/stop", "utter_a", "action_listen", "/go")))
    assert (found["name"], found["at"]) == ("second", "stories.md:8")


def test_a_memory_that_forgot_the_beginning_says_so() -> None:
    policy = trained(AugmentedMemoizationPolicy, lesson(BOT, DATA), max_history=3)
    tracker = talk(BOT, "action_listen", "/stop", "s=1", "utter_bye", *HEARD, "utter_greet",
        "action_listen", "/bye")  # fmt: skip
    found = reason(policy.predict(tracker))
    assert found == {"by": "end_of_story", "name": "come and go", "at": "data.yml:18"}


def test_a_memory_blind_for_what_rules_have_still_knows_its_stories() -> None:
    data = lesson(BOT, DATA)
    ensemble = make_ensemble([trained(MemoizationPolicy, data), rules()], BOT)
    trace = ensemble.decide(talk(BOT, *HEARD, "utter_greet", "action_listen", "/bye")).trace()
    assert trace is not None
    assert trace["because"]["at"] == "data.yml:18"


def test_a_learned_policy_names_the_strongest_features_in_words() -> None:
    policy = trained(TEDPolicy, lesson(BOT, DATA))
    found = reason(policy.predict(talk(BOT, "action_listen", "/bye")))
    names = [name for name, _ in found["features"]]
    assert found["by"] == "learned"
    assert "intent=bye" in names
    assert len(names) <= 5
    strengths = [abs(weight) for _, weight in found["features"]]
    assert strengths == sorted(strengths, reverse=True)


def test_a_learned_policy_has_no_features_for_an_action_that_it_does_not_know() -> None:
    prediction = trained(TEDPolicy, lesson(BOT, DATA)).predict(talk(BOT, *HEARD))
    assert reason(prediction, "action_restart") == {"by": "learned"}


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ("0 action utter_x", "previous=utter_x"),
        ("0 intent greet", "intent=greet"),
        ("2 entity city", "entity=city (2 back)"),
        ("0 slot size 1", "slot size=1"),
        ("0 loop f", "loop=f"),
        ("0 word hello", "word=hello"),
        ("action a & intent b & asked c", "previous=a & intent=b & asked=c"),
        ("action a & before b", "previous=a & before=b"),
        ("action a & b & c & intent d", "previous=a & before=b & earlier=c & intent=d"),
        ("changed size", "changed=size"),
        ("slot size 1 & action a", "slot size=1 & previous=a"),
    ],
)
def test_features_are_read_as_words(feature: str, words: str) -> None:
    assert in_words(feature) == words


def test_a_trigger_names_the_intent() -> None:
    policy = trained(MappingPolicy, lesson(OLD, OLD_DATA))
    found = reason(policy.predict(talk(OLD, "action_listen", "/go")))
    assert found == {"by": "trigger", "name": "go"}


@pytest.mark.parametrize(
    ("kind", "steps", "by"),
    [
        (FallbackPolicy, ["action_listen", user("hi", 0.1)], "not_understood"),
        (FallbackPolicy, ["action_listen", "/hi"], "core_fallback"),
        (FallbackPolicy, ["/hi", "action_default_fallback"], "fallback_done"),
        (TwoStageFallbackPolicy, ["action_listen", user("hi", 0.1)], "two_stages"),
        (TwoStageFallbackPolicy, ["action_listen", "/hi"], "core_fallback"),
        (FormPolicy, ["action_listen", "/hi", "f", "form:f"], "loop_waits"),
        (FormPolicy, ["f", "form:f", "action_listen", "/hi"], "loop"),
    ],
)
def test_policies_of_0x_say_what_they_went_by(kind: Any, steps: list[Any], by: str) -> None:
    policy = trained(kind, lesson(OLD, OLD_DATA))
    assert reason(policy.predict(talk(OLD, *steps)))["by"] == by


class Fixed:
    """Says one thing."""

    name = "Fixed"
    needed_history = 1

    def __init__(self, scores: dict[str, float], policy: str = "Fixed") -> None:
        self._said = Prediction(policy=policy, scores=scores, why={"by": "fixed"})

    def predict(self, tracker: Any) -> Prediction:
        return self._said

    def knowing(self, rule_only: Any) -> "Fixed":
        return self


def traced(bot: Any, scores: dict[str, float], *steps: Any) -> dict[str, Any]:
    policies: Any = [Fixed(scores), Fixed({}, "Silent")]
    found = make_ensemble(policies, bot).decide(talk(bot, *steps)).trace()
    assert found is not None
    return found


@pytest.mark.parametrize("bot", [BOT, OLD])
def test_a_followup_names_the_action_that_wanted_it(bot: Any) -> None:
    asked = FollowupAction(name="action_restart")
    found = traced(bot, {}, "action_listen", "/x", "utter_a", asked)
    assert found == {"because": {"by": "followup", "action": "utter_a"}}


def test_a_followup_from_outside_names_no_action() -> None:
    found = traced(BOT, {}, "utter_bye", "action_listen", FollowupAction(name="utter_greet"))
    assert found == {"because": {"by": "followup"}}


def test_a_prediction_after_a_refusal_says_who_refused() -> None:
    found = traced(BOT, {"utter_bye": 1.0, "f": 0.9}, *HEARD, "reject:utter_bye")
    assert found == {
        "policy": "Fixed",
        "because": {"by": "fixed"},
        "others": [{"policy": "Silent"}],
        "rejected": "utter_bye",
    }


def test_an_action_that_nobody_predicted_has_that_reason() -> None:
    assert traced(BOT, {}, *HEARD)["because"] == {"by": "nobody"}


def test_in_legacy_listening_twice_is_replaced_and_that_is_said() -> None:
    data = lesson(OLD, OLD_DATA)
    policies: Any = [Fixed({"action_listen": 1.0}), trained(FallbackPolicy, data)]
    found = make_ensemble(policies, OLD).decide(talk(OLD, "action_listen", "/hi")).trace()
    assert found is not None
    assert (found["policy"], found["because"]) == ("FallbackPolicy", {"by": "listening_twice"})
    assert found["others"] == [{"policy": "Fixed", "action": "action_listen", "confidence": 1.0}]
