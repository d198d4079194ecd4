"""States asked step by step are the states asked at the end; keys can be read back."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.errors import HistoryTruncated
from tertulia.core.domain.model import Slot
from tertulia.core.events import ActionReverted, Event, UserUtteranceReverted
from tertulia.core.states import (
    LegacyHistory,
    PlainHistory,
    StateTable,
    TurnState,
    UserPart,
    VisibleHistory,
    parse_key,
    state_key,
)
from tertulia.core.tracker import advance, new_tracker, replay, rules_for
from tertulia.core.tracker.snapshot import dump_snapshot, load_snapshot
from tests.unit.policies.talk import act, domain, events

SLOTS = [Slot(name="s", type="text"), Slot(name="b", type="bool")]
MODERN = domain("a b", "x y", slots=SLOTS, forms="f")
OLD = domain("a b", "x y", slots=SLOTS, forms="f", legacy=True)
WORDS = ["action_listen", "/a", "/b", "x", "y", "f", "s=1", "s=", "form:f", "form:", "reject:f"]

STEPS: st.SearchStrategy[list[Event]] = st.lists(
    st.one_of(
        st.sampled_from(WORDS).map(lambda word: events(word)[0]),
        st.sampled_from(["interrupted", "action_unlikely_intent"]).map(lambda w: events(w)[0]),
        st.sampled_from(["x", "action_listen"]).map(lambda name: act(name, hide=True)),
        st.sampled_from([UserUtteranceReverted(), ActionReverted()]),
    ),
    max_size=25,
)
MAKERS = [(PlainHistory, MODERN), (VisibleHistory, MODERN), (LegacyHistory, OLD)]


@given(steps=STEPS, which=st.sampled_from(MAKERS))
def test_asking_after_every_event_gives_what_asking_once_gives(steps, which) -> None:
    make, bot = which
    table = StateTable(bot)
    running, tracker = make(table), new_tracker("x", rules_for(bot))
    for event in steps:
        tracker = advance(tracker, event)
        running.last(tracker, None)
    fresh = make(table).last(replay("x", rules_for(bot), steps), None)
    assert running.last(tracker, None) == fresh


@given(steps=STEPS, n=st.integers(1, 8), which=st.sampled_from(MAKERS))
def test_a_short_window_is_the_end_of_the_long_one(steps, n, which) -> None:
    make, bot = which
    tracker = replay("x", rules_for(bot), steps)
    history = make(StateTable(bot))
    everything = history.last(tracker, None).states
    window = history.last(tracker, n)
    assert window.states == everything[-n:]
    assert window.complete == (len(everything) <= n)


@given(early=STEPS, late=STEPS, n=st.integers(1, 6), which=st.sampled_from(MAKERS))
def test_a_partly_loaded_conversation_gives_the_same_states_or_says_it_cannot(
    early, late, n, which
) -> None:
    make, bot = which
    rules, table = rules_for(bot), StateTable(bot)
    before = replay("x", rules, early)
    whole = replay("x", rules, [*early, *late])
    part = load_snapshot("x", rules, dump_snapshot(before))
    try:
        for event in late:
            part = advance(part, event)
        found = make(table).last(part, n)
    except HistoryTruncated:
        return
    expected = make(table).last(whole, n)
    assert found.states == expected.states
    assert expected.complete or not found.complete


STATES = st.builds(
    TurnState,
    user=st.builds(
        UserPart,
        intent=st.none() | st.text(min_size=1),
        entities=st.lists(st.text(min_size=1), unique=True).map(lambda x: tuple(sorted(x))),
    ),
    slots=st.dictionaries(
        st.text(min_size=1),
        st.just("should_not_be_set") | st.lists(st.floats(0, 1), min_size=1).map(tuple),
    ).map(lambda x: tuple(sorted(x.items()))),
    action=st.none() | st.text(min_size=1),
    loop=st.none() | st.text(min_size=1),
)


@given(st.lists(STATES, max_size=3))
def test_a_key_can_be_read_back(states) -> None:
    assert parse_key(state_key(states)) == tuple(states)


@given(early=STEPS, late=STEPS, n=st.integers(1, 6))
def test_what_is_kept_of_the_past_gives_the_same_states_however_many_turns_are_hidden(
    early, late, n
) -> None:
    rules, table = rules_for(MODERN), StateTable(MODERN)
    history = VisibleHistory(table)
    before = replay("x", rules, early)
    body = dump_snapshot(before, partial(history.past, n=n))
    part = load_snapshot("x", rules, body)
    try:
        for event in late:
            part = advance(part, event)
    except HistoryTruncated:
        return
    whole = replay("x", rules, [*early, *late])
    assert VisibleHistory(table).last(part, n).states == history.last(whole, n).states


@given(early=STEPS, middle=STEPS, late=STEPS, n=st.integers(1, 6))
def test_a_past_that_was_loaded_can_be_kept_again(early, middle, late, n) -> None:
    rules, table = rules_for(MODERN), StateTable(MODERN)
    history, part = VisibleHistory(table), new_tracker("x", rules)
    try:
        for steps in (early, middle):
            for event in steps:
                part = advance(part, event)
            again = VisibleHistory(table)
            body = dump_snapshot(part, partial(again.past, n=n))
            part = load_snapshot("x", rules, body)
        for event in late:
            part = advance(part, event)
    except HistoryTruncated:
        return
    whole = replay("x", rules, [*early, *middle, *late])
    assert VisibleHistory(table).last(part, n).states == history.last(whole, n).states
