"""Built-in actions return the events the originals return."""

import pytest

from tertulia.base.errors import ActionServerError, UnknownAction
from tertulia.core.actions.run import RunContext, run_action
from tertulia.core.asks import ActionAnswer, CallAction, Remark
from tertulia.core.domain.model import Domain, Generation, SessionConfig
from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.core.tracker import replay, rules_for

from ..scripts import Actions, Stage, brief, user
from .form_domain import form_domain

LISTEN = ActionExecuted(name="action_listen")
ASK = ActionExecuted(name="action_default_ask_affirmation")
REPHRASE = ActionExecuted(name="action_default_ask_rephrase")


def run(
    name: str, *events: Event, domain: Domain | None = None, actions: Actions | None = None
) -> list[Event]:
    domain = domain or form_domain()
    tracker = replay("u", rules_for(domain), events)
    stage = Stage(tracker, responses=tuple(domain.responses), actions=actions)
    return stage.play(run_action(name, tracker, RunContext(domain)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("action_listen", []),
        ("action_restart", ["restart"]),
        ("action_default_fallback", ["bot utter_default", "rewind"]),
        ("action_deactivate_loop", ["active_loop None", "slot requested_slot None"]),
        ("action_back", ["rewind", "rewind"]),
        ("action_default_ask_rephrase", []),
        ("action_unlikely_intent", []),
        ("action_extract_slots", []),
        ("utter_hi", ["bot utter_hi"]),
    ],
)
def test_built_in_action_returns(name: str, expected: list[str]) -> None:
    assert brief(run(name, user("greet"))) == expected


def test_session_start_carries_slots_over_in_their_order() -> None:
    kept = [SlotSet(name="src", value="a"), SlotSet(name="dst", value="b")]
    events = run("action_session_start", *kept, user("greet"), SlotSet(name="src", value="c"))
    assert brief(events) == [
        "session_started",
        "slot src a",
        "slot dst b",
        "slot src c",
        "action action_listen",
    ]


def test_session_start_carries_nothing_when_the_domain_says_so() -> None:
    domain = form_domain(session=SessionConfig(carry_over_slots=False))
    events = run("action_session_start", SlotSet(name="src", value="a"), domain=domain)
    assert brief(events) == ["session_started", "action action_listen"]


def test_affirmation_offers_the_second_intent_when_nothing_was_understood() -> None:
    ranking = [{"name": "nlu_fallback"}, {"name": "book"}]
    intent = {"name": "nlu_fallback", "confidence": 0.3}
    message = UserUttered(parse_data={"intent": intent, "entities": [], "intent_ranking": ranking})
    (said,) = run("action_default_ask_affirmation", message)
    assert isinstance(said, BotUttered)
    assert said.text == "Did you mean 'book'?"
    assert said.data
    assert [b["payload"] for b in said.data["buttons"]] == ["/book", "/out_of_scope"]


def test_affirmation_of_the_old_generation_has_buttons_and_nothing_else() -> None:
    domain = form_domain(generation=Generation.LEGACY)
    (said,) = run("action_default_ask_affirmation", user("book"), domain=domain)
    assert isinstance(said, BotUttered)
    assert said.data is not None
    assert list(said.data) == ["buttons"]


@pytest.mark.parametrize(
    ("actions", "rewinds"),
    [([REPHRASE], 3), ([ASK], 2), ([REPHRASE, LISTEN, ASK], 5)],
    ids=["rephrased", "affirmed", "affirmed after rephrasing"],
)
def test_fallback_is_reverted_as_if_understood_at_once(actions: list[Event], rewinds: int) -> None:
    events = run("action_revert_fallback_events", *actions, LISTEN, user("book"))
    assert brief(events).count("rewind") == rewinds
    assert brief(events)[-1] == "user book"


def test_two_stage_fallback_asks_then_rephrases_then_gives_up() -> None:
    domain = form_domain(
        responses={
            **form_domain().responses,
            "utter_ask_rephrase": form_domain().responses["utter_hi"],
        }
    )
    name = "action_two_stage_fallback"
    first = [LISTEN, user("nlu_fallback")]
    asked = run(name, *first, domain=domain)
    assert brief(asked) == [f"active_loop {name}", "bot Did you mean 'nlu_fallback'?"]
    denied = [*first, ActiveLoop(name=name), LISTEN, user("out_of_scope")]
    assert brief(run(name, *denied, domain=domain)) == ["bot utter_ask_rephrase"]
    again = [*denied, LISTEN, user("nlu_fallback")]
    assert brief(run(name, *again, domain=domain)) == ["bot Did you mean 'nlu_fallback'?"]
    given_up = [*again, LISTEN, user("out_of_scope")]
    assert brief(run(name, *given_up, domain=domain)) == [
        "active_loop None",
        "bot utter_default",
        "rewind",
    ]


def test_two_stage_fallback_goes_on_with_a_clear_message() -> None:
    name = "action_two_stage_fallback"
    clear = [LISTEN, user("nlu_fallback"), ActiveLoop(name=name), LISTEN, user("book")]
    events = run(name, *clear)
    assert brief(events) == ["active_loop None", "rewind", "action action_listen", "user book"]


def test_an_overridden_default_is_asked_of_the_action_server() -> None:
    def own(call: CallAction) -> ActionAnswer:
        return ActionAnswer(responses=[{"text": "mine"}])

    domain = form_domain("action_default_fallback")
    events = run("action_default_fallback", domain=domain, actions={"action_default_fallback": own})
    assert brief(events) == ["bot mine"]


def test_a_failing_custom_action_counts_as_run_and_is_remarked() -> None:
    def fail(call: CallAction) -> ActionAnswer:
        raise ActionServerError("down")

    domain = form_domain("action_x")
    tracker = replay("u", rules_for(domain), [])
    stage = Stage(tracker, actions={"action_x": fail})
    assert stage.play(run_action("action_x", tracker, RunContext(domain))) == []
    assert isinstance(stage.asked[-1], Remark)


def test_what_an_action_says_is_worded_and_stands_before_its_events() -> None:
    def speak(call: CallAction) -> ActionAnswer:
        return ActionAnswer(
            responses=[
                {"response": "utter_hi", "buttons": [{"title": "t", "payload": "/p"}]},
                {"text": "own", "image": None, "custom": {}},
                {"response": "utter_missing"},
            ],
            events=[SlotSet(name="src", value=1)],
        )

    events = run("action_x", domain=form_domain("action_x"), actions={"action_x": speak})
    assert brief(events) == ["bot utter_hi", "bot own", "slot src 1"]
    assert isinstance(events[0], BotUttered)
    assert events[0].data
    assert events[0].data["buttons"] == [{"title": "t", "payload": "/p"}]


def test_an_unknown_action_names_the_nearest() -> None:
    with pytest.raises(UnknownAction, match="utter_hi"):
        run("utter_hii")
