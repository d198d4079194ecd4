"""The turn predicts, runs, logs and ends."""

from tertulia.core.actions.run import RunContext
from tertulia.core.asks import ActionAnswer, CallAction, Remark
from tertulia.core.domain.model import Generation
from tertulia.core.events import ConversationPaused, SlotSet
from tertulia.core.tracker import Tracker, replay, rules_for
from tertulia.core.turn import act_until_listen, session_start

from .actions.form_domain import form_domain
from .scripts import Actions, Stage, brief, user


def played(
    *decisions: str,
    generation: Generation = Generation.MODERN,
    actions: Actions | None = None,
    limit: int = 10,
) -> tuple[Stage, list[str]]:
    domain = form_domain("action_x", generation=generation)
    tracker: Tracker = replay("u", rules_for(domain), [user("greet")])
    stage = Stage(tracker, responses=tuple(domain.responses), decisions=decisions, actions=actions)
    end = stage.play(act_until_listen(tracker, RunContext(domain), limit=limit))
    return stage, brief(end.applied_events())[1:]


def speak_and_set(call: CallAction) -> ActionAnswer:
    return ActionAnswer(responses=[{"text": "hi"}], events=[SlotSet(name="src", value=1)])


def test_actions_run_until_the_bot_listens() -> None:
    _, events = played("utter_hi", "action_listen")
    assert events == ["action utter_hi", "bot utter_hi", "action action_listen"]


def test_what_an_action_says_is_logged_first_in_the_modern_generation() -> None:
    _, events = played("action_x", "action_listen", actions={"action_x": speak_and_set})
    assert events[:3] == ["action action_x", "bot hi", "slot src 1"]


def test_what_an_action_says_is_logged_last_in_the_legacy_generation() -> None:
    _, events = played(
        "action_x",
        "action_listen",
        actions={"action_x": speak_and_set},
        generation=Generation.LEGACY,
    )
    assert events[:3] == ["action action_x", "slot src 1", "bot hi"]


def test_a_bot_that_never_listens_is_stopped_with_a_remark() -> None:
    stage, events = played(*["utter_hi"] * 4, limit=3)
    assert events.count("action utter_hi") == 3
    assert isinstance(stage.asked[-1], Remark)


def test_a_rejection_is_logged_in_place_of_the_action_and_another_is_predicted() -> None:
    def reject(call: CallAction) -> ActionAnswer:
        from tertulia.base.errors import ActionRejected

        raise ActionRejected("action_x")

    _, events = played("action_x", "action_listen", actions={"action_x": reject})
    assert events == ["action_execution_rejected", "action action_listen"]


def test_a_paused_bot_does_not_act() -> None:
    domain = form_domain()
    tracker = replay("u", rules_for(domain), [ConversationPaused(), user("greet")])
    stage = Stage(tracker)
    stage.play(act_until_listen(tracker, RunContext(domain), limit=3))
    assert stage.asked == []


def test_a_message_returned_by_an_action_fills_slots_again() -> None:
    def say(call: CallAction) -> ActionAnswer:
        return ActionAnswer(events=[user("inform", city="R")])

    _, events = played("action_x", "action_listen", actions={"action_x": say})
    assert events[:3] == ["action action_x", "user inform", "slot src R"]


def test_slots_are_filled_once_more_when_the_text_decided() -> None:
    domain = form_domain()
    message = user("inform", city="R")
    tracker = replay("u", rules_for(domain), [message])
    stage = Stage(
        tracker, responses=tuple(domain.responses), decisions=("utter_hi", "action_listen")
    )
    stage.by_text = True
    end = stage.play(act_until_listen(tracker, RunContext(domain), limit=3))
    assert brief(end.applied_events())[1:4] == ["slot src R", "slot dst R", "slot nolo v"]


def test_a_session_opens_with_its_three_events() -> None:
    domain = form_domain()
    tracker = replay("u", rules_for(domain), [])
    stage = Stage(tracker)
    stage.play(session_start(tracker, RunContext(domain)))
    assert brief([e for ask in stage.asked for e in getattr(ask, "events", ())]) == [
        "action action_session_start",
        "session_started",
        "action action_listen",
    ]
