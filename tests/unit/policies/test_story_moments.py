"""What stories teach, as numbers: the same as going through the conversations."""

import tracemalloc

import msgspec
from tests.unit.policies.lessons import lesson
from tests.unit.policies.talk import domain

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Domain
from tertulia.core.states import StateTable, training_history
from tertulia.core.states.cells import window
from tertulia.core.tracker import rules_for
from tertulia.data.generate import Conversations, generate
from tertulia.data.stories.read import read_stories_text
from tertulia.policies.memory import Memory, learned_memory
from tertulia.policies.policy import PolicyTraining, distinct_examples, examples_of, lessons
from tertulia.policies.story_moments import StoryMoments

BOT = domain("hi bye", "utter_hi utter_bye utter_more")
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
  - intent: hi
  - action: utter_hi
  - action: utter_more
- story: three
  steps:
  - intent: bye
  - action: utter_bye
"""


def made_anew(text: str, bot: Domain = BOT, augmentation: int = 0) -> PolicyTraining:
    """Return what policies learn from, with conversations that are not kept."""
    table = StateTable(bot)
    history = training_history(table)
    stories = read_stories_text(text, file="data.yml", domain=bot, diagnostics=Diagnostics())

    def make(data, *, augmentation):
        return generate(data, bot, rules_for(bot), augmentation=augmentation, states=history)

    return PolicyTraining(
        domain=bot,
        table=table,
        conversations=Conversations(stories, augmentation, make),
        diagnostics=Diagnostics(),
    )


def test_examples_are_the_moments_of_all_conversations() -> None:
    data = lesson(BOT, STORIES, augmentation=10)
    for n in (1, 2, 3, None):
        moments = [m for one in data.stories(augmented=True) for m, _ in lessons(one, data.table)]
        assert list(distinct_examples(data.taught(), n)) == examples_of(moments, n)


def test_a_memory_holds_what_the_stories_do_for_certain() -> None:
    data = lesson(BOT, STORIES)
    memory = learned_memory(data.taught(), 2, augmented=False, files={})
    seen: dict[tuple[object, ...], set[str]] = {}
    for one in data.stories(augmented=False):
        for moment, _ in lessons(one, data.table):
            states = window(moment.cell, 2).states
            seen.setdefault(states, set()).add(moment.action)
            assert memory.action(states) in (moment.action, None)
    certain = {states for states, actions in seen.items() if len(actions) == 1}
    assert {states for states in seen if memory.action(states) is not None} == certain


def test_a_memory_is_written_as_it_is_read_back() -> None:
    memory = learned_memory(lesson(BOT, STORIES).taught(), None, augmented=False, files={})
    written = msgspec.json.encode(memory.meta())
    again = Memory.from_meta(msgspec.json.decode(written))
    assert msgspec.json.encode(again.meta()) == written


def test_conversations_that_are_made_anew_teach_the_same() -> None:
    kept, anew = lesson(BOT, STORIES, augmentation=10), made_anew(STORIES, augmentation=10)
    for augmented in (False, True):
        names = [[one.name for one in data.stories(augmented=augmented)] for data in (kept, anew)]
        assert names[0] == names[1]
    assert list(distinct_examples(kept.taught(), 5)) == list(distinct_examples(anew.taught(), 5))


def test_conversations_can_be_gone_through_again() -> None:
    found = made_anew(STORIES).conversations
    once, again = ([one.name for one in found] for _ in range(2))
    assert once == again == ["one", "two", "three"]


def test_a_conversation_takes_less_than_a_kilobyte() -> None:
    turns = "  - intent: hi\n  - action: utter_hi\n" * 8
    data = made_anew(f"stories:\n- story: s\n  steps:\n{turns}")
    (story,) = data.stories(augmented=False)
    moments, history = StoryMoments(), training_history(data.table)
    tracemalloc.start()
    try:
        for _ in range(500):
            moments.add(story, history)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert moments.count == 500
    assert kept / 500 < 1000
