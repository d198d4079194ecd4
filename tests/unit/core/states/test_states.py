import pytest
from tests.unit.policies.talk import act, domain, events, talk, user

from tertulia.base.errors import HistoryTruncated
from tertulia.core.domain.model import Slot
from tertulia.core.events import UserFeaturization
from tertulia.core.states import (
    LegacyHistory,
    PlainHistory,
    RuleOnly,
    StateTable,
    TurnState,
    UserPart,
    VisibleHistory,
    as_json,
    intent_confidences,
    turn_state,
)
from tertulia.core.tracker import advance_all
from tertulia.core.tracker.snapshot import dump_snapshot, load_snapshot

TEXT = Slot(name="city", type="text")
BOT = domain("greet bye stop", "utter_a utter_b", slots=[TEXT], forms="f", entities="city place")
OLD = domain("greet bye stop", "utter_a utter_b", slots=[TEXT], forms="f", legacy=True)


def seen(states: tuple[TurnState, ...]) -> list[tuple[str | None, str | None]]:
    return [(state.action, state.user.intent) for state in states]


def test_a_conversation_without_events_has_one_empty_state() -> None:
    window = PlainHistory(StateTable(BOT)).last(talk(BOT), None)
    assert window.states == (TurnState(),)
    assert window.complete


def test_a_state_knows_message_slots_previous_action_and_loop() -> None:
    tracker = talk(BOT, "action_listen", "/greet", "city=Rome", "form:f")
    state = turn_state(StateTable(BOT), tracker.applied.state)
    assert as_json(state) == {
        "user": {"intent": "greet"},
        "slots": {"city": [1.0]},
        "prev_action": {"action_name": "action_listen"},
        "active_loop": {"name": "f"},
    }


def test_slots_without_a_feature_that_is_not_zero_are_left_out() -> None:
    tracker = talk(BOT, "action_listen", "/greet")
    assert turn_state(StateTable(BOT), tracker.applied.state).slots == ()


def test_a_slot_that_must_not_be_set_is_kept_as_written() -> None:
    tracker = talk(BOT, "city=should_not_be_set")
    state = turn_state(StateTable(BOT), tracker.applied.state)
    assert state.slot("city") == "should_not_be_set"


def test_initial_values_are_left_out_when_unset_slots_are_omitted() -> None:
    bot = domain("greet", slots=[Slot(name="city", type="text", initial_value="Rome")])
    table = StateTable(bot)
    assert turn_state(table, talk(bot).state).slots == (("city", (1.0,)),)
    assert turn_state(table, talk(bot).state, omit_unset=True).slots == ()


def test_entities_are_labels_with_roles_that_the_intent_uses() -> None:
    message = user("greet", entities=[{"entity": "city", "role": "to"}, {"entity": "noise"}])
    assert StateTable(BOT).user(message).entities == ("city",)


def test_the_text_counts_once_it_was_used_for_the_prediction() -> None:
    message = user("greet", text="hello you", entities=[{"entity": "city"}])
    assert StateTable(BOT).user(message, use_text=True) == UserPart(text="hello you")
    assert StateTable(BOT).user(message, use_text=None).text is None
    assert StateTable(BOT).user(user(None, text="hm"), use_text=None).text == "hm"
    assert StateTable(BOT).user(user(None, text="hm"), use_text=False) == UserPart()


def test_featurization_by_text_holds_for_later_states() -> None:
    tracker = talk(
        BOT,
        "action_listen",
        user("greet", text="hi"),
        UserFeaturization(use_text_for_featurization=True),
        "utter_a",
    )
    last = PlainHistory(StateTable(BOT)).last(tracker, 1).states[0]
    assert last.user == UserPart(text="hi")


def test_a_window_holds_the_last_states_and_says_whether_it_is_all() -> None:
    history = PlainHistory(StateTable(BOT))
    tracker = talk(BOT, "action_listen", "/greet", "utter_a", "action_listen", "/bye")
    assert seen(history.last(tracker, 2).states) == [
        ("utter_a", "greet"),
        ("action_listen", "bye"),
    ]
    assert not history.last(tracker, 2).complete
    assert history.last(tracker, 4).complete
    assert history.last(tracker, 9) == history.last(tracker, None)


def test_hidden_rule_turns_are_invisible() -> None:
    tracker = talk(
        BOT,
        "action_listen",
        "/greet",
        "utter_a",
        "action_listen",
        "/stop",
        act("utter_b", hide=True),
        act("action_listen", hide=True),
        "/bye",
    )
    assert seen(VisibleHistory(StateTable(BOT)).last(tracker, None).states) == [
        (None, None),
        ("action_listen", "greet"),
        ("utter_a", "greet"),
        ("action_listen", "bye"),
    ]


