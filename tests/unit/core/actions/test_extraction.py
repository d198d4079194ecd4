"""Slots fill from messages as the worked example of the contract says."""

import pytest

from tertulia.base.errors import ActionServerError
from tertulia.core.actions.context import RunContext
from tertulia.core.actions.extraction import extract_slots
from tertulia.core.asks import ActionAnswer, CallAction, Remark
from tertulia.core.domain.model import Slot, SlotMapping
from tertulia.core.events import (
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.core.tracker import Tracker, replay, rules_for

from ..scripts import Stage, brief, user
from .form_domain import SLOTS, form_domain

ACTIVE: list[Event] = [ActiveLoop(name="f")]


def asking(name: str) -> list[Event]:
    return [*ACTIVE, SlotSet(name="requested_slot", value=name)]


def conversation(*events: Event) -> Tracker:
    return replay("u", rules_for(form_domain()), events)


@pytest.mark.parametrize(
    ("before", "message", "filled"),
    [
        (
            [],
            user("inform", city="R", num=[1, 2]),
            ["slot src R", "slot dst R", "slot l [1, 2]", "slot nolo v"],
        ),
        ([], user("book", city=("R", "from")), ["slot src R"]),
        (asking("dst"), user("inform", city="Q"), ["slot dst Q"]),
        (asking("dst"), user("inform", city=("Q", "from")), ["slot src Q"]),
        (asking("dst"), user("chat", city="Q"), []),
        (asking("txt"), user("inform", "bla"), ["slot txt bla"]),
        (asking("txt"), user("greet", "bla"), []),
        (asking("n"), user("inform", num=3), ["slot l [3]", "slot n 3"]),
    ],
    ids=[
        "no form, no role",
        "no form, role",
        "ambiguous entity fills the requested slot only",
        "unique mapping overwrites another slot",
        "ignored intent fills nothing",
        "text of the requested slot",
        "blacklisted intent",
        "condition on the requested slot",
    ],
)
def test_message_fills_slots(before: list[Event], message: UserUttered, filled: list[str]) -> None:
    tracker = conversation(*before, message)
    events = Stage(tracker).play(extract_slots(tracker, RunContext(form_domain())))
    assert brief(events) == filled


def test_trigger_intent_fills_while_its_form_is_active_only() -> None:
    message = user("book", city=("R", "from"))
    tracker = conversation(message, *ACTIVE)
    events = Stage(tracker).play(extract_slots(tracker, RunContext(form_domain())))
    assert brief(events) == ["slot src R", "slot trig True"]


def test_a_rejected_form_lets_the_requested_slot_alone() -> None:
    tracker = conversation(*asking("n"), ActionExecutionRejected(name="f"), user("inform", num=3))
    events = Stage(tracker).play(extract_slots(tracker, RunContext(form_domain())))
    assert brief(events) == ["slot l [3]"]


def test_one_custom_action_is_asked_once_for_several_slots() -> None:
    custom = SlotMapping(type="custom", action="action_find")
    slots = {n: Slot(name=n, type="text", mappings=(custom,)) for n in ("a", "b")}
    domain = form_domain("action_find", slots=slots)
    tracker = replay("u", rules_for(domain), [user("inform")])

    def find(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[SlotSet(name="a", value=1), ConversationPaused()])

    stage = Stage(tracker, actions={"action_find": find})
    events = stage.play(extract_slots(tracker, RunContext(domain)))
    assert brief(events) == ["slot a 1"]
    assert [type(ask).__name__ for ask in stage.asked] == ["CallAction", "Remark"]


def test_validation_may_change_drop_and_say_and_keeps_what_it_does_not_mention() -> None:
    domain = form_domain("action_validate_slot_mappings")
    tracker = replay("u", rules_for(domain), [user("inform", city="R", num=1)])
    seen: list[str] = []

    def validate(call: CallAction) -> ActionAnswer:
        seen.extend(brief(call.draft))
        return ActionAnswer(events=[SlotSet(name="src", value=None), BotUttered(text="no")])

    stage = Stage(tracker, actions={"action_validate_slot_mappings": validate})
    events = stage.play(extract_slots(tracker, RunContext(domain)))
    assert seen == ["slot src R", "slot dst R", "slot l [1]", "slot nolo v"]
    assert brief(events) == ["slot src None", "bot no", "slot dst R", "slot l [1]", "slot nolo v"]


def test_a_failing_validation_keeps_the_candidates_and_remarks() -> None:
    domain = form_domain("action_validate_slot_mappings")
    tracker = replay("u", rules_for(domain), [user("inform", num=1)])

    def fail(call: CallAction) -> ActionAnswer:
        raise ActionServerError("gone")

    stage = Stage(tracker, actions={"action_validate_slot_mappings": fail})
    events = stage.play(extract_slots(tracker, RunContext(domain)))
    assert brief(events) == ["slot l [1]", "slot nolo v"]
    assert isinstance(stage.asked[-1], Remark)


def test_an_empty_slot_is_not_emptied_again() -> None:
    null = SlotMapping(type="from_entity", entity="city")
    domain = form_domain(slots={"a": Slot(name="a", type="text", mappings=(null,))})
    tracker = replay("u", rules_for(domain), [user("inform", city=None)])
    assert Stage(tracker).play(extract_slots(tracker, RunContext(domain))) == []


def test_default_slots_are_never_filled() -> None:
    assert SLOTS[-1].is_default
    tracker = conversation(user("inform", requested_slot="x"))
    events = Stage(tracker).play(extract_slots(tracker, RunContext(form_domain())))
    assert brief(events) == ["slot nolo v"]
