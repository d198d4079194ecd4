"""Policies agree with slow and simple versions of themselves, and with the stories they learned."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.domain.model import Slot
from tertulia.core.events import ACTION_LISTEN, ActionExecuted
from tertulia.core.states import TurnState, UserPart, history_for, state_key
from tertulia.core.tracker import Tracker, advance_all, new_tracker
from tertulia.policies.augmented import AugmentedMemoizationPolicy
from tertulia.policies.memoization import MemoizationPolicy
from tertulia.policies.rules.book import RuleBook, applies
from tertulia.policies.unlikely_intent import UnexpecTEDIntentPolicy
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk

SLOTS = [Slot(name="s", type="text"), Slot(name="t", type="text")]
NEW = domain("a b", "x y", slots=SLOTS, forms="f")
OLD = domain("a b", "x y", slots=SLOTS, forms="f", legacy=True)

TURNS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([(), ("s=1",), ("t=1",)]),
        st.lists(st.sampled_from(["x", "y"]), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=4,
)
STORIES = st.lists(TURNS, min_size=1, max_size=4)


def yaml(stories) -> str:
    lines = ["stories:"]
    for number, turns in enumerate(stories):
        lines += [f"- story: s{number}", "  steps:"]
        for intent, slots, actions in turns:
            lines.append(f"  - intent: {intent}")
            for slot in slots:
                name, _, value = slot.partition("=")
                lines += ["  - slot_was_set:", f"    - {name}: '{value}'"]
            lines += [f"  - action: {action}" for action in actions]
    return "\n".join(lines) + "\n"


def markdown(stories) -> str:
    lines: list[str] = []
    for number, turns in enumerate(stories):
        lines.append(f"## s{number}")
        for intent, slots, actions in turns:
            lines.append(f"* {intent}")
            lines += ["  - slot" + json.dumps(dict([slot.split("=")])) for slot in slots]
            lines += [f"  - {action}" for action in actions]
    return "\n".join(lines) + "\n"


def steps(turns) -> list[str]:
    found: list[str] = []
    for intent, slots, actions in turns:
        found += [ACTION_LISTEN, f"/{intent}", *slots, *actions]
    return found


@settings(max_examples=60, deadline=None)
@given(stories=STORIES, n=st.none() | st.integers(1, 6), legacy=st.booleans())
def test_a_memory_never_contradicts_the_stories_it_learned(stories, n, legacy) -> None:
    bot = OLD if legacy else NEW
    data = lesson(bot, markdown(stories) if legacy else yaml(stories))
    policy = trained(MemoizationPolicy, data, max_history=n)
    for one in data.conversations:
        events = one.events
        for index, event in enumerate(events):
            if isinstance(event, ActionExecuted):
                before = talk(bot, *events[:index])
                assert set(policy.predict(before).scores) <= {event.name}


def slow_recall(policy: AugmentedMemoizationPolicy, tracker: Tracker, legacy: bool) -> str | None:
    """The specification to the letter, whatever it costs."""
    history = history_for(policy.table)
    states = history.last(tracker, policy.max_history).states
    if known := policy.memory.action(states):
        return known
    events = tracker.applied_events()
    actions = [i for i, event in enumerate(events) if isinstance(event, ActionExecuted)]
    if not legacy:
        if policy.max_history is not None:
            passed = [i for n, i in enumerate(reversed(actions), 1) if n > policy.max_history]
            listens = [i for i in passed if events[i].name == ACTION_LISTEN]
            events = events[listens[0] :] if listens else events
        actions = [i for i, event in enumerate(events) if isinstance(event, ActionExecuted)]
        starts = actions
    else:
        starts = actions[1:]
    for start in starts:
        shorter = advance_all(new_tracker("x", tracker.rules), events[start:])
        tried = history.last(shorter, policy.max_history).states
        if tried != states and (known := policy.memory.action(tried)):
            return known
        states = tried
    return None


@settings(max_examples=150, deadline=None)
@given(
    stories=STORIES,
    before=st.lists(
        st.sampled_from(
            [ACTION_LISTEN, "/a", "/b", "s=1", "t=1", "s=", "x", "y", "f", "form:f", "form:",
             "reject:f"]
        ),
        max_size=25,
    ),
    turns=TURNS,
    cut=st.integers(0, 3),
    n=st.none() | st.integers(1, 4),
    legacy=st.booleans(),
)  # fmt: skip
def test_forgetting_quickly_finds_what_forgetting_slowly_finds(
    stories, before, turns, cut, n, legacy
) -> None:
    bot = OLD if legacy else NEW
    data = lesson(bot, markdown(stories) if legacy else yaml(stories))
    policy = trained(AugmentedMemoizationPolicy, data, max_history=n)
    end = steps(turns)
    tracker = talk(bot, *before, *end[: len(end) - cut])
    expected = slow_recall(policy, tracker, legacy)
    assert next(iter(policy.predict(tracker).scores), None) == expected


STATES = st.builds(
    TurnState,
    user=st.builds(
        UserPart,
        intent=st.sampled_from([None, "a", "b"]),
        text=st.sampled_from([None, None, "a"]),
        entities=st.sampled_from([(), ("e",)]),
    ),
    slots=st.sampled_from([(), (("s", (1.0,)),), (("s", "should_not_be_set"),)]),
    action=st.sampled_from([None, "x", "y"]),
    loop=st.sampled_from([None, "f", "should_not_be_set"]),
)
LISTS = st.lists(STATES, min_size=1, max_size=3)


@given(rules=st.lists(LISTS, max_size=12), conversation=LISTS)
def test_looking_rules_up_finds_what_trying_all_finds(rules, conversation) -> None:
    book = RuleBook({state_key(rule): index for index, rule in enumerate(rules)}.items())
    found = {entry.key for entry in book.matching(conversation)}
    assert found == {entry.key for entry in book if applies(entry.states, conversation)}


@settings(max_examples=40, deadline=None)
@given(stories=STORIES, n=st.none() | st.integers(1, 3), tolerance=st.floats(0, 1))
def test_no_message_of_a_story_is_unlikely(stories, n, tolerance) -> None:
    data = lesson(NEW, yaml(stories), augmentation=2)
    policy = trained(UnexpecTEDIntentPolicy, data, max_history=n, tolerance=tolerance, epochs=20)
    for one in data.conversations:
        events = one.tracker.applied_events()
        for length in range(len(events) + 1):
            assert policy.predict(talk(NEW, *events[:length])).scores == {}