def test_after_a_hidden_action_the_last_visible_action_and_message_count() -> None:
    tracker = talk(
        BOT,
        "action_listen",
        "/greet",
        "utter_a",
        "action_listen",
        "/stop",
        act("utter_b", hide=True),
    )
    assert seen(VisibleHistory(StateTable(BOT)).last(tracker, 1).states) == [
        ("action_listen", "greet")
    ]


def test_a_message_without_listening_before_it_is_read_as_the_one_before() -> None:
    tracker = talk(BOT, "action_listen", "/greet", "utter_a", "/bye")
    assert seen(VisibleHistory(StateTable(BOT)).last(tracker, 1).states) == [("utter_a", "greet")]


def test_slots_and_loops_of_rules_alone_are_invisible() -> None:
    history = VisibleHistory(StateTable(BOT), RuleOnly(frozenset({"city"}), frozenset({"f"})))
    state = history.last(talk(BOT, "action_listen", "/greet", "city=Rome", "form:f"), 1).states[0]
    assert (state.slots, state.loop) == ((), None)


def test_notes_on_unlikely_intents_are_invisible() -> None:
    tracker = talk(BOT, "action_listen", "/greet", "action_unlikely_intent")
    history = VisibleHistory(StateTable(BOT))
    assert seen(history.last(tracker, 1).states) == [("action_listen", "greet")]
    after = advance_all(tracker, events("utter_a"))
    assert seen(history.last(after, 2).states) == [("action_listen", "greet"), ("utter_a", "greet")]
    assert [moment.action for moment in history.moments(after)] == ["action_listen", "utter_a"]


def test_legacy_hides_the_happy_path_of_a_form() -> None:
    tracker = talk(
        OLD, "action_listen", "/greet", "f", "form:f", "action_listen", "/bye", "f", "action_listen"
    )
    assert seen(LegacyHistory(StateTable(OLD)).last(tracker, None).states) == [
        (None, None),
        ("action_listen", "greet"),
    ]


def test_legacy_shows_withheld_states_when_the_form_rejected() -> None:
    tracker = talk(
        OLD, "action_listen", "/greet", "f", "form:f", "action_listen", "/stop", "reject:f"
    )
    assert seen(LegacyHistory(StateTable(OLD)).last(tracker, None).states) == [
        (None, None),
        ("action_listen", "greet"),
        ("f", "greet"),
        ("action_listen", "stop"),
    ]


def test_legacy_reads_the_message_before_the_form_after_its_end() -> None:
    tracker = talk(
        OLD, "action_listen", "/greet", "f", "form:f", "action_listen", "/bye", "f", "form:"
    )
    assert seen(LegacyHistory(StateTable(OLD)).last(tracker, 1).states) == [("f", "greet")]


def test_legacy_takes_the_best_intent_and_the_earlier_of_equals() -> None:
    message = user("greet", ranking=[("bye", 0.4), ("greet", 0.4), ("stop", 0.2)])
    assert StateTable(OLD).user(message).intent == "bye"
    assert intent_confidences(message) == {"bye": 0.4, "greet": 0.4, "stop": 0.2}


@pytest.mark.parametrize("make", [PlainHistory, VisibleHistory, LegacyHistory])
def test_a_window_that_needs_older_events_says_so(
    make: type[PlainHistory] | type[VisibleHistory] | type[LegacyHistory],
) -> None:
    early = ["action_listen", "/greet", "utter_a"]
    late = ["action_listen", "/bye", "utter_b", "action_listen", "/stop", "utter_a"]
    bot = OLD if make is LegacyHistory else BOT
    table, whole = StateTable(bot), talk(bot, *early, *late)
    before = talk(bot, *early)
    loaded = load_snapshot("someone", before.rules, dump_snapshot(before))
    loaded = advance_all(loaded, events(*late))
    assert make(table).last(loaded, 2).states == make(table).last(whole, 2).states
    with pytest.raises(HistoryTruncated):
        make(table).last(loaded, 9)


@pytest.mark.parametrize(
    "late",
    [
        ["f", "action_listen", "/bye", "f", "form:", "utter_b"],
        ["reject:f", "utter_b", "f", "action_listen"],
    ],
    ids=["happily", "after a question in between"],
)
def test_a_form_goes_on_after_a_snapshot_without_older_events(late: list[str]) -> None:
    before = ["action_listen", "/greet", "utter_a"] * 20
    early = [*before, "action_listen", "/greet", "f", "form:f", "action_listen", "/bye"]
    early += ["f", "action_listen", "/greet"]
    body = dump_snapshot(talk(BOT, *early))
    whole = talk(BOT, *early, *late)
    loaded = advance_all(load_snapshot("someone", whole.rules, body), events(*late))
    assert (loaded.state, loaded.applied.state) == (whole.state, whole.applied.state)
    assert loaded.applied.size < 25
