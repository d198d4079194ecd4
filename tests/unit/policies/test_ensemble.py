from typing import Any

import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk, user

from tertulia.base.errors import ConfigError, UnknownAction
from tertulia.core.events import (
    ActionExecutionRejected,
    FollowupAction,
    LoopInterrupted,
    SlotSet,
    UserFeaturization,
)
from tertulia.core.prediction import Prediction
from tertulia.policies.ensemble import make_ensemble
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.learned import LearnedPolicy
from tertulia.policies.memoization import MemoizationConfig, MemoizationPolicy
from tertulia.policies.rules import RulePolicy

NEW = domain("hi", "utter_a utter_b", forms="f")
OLD = domain("hi restart", "utter_a utter_b", legacy=True)
OLD_DATA = lesson(OLD, "## s\n* hi\n  - utter_a\n")
HEARD = ["action_listen", "/hi"]


class Fixed:
    """A policy that always says the same, and keeps what it was shown."""

    name = "Fixed"
    needed_history = 3

    def __init__(self, scores: dict[str, float], **rest: Any) -> None:
        self.said = Prediction(policy=rest.pop("policy", "Fixed"), scores=scores, **rest)
        self.seen: list[Any] = []

    def predict(self, tracker) -> Prediction:
        self.seen.append(tracker)
        return self.said

    def knowing(self, rule_only) -> "Fixed":
        return self


def decide(bot, policies, *steps):
    return make_ensemble(policies, bot).decide(talk(bot, *steps))


def test_an_ensemble_needs_a_policy() -> None:
    with pytest.raises(ConfigError, match="no policy"):
        make_ensemble([], NEW)


def test_modern_higher_score_wins_then_higher_priority_then_the_first() -> None:
    low = Fixed({"utter_a": 0.9}, priority=9, policy="low")
    high = Fixed({"utter_b": 1.0}, priority=1, policy="high")
    assert decide(NEW, [low, high], *HEARD).policy == "high"
    prior = Fixed({"utter_a": 1.0}, priority=2, policy="prior")
    assert decide(NEW, [high, prior], *HEARD).policy == "prior"
    assert decide(NEW, [Fixed({"utter_a": 1.0}, policy="first"), high], *HEARD).policy == "first"


def test_modern_scores_are_given_for_every_action_in_order() -> None:
    decision = decide(NEW, [Fixed({"utter_b": 0.8})], *HEARD)
    assert next(iter(decision.scores)) == "action_listen"
    assert decision.scores["utter_b"] == decision.confidence == 0.8
    assert decision.scores["..."] == 0.0


def test_modern_predictions_without_the_user_go_first_then_those_from_text() -> None:
    sure = Fixed({"utter_a": 1.0}, policy="sure")
    text = Fixed({"utter_b": 0.5}, policy="text", end_to_end=True)
    loop = Fixed({"f": 0.1}, policy="loop", no_user=True)
    assert decide(NEW, [sure, text, loop], *HEARD).policy == "loop"
    assert decide(NEW, [sure, text], *HEARD).policy == "text"


def test_modern_a_rejected_action_is_not_chosen_again() -> None:
    decision = decide(NEW, [Fixed({"f": 1.0, "utter_a": 0.2})], *HEARD, "reject:f")
    assert decision.action == "utter_a"
    later = decide(NEW, [Fixed({"f": 1.0})], *HEARD, "reject:f", "utter_a")
    assert later.action == "f"


def test_modern_events_of_all_policies_are_logged_and_optional_ones_of_the_winner() -> None:
    note, own, other = (SlotSet(name=name) for name in ("note", "own", "other"))
    loser = Fixed({}, events=(note,), optional_events=(other,))
    winner = Fixed({"utter_a": 1.0}, optional_events=(own,), end_to_end=True)
    decision = decide(NEW, [winner, loser], *HEARD)
    assert decision.events == (note, own, UserFeaturization(use_text_for_featurization=True))
    assert decide(NEW, [winner], *HEARD, "utter_b").events == (own,)


class Learned(LearnedPolicy):
    """A learned policy that always says the same, and counts how often it is asked."""

    name = "Learned"

    def __init__(self, gives_way: int | None) -> None:
        self.asked = 0
        self._way = gives_way

    @property
    def gives_way(self) -> int | None:
        return self._way

    def predict(self, tracker) -> Prediction:
        self.asked += 1
        return Prediction(policy="Learned", scores={"utter_b": 0.9}, priority=1)

    def knowing(self, rule_only) -> "Learned":
        return self


@pytest.mark.parametrize(
    ("sure", "priority", "gives_way", "asked"),
    [(1.0, 3, 1, 0), (0.9, 3, 1, 1), (1.0, 1, 1, 1), (1.0, 3, None, 1)],
    ids=["certain and before it", "not certain", "no higher priority", "reads texts"],
)
def test_modern_a_learned_policy_is_asked_where_it_could_win(
    sure: float, priority: int, gives_way: int | None, asked: int
) -> None:
    learned = Learned(gives_way)
    certain = Fixed({"utter_a": sure}, priority=priority)
    decision = decide(NEW, [learned, certain], *HEARD)
    trace = decision.trace()
    assert learned.asked == asked
    assert decision.action == "utter_a"
    assert trace is not None
    assert (trace["others"][0].get("asked") is False) is (asked == 0)


def test_modern_a_learned_policy_is_asked_when_the_certain_action_was_rejected() -> None:
    learned = Learned(1)
    certain = Fixed({"utter_a": 1.0}, priority=3)
    rejected = ActionExecutionRejected(name="utter_a")
    assert decide(NEW, [learned, certain], *HEARD, rejected).action == "utter_b"
    assert learned.asked == 1


