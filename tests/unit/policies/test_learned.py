import pytest
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk, user

from tertulia.base.errors import ConfigError, ModelError
from tertulia.core.domain.model import Slot
from tertulia.ml.parts import Parts
from tertulia.policies.learned import KerasPolicy, TEDPolicy
from tertulia.policies.unlikely_intent import UnexpecTEDIntentPolicy, UnlikelyIntentConfig

BOT = domain(
    "hi good bad yes no bye", "utter_hi utter_glad utter_cheer utter_bye",
    slots=[Slot(name="mood", type="text")],
)  # fmt: skip
STORIES = """
stories:
- story: good
  steps:
  - intent: hi
  - action: utter_hi
  - intent: good
  - action: utter_glad
- story: bad yes
  steps:
  - intent: hi
  - action: utter_hi
  - intent: bad
  - action: utter_cheer
  - intent: "yes"
  - action: utter_glad
- story: bad no
  steps:
  - intent: hi
  - action: utter_hi
  - intent: bad
  - action: utter_cheer
  - intent: "no"
  - action: utter_bye
- story: bye
  steps:
  - intent: bye
  - action: utter_bye
"""
ORDERS = """
stories:
- story: one
  steps:
  - intent: hi
  - action: utter_hi
  - intent: good
    entities:
    - mood: fine
  - slot_was_set:
    - mood: fine
  - action: utter_glad
- story: two
  steps:
  - intent: bad
  - action: utter_cheer
  - intent: good
  - action: utter_bye
- story: three
  steps:
  - intent: "yes"
  - action: utter_hi
  - intent: "no"
  - action: utter_glad
- story: four
  steps:
  - intent: "yes"
  - action: utter_hi
  - intent: "no"
  - action: utter_bye
"""
FALLBACK = 0.3
TEXTS = """
stories:
- story: t
  steps:
  - user: tell me a joke
  - action: utter_glad
- story: u
  steps:
  - user: sing a song
  - action: utter_bye
- story: i
  steps:
  - intent: hi
  - action: utter_hi
"""


@pytest.fixture(scope="module")
def data():
    return lesson(BOT, STORIES, augmentation=5)


def best(prediction) -> str:
    return max(prediction.scores, key=lambda name: prediction.scores[name])


def test_a_learned_policy_scores_the_storys_action_highest(data) -> None:
    policy = trained(TEDPolicy, data)
    prediction = policy.predict(talk(BOT, "action_listen", "/hi"))
    assert best(prediction) == "utter_hi"
    assert sum(prediction.scores.values()) == pytest.approx(1.0, abs=1e-4)


def test_a_learned_policy_goes_on_where_no_story_matches_exactly(data) -> None:
    policy = trained(TEDPolicy, data)
    tracker = talk(
        BOT, "action_listen", "/bye", "utter_bye", "action_listen", "/hi", "mood=x", "utter_hi",
        "action_listen", "/bad",
    )  # fmt: skip
    assert best(policy.predict(tracker)) == "utter_cheer"


@pytest.fixture(scope="module")
def orders():
    return trained(TEDPolicy, lesson(BOT, ORDERS, augmentation=5))


def confidence(policy, *said) -> float:
    return max(policy.predict(talk(BOT, "action_listen", *said)).scores.values())


def test_where_stories_disagree_no_action_reaches_a_fallback(orders) -> None:
    assert confidence(orders, "/yes", "utter_hi", "action_listen", "/no") < FALLBACK


def test_an_intent_whose_answer_depends_on_its_place_is_not_answered_elsewhere(orders) -> None:
    assert confidence(orders, "/good") < FALLBACK
    assert confidence(orders, "/no") < FALLBACK


def test_an_intent_that_is_always_answered_alike_at_a_place_is_answered_after_anything() -> None:
    said = ("/bye", "utter_bye", "action_listen", "/hi", "utter_hi", "action_listen", "/bad")
    policy = trained(TEDPolicy, lesson(BOT, STORIES))
    prediction = policy.predict(talk(BOT, "action_listen", *said))
    assert best(prediction) == "utter_cheer"
    assert prediction.confidence > 0.6


def test_an_intent_that_no_story_has_is_not_answered(data) -> None:
    assert confidence(trained(TEDPolicy, data), "/unheard") < FALLBACK


def test_after_an_action_that_no_story_has_the_bot_listens(data) -> None:
    prediction = trained(TEDPolicy, data).predict(
        talk(BOT, "action_listen", "/hi", "action_restart")
    )
    assert best(prediction) == "action_listen"
    assert prediction.confidence > FALLBACK


def test_a_slot_that_no_story_has_lowers_the_confidence(data) -> None:
    policy = trained(TEDPolicy, data)
    assert confidence(policy, "/bye", "mood=x") < confidence(policy, "/bye")


def test_lower_confidences_are_not_raised_again(orders) -> None:
    few = trained(TEDPolicy, lesson(BOT, ORDERS), ranking_length=1, renormalize_confidences=True)
    assert confidence(few, "/no") < FALLBACK


def test_a_policy_of_a_model_is_as_careful(orders) -> None:
    again = TEDPolicy.from_parts(TEDPolicy.Config(), orders.parts(), BOT)
    tracker = talk(BOT, "action_listen", "/no")
    assert again.predict(tracker).scores == orders.predict(tracker).scores


