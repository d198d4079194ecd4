"""The worked example of the form policy, step by step."""

import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk, user

from tertulia.core.events import LoopInterrupted
from tertulia.policies.ensemble import make_ensemble
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.form import FormPolicy
from tertulia.policies.memoization import MemoizationPolicy

BOT = domain("greet inform chat stop", "utter_a utter_b", forms="f", legacy=True)
STORY = """
## s
* greet
  - utter_a
* inform
  - f
  - form{"name": "f"}
* chat
  - utter_b
  - f
  - form{"name": null}
  - utter_a
"""
OPEN = ["action_listen", "/greet", "utter_a", "action_listen", "/inform", "f", "form:f"]
REJECTED = [*OPEN, "action_listen", "/chat", "reject:f"]


@pytest.fixture(scope="module")
def ensemble():
    data = lesson(BOT, STORY)
    return make_ensemble(
        [
            trained(MemoizationPolicy, data, max_history=2),
            trained(FormPolicy, data),
            trained(FallbackPolicy, data, nlu_threshold=0.3, core_threshold=0.2),
        ],
        BOT,
    )


@pytest.mark.parametrize(
    ("steps", "action", "policy"),
    [
        (["action_listen", "/greet"], "utter_a", "policy_0_MemoizationPolicy"),
        (
            ["action_listen", user("greet", 0.1)],
            "action_default_fallback",
            "policy_2_FallbackPolicy",
        ),
        (["action_listen", "/stop"], "action_default_fallback", "policy_2_FallbackPolicy"),
        (OPEN, "action_listen", "policy_1_FormPolicy"),
        ([*OPEN, "action_listen", "/inform"], "f", "policy_1_FormPolicy"),
        (REJECTED, "utter_b", "policy_0_MemoizationPolicy"),
        ([*REJECTED, "interrupted", "utter_b"], "f", "policy_0_MemoizationPolicy"),
        (
            [*REJECTED, "interrupted", "utter_b", "f"],
            "action_listen",
            "policy_1_FormPolicy",
        ),
    ],
)
def test_the_worked_example_is_decided_as_recorded(ensemble, steps, action, policy) -> None:
    decision = ensemble.decide(talk(BOT, *steps))
    assert (decision.action, decision.policy) == (action, policy)


def test_a_form_that_a_story_leaves_is_told_not_to_validate(ensemble) -> None:
    decision = ensemble.decide(talk(BOT, *REJECTED))
    assert [type(event) for event in decision.events] == [LoopInterrupted]


def test_a_form_that_rejects_where_no_story_leaves_it_is_not_called_again(ensemble) -> None:
    decision = ensemble.decide(talk(BOT, *OPEN, "action_listen", "/stop", "reject:f"))
    assert decision.action == "action_default_fallback"
    assert decision.events == ()