def test_modern_a_followup_is_run_without_asking_anyone() -> None:
    silent = Fixed({})
    decision = decide(NEW, [silent], *HEARD, FollowupAction(name="utter_b"))
    assert (decision.action, decision.policy, decision.confidence) == (
        "utter_b",
        "followup_action",
        1.0,
    )
    assert (decision.events, silent.seen) == ((), [])


def test_modern_an_unknown_followup_is_ignored() -> None:
    decision = decide(NEW, [Fixed({"utter_a": 1.0})], *HEARD, FollowupAction(name="nope"))
    assert (decision.action, decision.remarks) == ("utter_a", {"ignored_followup": "nope"})


def test_modern_learned_policies_do_not_see_what_only_rules_have() -> None:
    text = """
rules:
- rule: r
  steps:
  - intent: hi
  - action: f
  - active_loop: f
stories:
- story: s
  steps:
  - intent: hi
  - action: f
"""
    data = lesson(NEW, text)
    rules = RulePolicy.train(RulePolicy.Config(check_for_contradictions=True), data)
    memory = MemoizationPolicy.train(MemoizationConfig(), data)
    ensemble = make_ensemble([memory, rules], NEW)
    assert rules.rule_only.loops == {"f"}
    assert ensemble.policies[0].predict(talk(NEW, "form:f", *HEARD)).scores == {"f": 1.0}


def test_modern_when_all_abstain_the_first_action_is_taken_without_confidence() -> None:
    decision = decide(NEW, [Fixed({})], *HEARD)
    assert (decision.action, decision.confidence) == ("action_listen", 0.0)


def test_the_longest_history_of_any_policy_is_needed() -> None:
    whole = Fixed({})
    whole.needed_history = None
    assert make_ensemble([Fixed({}), Fixed({})], NEW).needed_history == 3
    assert make_ensemble([Fixed({}), whole], OLD).needed_history is None


def test_what_every_policy_said_is_kept() -> None:
    lucky = Fixed({"utter_a": 0.7}, why={"by": "luck"}, policy="Lucky")
    beaten = Fixed({"utter_b": 0.123456, "utter_a": 0.1}, policy="Beaten")
    decision = decide(NEW, [beaten, lucky, Fixed({}, policy="Silent")], *HEARD)
    assert decision.trace() == {
        "policy": "Lucky",
        "because": {"by": "luck"},
        "others": [
            {"policy": "Beaten", "action": "utter_b", "confidence": 0.1235},
            {"policy": "Silent"},
        ],
    }


def test_an_end_to_end_text_is_marked_as_one() -> None:
    from msgspec.structs import replace

    bot = replace(NEW, e2e_actions=("Hello there",))
    decision = decide(bot, [Fixed({"Hello there": 1.0})], *HEARD)
    assert (decision.action, decision.action_text) == ("Hello there", "Hello there")


def test_legacy_confidence_is_the_share_of_the_winners_scores() -> None:
    decision = decide(OLD, [Fixed({"utter_a": 0.6, "utter_b": 0.2})], *HEARD)
    assert decision.confidence == pytest.approx(0.75)
    assert decision.policy == "policy_0_Fixed"


def test_legacy_the_first_of_equal_scores_wins_whatever_the_priority() -> None:
    first, second = Fixed({"utter_a": 0.6}), Fixed({"utter_b": 0.6}, priority=9)
    assert decide(OLD, [first, second], *HEARD).action == "utter_a"


def test_legacy_listening_twice_becomes_the_fallback_unless_remembered() -> None:
    fallback = trained(FallbackPolicy, OLD_DATA)
    listening = Fixed({"action_listen": 0.9})
    decision = decide(OLD, [listening, fallback], *HEARD)
    assert (decision.action, decision.policy) == (
        "action_default_fallback",
        "policy_1_FallbackPolicy",
    )
    assert decision.confidence == 1.0
    assert decide(OLD, [listening], *HEARD).action == "action_listen"


def test_legacy_later_policies_see_the_event_that_an_earlier_one_appends() -> None:
    noting = Fixed({}, events=(LoopInterrupted(is_interrupted=True),))
    after = Fixed({"utter_a": 0.5, "utter_b": 0.4})
    decision = decide(OLD, [noting, after], *HEARD, "reject:utter_a")
    assert after.seen[0].last_event == LoopInterrupted(is_interrupted=True)
    assert decision.action == "utter_a"
    assert decision.events == noting.said.events


def test_legacy_the_rejected_action_scores_nothing_right_after_the_rejection() -> None:
    policy = Fixed({"utter_a": 0.5, "utter_b": 0.4})
    assert decide(OLD, [policy], *HEARD, "reject:utter_a").action == "utter_b"
    assert decide(OLD, [policy], *HEARD, "reject:utter_a", SlotSet(name="x")).action == "utter_a"


def test_legacy_a_followup_has_no_policy() -> None:
    decision = decide(OLD, [Fixed({})], *HEARD, FollowupAction(name="utter_b"))
    assert (decision.action, decision.policy, decision.confidence) == ("utter_b", None, 1.0)


def test_legacy_an_unknown_followup_is_an_error_that_names_the_nearest_action() -> None:
    with pytest.raises(UnknownAction, match="utter_c") as found:
        decide(OLD, [Fixed({})], *HEARD, FollowupAction(name="utter_c"))
    assert "utter_" in found.value.hint


def test_legacy_the_restart_intent_is_obeyed_before_all_policies() -> None:
    decision = decide(OLD, [Fixed({"utter_a": 1.3})], "action_listen", user("restart"))
    assert (decision.action, decision.policy) == ("action_restart", None)
