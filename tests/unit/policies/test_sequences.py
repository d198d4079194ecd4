from tests.unit.policies.lessons import lesson
from tests.unit.policies.talk import domain

from tertulia.policies.policy import moments
from tertulia.policies.sequences import Facts, lessons_in, lessons_to_learn

BOT = domain("hi bye", "utter_hi utter_bye")
STORIES = """
stories:
- story: one
  steps:
  - intent: hi
  - action: utter_hi
  - intent: bye
  - action: utter_bye
- story: two
  steps:
  - intent: bye
  - action: utter_bye
"""


def test_a_story_is_one_sequence_of_its_states_with_an_action_each() -> None:
    data = lesson(BOT, STORIES)
    (found,) = lessons_in(moments(data.conversations[0], data.table))
    assert [label for label in found.labels if label != "action_listen"] == [
        "utter_hi",
        "utter_bye",
    ]
    assert len(found.states) == len(found.labels)


def test_glued_stories_add_about_as_much_as_the_stories_have() -> None:
    data = lesson(BOT, STORIES, augmentation=20)
    plain = [
        one
        for story in data.stories(augmented=False)
        for one in lessons_in(moments(story, data.table))
    ]
    learned = lessons_to_learn(data.taught(), seed=1)
    own = sum(len(one.states) for one in plain)
    longest = max(len(one.states) for one in learned)
    assert learned[: len(plain)] == plain
    assert own < sum(len(one.states) for one in learned) <= 2 * own + longest


def test_the_choice_of_glued_stories_depends_on_the_seed_alone() -> None:
    data = lesson(BOT, STORIES, augmentation=20)
    assert list(lessons_to_learn(data.taught(), seed=1)) == list(
        lessons_to_learn(data.taught(), seed=1)
    )


def test_facts_that_training_did_not_see_are_ignored() -> None:
    data = lesson(BOT, STORIES)
    (found,) = lessons_in(moments(data.conversations[1], data.table))
    facts = Facts.of(found.states)
    (other,) = lessons_in(moments(data.conversations[0], data.table))
    known = [facts.names[number] for state in other.states for number in facts.row(state)[0]]
    assert "intent bye" in known
    assert "intent hi" not in known
