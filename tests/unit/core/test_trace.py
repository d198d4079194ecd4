"""What is logged with actions about why they ran."""

from typing import Any

from tertulia.base.errors import ActionRejected
from tertulia.core.actions.run import RunContext
from tertulia.core.asks import ActionAnswer, CallAction
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    Event,
    FollowupAction,
)
from tertulia.core.events.codec import Family, decode, decode_stored, encode, without_trace
from tertulia.core.prediction import Decision, Prediction
from tertulia.core.tracker import replay, rules_for
from tertulia.core.turn import act_until_listen, first_listen, run_decision, session_start

from .actions.form_domain import form_domain
from .scripts import Actions, Stage, user

WHY: dict[str, Any] = {"by": "luck"}
TRACED = ActionExecuted(name="utter_a", timestamp=5.0, trace={"because": WHY})


def decision(action: str, **rest: Any) -> Decision:
    return Decision(action=action, policy="P", confidence=1.0, **{"why": WHY, "by": "P", **rest})


def traces(
    decided: Decision, *, actions: Actions | None = None, trace: bool = True
) -> list[tuple[str | None, Any]]:
    domain = form_domain("action_x")
    tracker = replay("u", rules_for(domain), [user("greet")])
    stage = Stage(tracker, responses=tuple(domain.responses), actions=actions)
    stage.play(run_decision(tracker, decided, RunContext(domain, trace=trace)))
    return said(stage.tracker.applied_events())


def said(events: list[Event]) -> list[tuple[str | None, Any]]:
    kinds = ActionExecuted | ActionExecutionRejected
    return [(event.name, event.trace) for event in events if isinstance(event, kinds)]


def test_a_decision_says_who_decided_why_and_what_the_others_said() -> None:
    other = Prediction(policy="O", scores={"a": 0.25, "b": 0.50004}, why={"by": "unseen"})
    silent = Prediction(policy="S", scores={})
    decided = decision("x", others=(other, silent), remarks={"rejected": "r"})
    assert decided.trace() == {
        "policy": "P",
        "because": WHY,
        "others": [{"policy": "O", "action": "b", "confidence": 0.5}, {"policy": "S"}],
        "rejected": "r",
    }


def test_a_reason_that_costs_something_is_found_for_the_chosen_action() -> None:
    found = decision("x", why=lambda action: {"by": "looking", "for": action}).trace()
    assert found is not None
    assert found["because"] == {"by": "looking", "for": "x"}


def test_a_decision_without_policy_and_reason_has_no_trace() -> None:
    assert Decision(action="x", policy=None, confidence=None).trace() is None


def test_an_action_that_ran_says_why() -> None:
    assert traces(decision("utter_hi")) == [
        ("utter_hi", {"policy": "P", "because": WHY}),
    ]


def test_nothing_is_said_when_nobody_wants_it() -> None:
    assert traces(decision("utter_hi"), trace=False) == [("utter_hi", None)]


def test_an_action_that_refused_says_why_it_was_chosen() -> None:
    def reject(call: CallAction) -> ActionAnswer:
        raise ActionRejected("action_x")

    found = traces(decision("action_x"), actions={"action_x": reject})
    assert found == [("action_x", {"policy": "P", "because": WHY})]


def test_actions_that_an_action_ran_name_it() -> None:
    def run_another(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[ActionExecuted(name="utter_a"), FollowupAction(name="b")])

    found = traces(decision("action_x"), actions={"action_x": run_another})
    assert found[1] == ("utter_a", {"because": {"by": "action", "name": "action_x"}})


def test_a_session_start_and_its_listening_are_explained() -> None:
    domain = form_domain()
    tracker = replay("u", rules_for(domain), [])
    stage = Stage(tracker)
    asked = stage.play(session_start(tracker, RunContext(domain)))
    assert stage.asked[0].events[0].trace == {"because": {"by": "session_start"}}
    assert said(asked.applied_events()) == [
        ("action_listen", {"because": {"by": "action", "name": "action_session_start"}})
    ]


def test_the_first_listening_of_0x_is_explained() -> None:
    context = RunContext(form_domain(generation=Generation.LEGACY))
    assert first_listen(context).trace == {"because": {"by": "conversation_start"}}
    assert first_listen(RunContext(context.domain, trace=False)).trace is None


class Deciding(Stage):
    """A stage whose decisions have reasons."""

    def _answer(self, ask: Any) -> object:
        answer = super()._answer(ask)
        return decision(answer.action) if isinstance(answer, Decision) else answer


def test_the_action_at_which_a_turn_is_stopped_says_so() -> None:
    domain = form_domain()
    tracker = replay("u", rules_for(domain), [user("greet")])
    stage = Deciding(tracker, responses=tuple(domain.responses), decisions=["utter_hi"] * 3)
    end = stage.play(act_until_listen(tracker, RunContext(domain), limit=3))
    limits = [trace.get("limit") for _, trace in said(end.applied_events())]
    assert limits == [None, None, 3]


def test_the_wire_has_no_trace_unless_it_is_asked_for() -> None:
    bare = without_trace(TRACED)
    for family in Family:
        assert encode(TRACED, family) == encode(bare, family)
        assert encode(TRACED, family, trace=True) == {
            **encode(bare, family),
            "trace": {"because": WHY},
        }
    assert encode(bare, trace=True) == encode(bare)


def test_a_stored_trace_is_read_again() -> None:
    rejected = ActionExecutionRejected(name="f", timestamp=1.0, trace={"because": WHY})
    for event in (TRACED, rejected):
        assert decode_stored(encode(event, trace=True)) == event


def test_an_event_stored_without_trace_has_none() -> None:
    event = decode_stored({"event": "action", "name": "a", "timestamp": 1.0})
    assert isinstance(event, ActionExecuted)
    assert event.trace is None


def test_a_key_trace_that_is_no_trace_stays_what_it_is() -> None:
    for raw in (
        {"event": "action", "name": "a", "timestamp": 1.0, "trace": "mine"},
        {"event": "slot", "name": "a", "value": 1, "timestamp": 1.0, "trace": {"my": "own"}},
    ):
        event = decode(raw, now=1.0)
        assert event is not None
        assert encode(event)["trace"] == raw["trace"]
