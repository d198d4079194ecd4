import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import act, domain, events, talk, user

from tertulia.base.errors import HistoryTruncated, ModelError
from tertulia.core.domain.model import Slot
from tertulia.core.states import RuleOnly
from tertulia.core.tracker import advance_all
from tertulia.core.tracker.snapshot import dump_snapshot, load_snapshot
from tertulia.ml.parts import Parts
from tertulia.policies.augmented import AugmentedMemoizationPolicy
from tertulia.policies.memoization import MemoizationConfig, MemoizationPolicy

SLOT = Slot(name="s", type="text")
NEW = domain("a b c x", "utter_1 utter_2 utter_3", slots=[SLOT])
OLD = domain("a b c x", "utter_1 utter_2 utter_3", slots=[SLOT], legacy=True)
STORIES = """
stories:
- story: first
  steps:
  - intent: a
  - action: utter_1
  - intent: b
  - action: utter_2
- story: second
  steps:
  - intent: c
  - action: utter_3
  - intent: b
  - action: utter_3
"""
MARKDOWN = """
## first
* a
  - utter_1
* b
  - utter_2
"""


def choice(policy, tracker) -> str | None:
    return next(iter(policy.predict(tracker).scores), None)


def test_a_known_history_gives_the_storys_action_with_full_confidence() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    prediction = policy.predict(talk(NEW, "action_listen", "/a"))
    assert prediction.scores == {"utter_1": 1.0}
    assert (prediction.policy, prediction.priority) == ("MemoizationPolicy", 3)


def test_an_unknown_history_gives_an_abstention() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    assert policy.predict(talk(NEW, "action_listen", "/x")).scores == {}


def test_states_with_two_different_actions_are_forgotten() -> None:
    data = lesson(NEW, STORIES)
    tracker = talk(NEW, "action_listen", "/a", "utter_1", "action_listen", "/b")
    assert choice(trained(MemoizationPolicy, data, max_history=1), tracker) is None
    assert choice(trained(MemoizationPolicy, data, max_history=3), tracker) == "utter_2"


def test_without_limit_a_longer_conversation_is_no_story() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    tracker = talk(
        NEW, "action_listen", "/c", "utter_1", "action_listen", "/a", "utter_1", "action_listen",
        "/b",
    )  # fmt: skip
    assert choice(policy, tracker) is None
    assert choice(trained(MemoizationPolicy, lesson(NEW, STORIES), max_history=3), tracker)


def test_without_limit_only_the_longest_storys_length_has_to_be_loaded() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    assert policy.needed_history == 6
    before = talk(NEW, *["action_listen", "/a", "utter_1"] * 4)
    loaded = load_snapshot("x", before.rules, dump_snapshot(before))
    loaded = advance_all(loaded, events(*["action_listen", "/a", "utter_1"] * 4))
    assert choice(policy, loaded) is None


def test_a_history_that_was_not_loaded_is_asked_for() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    before = talk(NEW, "action_listen", "/a", "utter_1")
    with pytest.raises(HistoryTruncated):
        policy.predict(load_snapshot("x", before.rules, dump_snapshot(before)))


def test_the_confidence_of_the_message_can_be_the_score() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES), use_nlu_confidence_as_score=True)
    assert policy.predict(talk(NEW, "action_listen", user("a", 0.6))).scores == {"utter_1": 0.6}


def test_hidden_turns_are_no_part_of_the_history() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES), max_history=2)
    hidden = [act("utter_3", hide=True), act("action_listen", hide=True)]
    tracker = talk(NEW, "action_listen", "/a", "utter_1", "action_listen", "/x", *hidden, "/b")
    assert choice(policy, tracker) == "utter_2"


def test_slots_of_rules_alone_are_no_part_of_the_history() -> None:
    policy = trained(MemoizationPolicy, lesson(NEW, STORIES))
    tracker = talk(NEW, "s=1", "action_listen", "/a")
    assert choice(policy, tracker) is None
    assert choice(policy.knowing(RuleOnly(frozenset({"s"}))), tracker) == "utter_1"


def test_in_legacy_a_sure_policy_scores_above_every_learned_one() -> None:
    policy = trained(MemoizationPolicy, lesson(OLD, MARKDOWN))
    assert policy.predict(talk(OLD, "action_listen", "/a")).scores == {"utter_1": 1.1}


def test_the_augmented_policy_forgets_slots_set_before_the_story_begins() -> None:
    plain = trained(MemoizationPolicy, lesson(NEW, STORIES), max_history=3)
    augmented = trained(AugmentedMemoizationPolicy, lesson(NEW, STORIES), max_history=3)
    tracker = talk(
        NEW, "action_listen", "/x", "s=1", "utter_3", "action_listen", "/a", "utter_1",
        "action_listen", "/b",
    )  # fmt: skip
    assert choice(plain, tracker) is None
    assert choice(augmented, tracker) == "utter_2"


@pytest.mark.parametrize(("bot", "text"), [(NEW, STORIES), (OLD, MARKDOWN)])
def test_the_augmented_policy_finds_a_whole_story_at_the_end_of_a_conversation(bot, text) -> None:
    policy = trained(AugmentedMemoizationPolicy, lesson(bot, text), max_history=None)
    before = ["action_listen", "/x", "s=1", "utter_3"] * 9
    story = ["action_listen", "/a", "utter_1", "action_listen", "/b"]
    assert choice(policy, talk(bot, *before, *story)) == "utter_2"
    assert choice(policy, talk(bot, *before, *story[:4], "/x")) is None


def test_in_legacy_the_augmented_policy_forgets_a_slot_set_long_ago() -> None:
    policy = trained(AugmentedMemoizationPolicy, lesson(OLD, MARKDOWN), max_history=3)
    filler = ["action_listen", "/x", "utter_3"] * 30
    tracker = talk(
        OLD, "action_listen", "/x", "s=1", *filler, "action_listen", "/a", "utter_1",
        "action_listen", "/b",
    )  # fmt: skip
    assert choice(policy, tracker) == "utter_2"


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"memory": {"states": [], "lists": [[0]]}, "actions": ["a"]},
        {"memory": {"states": [{}], "lists": [[-1]]}, "actions": ["a"]},
        {"memory": {"states": [{}], "lists": [[0]]}, "actions": []},
        {"memory": {"states": [{"slots": 3}], "lists": [[0]]}, "actions": ["a"]},
    ],
)
def test_a_damaged_memory_is_an_error(meta) -> None:
    with pytest.raises(ModelError):
        MemoizationPolicy.from_parts(MemoizationConfig(), Parts(meta=meta), NEW)
