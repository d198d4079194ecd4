from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk

from tertulia.core.domain.model import Domain
from tertulia.policies.learned import TEDPolicy
from tertulia.policies.memoization import MemoizationPolicy
from tertulia.policies.policy import Policy, TeachablePolicy
from tertulia.policies.rules import RulePolicy

BOT = domain("hi bye thanks joke", "utter_hi utter_bye utter_more")
STORIES = """
stories:
- story: hi
  steps:
  - intent: hi
  - action: utter_hi
- story: bye
  steps:
  - intent: bye
  - action: utter_bye
"""
NEW = (
    "action_listen",
    "/thanks",
    "utter_more",
    "action_listen",
    "/bye",
    "utter_hi",
    "action_listen",
)


def stored(policy: Policy, bot: Domain = BOT) -> Policy:
    return type(policy).from_parts(policy.Config(), policy.parts(), bot)


def best(policy: Policy, *said: str) -> tuple[str, float]:
    scores = policy.predict(talk(BOT, *said)).scores
    action = max(scores, key=scores.__getitem__)
    return action, scores[action]


def test_a_network_repeats_what_it_was_taught_with_actions_and_intents_it_did_not_know() -> None:
    policy = trained(TEDPolicy, lesson(BOT, STORIES))
    taught = stored(policy.taught(talk(BOT, *NEW), 100))
    assert best(taught, *NEW[:2])[0] == "utter_more"
    assert best(taught, *NEW[:5])[0] == "utter_hi"
    assert best(taught, *NEW[:5])[1] > 0.5


def test_a_network_that_was_taught_keeps_what_it_knew() -> None:
    policy = trained(TEDPolicy, lesson(BOT, STORIES))
    taught = policy.taught(talk(BOT, *NEW), 100)
    assert best(taught, "action_listen", "/hi")[0] == "utter_hi"
    assert best(taught, "action_listen", "/bye")[0] == "utter_bye"


def test_a_network_that_knows_a_conversation_already_is_left_as_it_is() -> None:
    policy = trained(TEDPolicy, lesson(BOT, STORIES))
    known = ("action_listen", "/hi", "utter_hi", "action_listen")
    taught = policy.taught(talk(BOT, *known), 100)
    arrays, before = taught.parts().arrays, policy.parts().arrays
    assert arrays["qkv0"].tobytes() == before["qkv0"].tobytes()


def test_no_pass_teaches_a_network_nothing() -> None:
    policy = trained(TEDPolicy, lesson(BOT, STORIES))
    taught = policy.taught(talk(BOT, *NEW), 0)
    assert taught.parts().arrays["qkv0"].tobytes() == policy.parts().arrays["qkv0"].tobytes()


def test_a_memory_knows_by_heart_what_it_was_taught() -> None:
    policy = trained(MemoizationPolicy, lesson(BOT, STORIES))
    taught = stored(policy.taught(talk(BOT, *NEW), 1))
    assert taught.predict(talk(BOT, *NEW[:5])).scores == {"utter_hi": 1.0}
    assert taught.predict(talk(BOT, "action_listen", "/hi")).scores == {"utter_hi": 1.0}


def test_what_a_memory_is_taught_counts_before_a_story() -> None:
    policy = trained(MemoizationPolicy, lesson(BOT, STORIES))
    taught = policy.taught(talk(BOT, "action_listen", "/hi", "utter_more"), 1)
    assert taught.predict(talk(BOT, "action_listen", "/hi")).scores == {"utter_more": 1.0}


def test_rules_are_not_taught() -> None:
    assert not issubclass(RulePolicy, TeachablePolicy)
