"""Forms ask, fill, reject and finish as the contract's event sequences say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.errors import ActionRejected
from tertulia.core.actions.extraction import extract_slots
from tertulia.core.actions.run import RunContext, run_action
from tertulia.core.asks import ActionAnswer, CallAction
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    LoopInterrupted,
    SlotSet,
)
from tertulia.core.tracker import Tracker, advance_all, replay, rules_for

from ..scripts import Actions, Stage, brief, user
from .form_domain import form_domain

RESPONSES = ("utter_ask_dst", "utter_ask_f_n", "utter_ask_txt")
LISTEN = ActionExecuted(name="action_listen")
REQUIRED = ("src", "dst", "n", "txt")


def run(
    *events: Event, actions: Actions | None = None, domain_actions: tuple[str, ...] = ()
) -> list[str]:
    domain = form_domain(*domain_actions)
    tracker = replay("u", rules_for(domain), events)
    stage = Stage(tracker, responses=RESPONSES, actions=actions)
    return brief(stage.play(run_action("f", tracker, RunContext(domain))))


def filled(*names: str) -> list[Event]:
    return [SlotSet(name=name, value="x") for name in names]


def asking(slot: str, *done: str) -> list[Event]:
    return [
        user("book"),
        ActionExecuted(name="f"),
        ActiveLoop(name="f"),
        *filled(*done),
        SlotSet(name="requested_slot", value=slot),
        LISTEN,
    ]


def test_activation_takes_what_the_message_says_and_asks_for_the_rest() -> None:
    assert run(user("book", city=("R", "from"))) == [
        "active_loop f",
        "slot src R",
        "slot trig True",
        "slot requested_slot dst",
        "bot utter_ask_dst",
    ]


def test_next_answer_asks_the_next_question_by_the_forms_own_response() -> None:
    answered = [user("inform", city="Q"), *filled("dst")]
    assert run(*asking("dst", "src"), *answered) == [
        "slot requested_slot n",
        "bot utter_ask_f_n",
    ]


def test_a_message_without_an_answer_is_rejected() -> None:
    with pytest.raises(ActionRejected):
        run(*asking("dst", "src"), user("chat"))


def test_after_an_interruption_the_same_question_is_asked_again() -> None:
    interrupted = [
        user("chat"),
        ActionExecuted(name="utter_hi"),
        LoopInterrupted(is_interrupted=True),
    ]
    assert run(*asking("dst", "src"), *interrupted) == [
        "slot requested_slot dst",
        "bot utter_ask_dst",
    ]


def test_the_last_answer_ends_the_form() -> None:
    answered = [user("inform", "bla"), *filled("txt")]
    assert run(*asking("txt", "src", "dst", "n"), *answered) == [
        "slot requested_slot None",
        "active_loop None",
    ]


def test_a_form_whose_slots_are_all_filled_ends_at_once() -> None:
    assert run(*filled("src", "dst", "n", "txt"), user("book")) == [
        "active_loop f",
        "slot trig True",
        "slot requested_slot None",
        "active_loop None",
    ]


def test_validator_sees_the_candidates_last_and_may_refuse_them() -> None:
    drafts: list[list[str]] = []

    def validate(call: CallAction) -> ActionAnswer:
        drafts.append(brief(call.draft))
        return ActionAnswer(events=[SlotSet(name="dst", value=None)])

    events = run(
        *asking("dst", "src"),
        user("inform", city="Q"),
        *filled("dst"),
        actions={"validate_f": validate},
        domain_actions=("validate_f",),
    )
    assert drafts == [["slot requested_slot dst", "action f", "slot dst x"]]
    assert events == ["slot dst None", "slot requested_slot dst", "bot utter_ask_dst"]


def test_validator_may_choose_the_next_slot_and_may_end_the_form() -> None:
    def choose(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[SlotSet(name="requested_slot", value="txt")])

    def end(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[SlotSet(name="requested_slot", value=None)])

    before = [*asking("dst", "src"), user("inform", city="Q"), *filled("dst")]
    named = ("validate_f",)
    chosen = run(*before, actions={"validate_f": choose}, domain_actions=named)
    ended = run(*before, actions={"validate_f": end}, domain_actions=named)
    assert chosen == ["slot requested_slot txt", "bot utter_ask_txt"]
    # the validator's own event, then the form's: the originals log both
    assert ended == ["slot requested_slot None"] * 2 + ["active_loop None"]


def test_validator_may_reject_by_hand() -> None:
    def reject(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[ActionExecutionRejected(name="f")])

    events = run(
        *asking("dst", "src"),
        user("chat"),
        actions={"validate_f": reject},
        domain_actions=("validate_f",),
    )
    assert events == ["action_execution_rejected"]


def test_prefilled_slots_are_validated_at_activation() -> None:
    drafts: list[list[str]] = []

    def validate(call: CallAction) -> ActionAnswer:
        drafts.append(brief(call.draft))
        return ActionAnswer()

    run(
        SlotSet(name="n", value=3),
        user("book", city=("R", "from")),
        actions={"validate_f": validate},
        domain_actions=("validate_f",),
    )
    taken = ["active_loop f", "slot src R", "slot trig True"]
    assert drafts[0] == [*taken, "slot requested_slot None", "action f", "slot src R", "slot n 3"]


@given(
    turns=st.lists(
        st.tuples(
            st.sampled_from(["inform", "chat", "greet", "stop", "book"]),
            st.booleans(),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_however_users_answer_a_form_keeps_filled_slots_and_knows_what_it_wants(
    turns: list[tuple[str, bool, bool]],
) -> None:
    domain = form_domain()
    context = RunContext(domain)
    tracker: Tracker = replay("u", rules_for(domain), [LISTEN, user("book")])
    for intent, city, number in turns:
        before = {name for name in REQUIRED if tracker.slots[name] is not None}
        try:
            events = Stage(tracker, responses=RESPONSES).play(run_action("f", tracker, context))
        except ActionRejected:
            tracker = advance_all(tracker, [ActionExecutionRejected(name="f")])
        else:
            tracker = advance_all(tracker, [ActionExecuted(name="f"), *events])
        missing = [name for name in REQUIRED if tracker.slots[name] is None]
        assert not before & set(missing)
        if tracker.state.active_loop is None:
            assert not missing
            return
        assert tracker.slots["requested_slot"] in missing
        said: dict[str, object] = {"city": "R"} if city else {}
        said |= {"num": 1} if number else {}
        tracker = advance_all(tracker, [LISTEN, user(intent, "some text", **said)])
        tracker = advance_all(tracker, Stage(tracker).play(extract_slots(tracker, context)))
