"""Laws of the fold, checked against the plain reference on random conversations."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.base.errors import HistoryTruncated
from tertulia.core.domain.model import Generation
from tertulia.core.events import Event, UserUttered
from tertulia.core.tracker import (
    Tracker,
    TrackerRules,
    advance_all,
    folded,
    prefixes,
    replay,
)
from tertulia.core.tracker.snapshot import dump_snapshot, load_snapshot, trim

from .reference_fold import applied_events, state_after
from .strategies import LOOPS, SLOTS, form_talk, logs

RULES = {
    generation: TrackerRules(
        generation=generation,
        initial_slots={SLOTS[0]: None, SLOTS[1]: "round", SLOTS[2]: None},
        list_slots=frozenset({SLOTS[2]}) if generation is Generation.MODERN else frozenset(),
    )
    for generation in Generation
}
both = pytest.mark.parametrize("generation", list(Generation))
any_log = st.one_of(logs(), form_talk())


def fold(log: list[Event], generation: Generation) -> Tracker:
    return replay("someone", RULES[generation], log)


def facts(tracker: Tracker) -> object:
    """Everything that can be seen of a tracker, history as events."""
    shown = {f: getattr(tracker, f) for f in tracker.__struct_fields__ if f != "applied"}
    return shown, tracker.applied.state, tracker.applied_events()


@both
@settings(max_examples=300)
@given(log=any_log)
def test_state_equals_the_plain_fold_of_the_whole_log(
    generation: Generation, log: list[Event]
) -> None:
    assert fold(log, generation).state == state_after(log, RULES[generation])


@both
@settings(max_examples=300)
@given(log=any_log)
def test_events_in_force_equal_those_of_the_whole_log(
    generation: Generation, log: list[Event]
) -> None:
    assert fold(log, generation).applied_events() == applied_events(log, generation)


@both
@given(log=any_log, data=st.data())
def test_folding_a_prefix_and_then_the_rest_is_folding_all(
    generation: Generation, log: list[Event], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(log)))
    first = fold(log[:cut], generation)
    assert facts(advance_all(first, log[cut:])) == facts(fold(log, generation))


@both
@given(log=any_log)
def test_advancing_leaves_every_earlier_tracker_as_it_was(
    generation: Generation, log: list[Event]
) -> None:
    for cut, tracker in enumerate(prefixes("someone", RULES[generation], log)):
        assert facts(tracker) == facts(fold(log[:cut], generation))


@both
@given(log=any_log, data=st.data())
def test_a_snapshot_and_the_tail_give_the_same_state(
    generation: Generation, log: list[Event], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(log)))
    body = dump_snapshot(fold(log[:cut], generation))
    restored = load_snapshot("someone", RULES[generation], body)
    try:
        tracker = advance_all(restored, log[cut:])
    except HistoryTruncated:
        return  # an undo reached before the snapshot, and said so
    whole = fold(log, generation)
    assert (tracker.state, tracker.applied.state) == (whole.state, whole.applied.state)


@both
@given(log=any_log, keep=st.integers(0, 10))
def test_trimming_keeps_the_state_and_the_newest_history(
    generation: Generation, log: list[Event], keep: int
) -> None:
    whole = fold(log, generation)
    short = trim(whole, keep)
    newest = [(node.event, node.state) for node in whole.applied.nodes()][:keep]
    assert short.state == whole.state
    assert [(n.event, n.state) for n in short.applied.nodes()][: len(newest)] == newest


@both
@given(log=any_log, keep=st.integers(1, 6), data=st.data())
def test_a_trimmed_conversation_goes_on_as_the_whole_one_or_asks_for_it(
    generation: Generation, log: list[Event], keep: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(log)))
    short = trim(fold(log[:cut], generation), keep)
    try:
        short = advance_all(short, log[cut:])
    except HistoryTruncated:
        return
    whole = fold(log, generation)
    assert (short.state, short.applied.state) == (whole.state, whole.applied.state)


@given(log=logs())
def test_a_remembered_fold_over_history_equals_a_fresh_one(log: list[Event]) -> None:
    def said(before: tuple[str, ...], node: object) -> tuple[str, ...]:
        event = getattr(node, "event", None)
        return (*before, event.text or "") if isinstance(event, UserUttered) else before

    for tracker in prefixes("someone", RULES[Generation.MODERN], log):
        expected = tuple(
            event.text or "" for event in tracker.applied_events() if isinstance(event, UserUttered)
        )
        assert folded(tracker.applied, "said", lambda root: (), said) == expected


@given(log=form_talk())
def test_forms_in_the_talks_really_collapse_sometimes_but_never_grow(log: list[Event]) -> None:
    tracker = fold(log, Generation.MODERN)
    assert len(tracker.applied_events()) <= len(log)
    assert tracker.loops <= set(LOOPS)


def test_snapshots_of_damaged_bytes_are_refused() -> None:
    from tertulia.base.errors import StoreUnavailable

    for damaged in (b"", b"{}", b"[1]", msgspec.json.encode({"format": 1})):
        with pytest.raises(StoreUnavailable):
            load_snapshot("someone", RULES[Generation.MODERN], damaged)