def test_a_model_without_the_policys_evidence_is_an_error(orders) -> None:
    parts = orders.parts()
    arrays = {name: array for name, array in parts.arrays.items() if name != "leaders"}
    with pytest.raises(ModelError, match="damaged"):
        TEDPolicy.from_parts(TEDPolicy.Config(), Parts(meta=parts.meta, arrays=arrays), BOT)


def test_training_twice_gives_the_same_policy(data) -> None:
    tracker = talk(BOT, "action_listen", "/yes")
    one, two = trained(TEDPolicy, data, random_seed=1), trained(TEDPolicy, data, random_seed=1)
    assert one.predict(tracker).scores == two.predict(tracker).scores


def test_only_the_best_keep_their_score_when_asked_for(data) -> None:
    tracker = talk(BOT, "action_listen", "/hi")
    few = trained(TEDPolicy, data, ranking_length=2).predict(tracker).scores
    assert len(few) == 2
    assert sum(few.values()) < 1.0
    shared = trained(TEDPolicy, data, ranking_length=2, renormalize_confidences=True)
    assert sum(shared.predict(tracker).scores.values()) == pytest.approx(1.0)


def test_a_policy_trained_on_texts_reads_the_text(data) -> None:
    policy = trained(TEDPolicy, lesson(BOT, TEXTS))
    joke = policy.predict(talk(BOT, "action_listen", user("bye", text="tell me a joke")))
    assert (best(joke), joke.end_to_end) == ("utter_glad", True)
    plain = policy.predict(talk(BOT, "action_listen", user("hi", text="zzz")))
    assert (best(plain), plain.end_to_end) == ("utter_hi", False)


def test_a_text_that_is_like_none_of_the_stories_leaves_the_word_to_the_intent(data) -> None:
    policy = trained(TEDPolicy, lesson(BOT, TEXTS))
    other = "a dog ran over to me in the park"
    assert not policy.predict(talk(BOT, "action_listen", user("bad", text=other))).end_to_end


def test_texts_are_kept_in_the_model(data) -> None:
    policy = trained(TEDPolicy, lesson(BOT, TEXTS))
    again = TEDPolicy.from_parts(TEDPolicy.Config(), policy.parts(), BOT)
    tracker = talk(BOT, "action_listen", user("bye", text="tell me a joke"))
    assert again.predict(tracker).scores == policy.predict(tracker).scores


def test_without_stories_there_is_nothing_to_learn(data) -> None:
    with pytest.raises(ConfigError, match="no story"):
        trained(TEDPolicy, lesson(BOT, "stories: []\n"))


def test_weights_that_do_not_fit_the_names_are_an_error(data) -> None:
    parts = TEDPolicy.train(TEDPolicy.Config(), data).parts()
    damaged = Parts(meta=parts.meta | {"actions": ["a"]}, arrays=parts.arrays)
    with pytest.raises(ModelError):
        TEDPolicy.from_parts(TEDPolicy.Config(), damaged, BOT)


def test_the_old_names_look_back_on_five_states_by_default() -> None:
    old = domain("hi", "utter_hi", legacy=True)
    policy = trained(KerasPolicy, lesson(old, "## s\n* hi\n  - utter_hi\n"))
    assert policy.needed_history == 5


def test_an_intent_that_no_story_has_here_is_noted(data) -> None:
    policy = trained(UnexpecTEDIntentPolicy, data, max_history=2)
    prediction = policy.predict(
        talk(BOT, "action_listen", "/hi", "utter_hi", "action_listen", "/yes")
    )
    assert prediction.scores == {"action_unlikely_intent": 1.0}
    query = prediction.metadata["query_intent"]
    assert query["name"] == "yes"
    assert query["severity"] == pytest.approx(query["threshold"] - query["score"])


@pytest.mark.parametrize(
    "steps",
    [
        ["action_listen", "/hi"],
        ["action_listen", "/hi", "utter_hi", "action_listen", "/bad"],
        ["action_listen", "/hi", "utter_hi", "action_listen", "/yes", "utter_glad"],
        ["action_listen", "/hi", "utter_hi", "action_listen", "/never_seen"],
        [],
    ],
)
def test_intents_of_stories_answered_messages_and_unknown_intents_are_not_noted(
    data, steps
) -> None:
    policy = trained(UnexpecTEDIntentPolicy, data, max_history=2)
    assert policy.predict(talk(BOT, *steps)).scores == {}


def test_an_ignored_intent_is_not_noted(data) -> None:
    policy = trained(UnexpecTEDIntentPolicy, data, max_history=2, ignore_intents_list=("yes",))
    tracker = talk(BOT, "action_listen", "/hi", "utter_hi", "action_listen", "/yes")
    assert policy.predict(tracker).scores == {}


@pytest.mark.parametrize("thresholds", [None, {"hi": [0.5]}, {"hi": "x"}])
def test_damaged_thresholds_are_an_error(thresholds) -> None:
    parts = Parts(meta={"features": [], "thresholds": thresholds})
    with pytest.raises(ModelError):
        UnexpecTEDIntentPolicy.from_parts(UnlikelyIntentConfig(), parts, BOT)
