import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import act, domain, talk, user

from tertulia.base.errors import ConfigError
from tertulia.core.tracker import advance
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.mapping import MappingPolicy
from tertulia.policies.two_stage import TwoStageFallbackPolicy

BOT = domain("hi out_of_scope go", "utter_a do_it", legacy=True, triggers={"go": "do_it"})
DATA = lesson(BOT, "## s\n* hi\n  - utter_a\n")
ASKED = ["action_listen", user("hi", 0.2), "action_default_ask_affirmation", "action_listen"]
REPHRASE = [*ASKED, "/out_of_scope", "action_default_ask_rephrase", "action_listen"]


def test_a_message_that_is_not_understood_leads_to_the_fallback() -> None:
    policy = trained(FallbackPolicy, DATA)
    low = policy.predict(talk(BOT, "action_listen", user("hi", 0.29)))
    assert low.scores == {"action_default_fallback": 1.2}
    sure = policy.predict(talk(BOT, "action_listen", user("hi", 0.3)))
    assert sure.scores == {"action_default_fallback": 0.3}


def test_two_near_intents_lead_to_the_fallback_when_asked_for() -> None:
    near = user("hi", 0.5, ranking=[("hi", 0.5), ("go", 0.45)])
    policy = trained(FallbackPolicy, DATA, ambiguity_threshold=0.1)
    assert policy.predict(talk(BOT, "action_listen", near)).confidence == 1.2
    assert trained(FallbackPolicy, DATA).predict(talk(BOT, "action_listen", near)).confidence == 0.3


def test_a_missing_confidence_counts_as_sure() -> None:
    message = user("hi")
    del message.parse_data["intent"]["confidence"]
    policy = trained(FallbackPolicy, DATA)
    assert policy.predict(talk(BOT, "action_listen", message)).confidence == 0.3


def test_after_the_fallback_the_bot_listens() -> None:
    policy = trained(FallbackPolicy, DATA)
    tracker = talk(BOT, "action_listen", user("hi", 0.1), "action_default_fallback")
    assert policy.predict(tracker).scores == {"action_listen": 1.2}


def test_a_fallback_action_that_the_bot_lacks_is_an_error() -> None:
    with pytest.raises(ConfigError, match="utter_b") as found:
        trained(FallbackPolicy, DATA, fallback_action_name="utter_b")
    assert "utter_a" in found.value.hint


@pytest.mark.parametrize(
    ("steps", "action"),
    [
        (["action_listen", user("hi", 0.2)], "action_default_ask_affirmation"),
        (ASKED[:3], "action_listen"),
        ([*ASKED, "/out_of_scope"], "action_default_ask_rephrase"),
        ([*ASKED, "/hi"], "action_revert_fallback_events"),
        ([*ASKED, user("hi", 0.2)], "action_default_fallback"),
        ([*REPHRASE, user("hi", 0.2)], "action_default_ask_affirmation"),
        ([*REPHRASE, "/hi"], "action_revert_fallback_events"),
        (
            [
                *REPHRASE,
                user("hi", 0.2),
                "action_default_ask_affirmation",
                "action_listen",
                "/out_of_scope",
            ],
            "action_default_fallback",
        ),
        (
            [*REPHRASE, user("hi", 0.2), "action_default_ask_affirmation", "action_listen", "/hi"],
            "action_revert_fallback_events",
        ),
    ],
)
def test_two_stages_ask_what_was_meant_before_they_give_up(steps, action) -> None:
    prediction = trained(TwoStageFallbackPolicy, DATA).predict(talk(BOT, *steps))
    assert prediction.scores == {action: 1.2}


def test_two_stages_score_an_understood_message_by_the_core_threshold() -> None:
    prediction = trained(TwoStageFallbackPolicy, DATA).predict(talk(BOT, "action_listen", "/hi"))
    assert prediction.scores == {"action_default_fallback": 0.3}


def test_two_stages_need_the_intent_of_saying_no() -> None:
    bot = domain("hi", "utter_a", legacy=True)
    with pytest.raises(ConfigError, match="out_of_scope"):
        trained(TwoStageFallbackPolicy, lesson(bot, "## s\n* hi\n  - utter_a\n"))


@pytest.mark.parametrize(
    ("intent", "action"),
    [("go", "do_it"), ("restart", "action_restart"), ("back", "action_back")],
)
def test_an_intent_triggers_its_action(intent, action) -> None:
    policy = trained(MappingPolicy, DATA)
    assert policy.predict(talk(BOT, "action_listen", f"/{intent}")).scores == {action: 1.4}


def test_an_intent_without_trigger_gives_an_abstention() -> None:
    assert trained(MappingPolicy, DATA).predict(talk(BOT, "action_listen", "/hi")).scores == {}


@pytest.mark.parametrize(
    ("policy", "scores"), [("policy_0_MappingPolicy", {"action_listen": 1.4}), ("policy_1_X", {})]
)
def test_after_its_own_action_the_mapping_policy_listens(policy, scores) -> None:
    tracker = advance(talk(BOT, "action_listen", "/go"), act("do_it", policy=policy))
    assert trained(MappingPolicy, DATA).predict(tracker).scores == scores
