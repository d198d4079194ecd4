"""The built-in actions, except those that are loops.

Source: spec domain.md section 8, policies.md section 7.2, events.md section 3.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tertulia.core.actions.context import RunContext
from tertulia.core.actions.say import say_response
from tertulia.core.asks import Script
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.core.messages import bot_event
from tertulia.core.tracker import Tracker

Json = Any
Behaviour = Callable[[Tracker, RunContext], Script[list[Event]]]

REQUESTED_SLOT = "requested_slot"
ASK_AFFIRMATION = "action_default_ask_affirmation"
ASK_REPHRASE = "action_default_ask_rephrase"
OUT_OF_SCOPE = "out_of_scope"
NLU_FALLBACK = "nlu_fallback"


def nothing(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Do nothing: listening, and noticing an unlikely intent."""
    yield from ()
    return []


def restart(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Say `utter_restart` when there is one, and start anew."""
    said = yield from say_response("utter_restart", tracker, context, silent=True)
    return [*said, Restarted()]


def session_start(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Open a session and carry slots over when the domain wants it."""
    yield from ()
    events: list[Event] = [SessionStarted()]
    if context.domain.session.carry_over_slots:
        events.extend(
            SlotSet(name=event.name, value=event.value)
            for event in tracker.applied_events()
            if isinstance(event, SlotSet)
        )
    events.append(ActionExecuted(name=ACTION_LISTEN))
    return events


def default_fallback(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Say `utter_default` and take the user's message back."""
    said = yield from say_response("utter_default", tracker, context, silent=True)
    return [*said, UserUtteranceReverted()]


def deactivate_loop(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """End the active form."""
    yield from ()
    return [ActiveLoop(name=None), SlotSet(name=REQUESTED_SLOT, value=None)]


def ask_affirmation(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Ask whether the most likely intent was meant."""
    yield from ()
    message = tracker.state.latest_message
    intent = message.intent_name
    ranking: list[dict[str, Json]] = message.parse_data.get("intent_ranking") or []
    modern = context.generation is Generation.MODERN
    if modern and intent == NLU_FALLBACK and len(ranking) > 1:
        intent = ranking[1].get("name")
    content: dict[str, Json] = {
        "text": f"Did you mean '{intent}'?",
        "buttons": [
            {"title": "Yes", "payload": f"/{intent}"},
            {"title": "No", "payload": f"/{OUT_OF_SCOPE}"},
        ],
    }
    if not modern:
        text, buttons = content["text"], content["buttons"]
        return [BotUttered(text=text, data={"buttons": buttons}, content=content)]
    content["utter_action"] = ASK_AFFIRMATION
    return [bot_event(content, context.generation)]


def ask_rephrase(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Say `utter_ask_rephrase` when there is one."""
    return (yield from say_response("utter_ask_rephrase", tracker, context, silent=True))


def back(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Say `utter_back` when there is one, and take two user messages back."""
    said = yield from say_response("utter_back", tracker, context, silent=True)
    return [*said, UserUtteranceReverted(), UserUtteranceReverted()]


def revert_fallback_events(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Make the conversation go on as if the intent had been understood at once."""
    yield from ()
    last, before = _last_two_actions(tracker)
    message = tracker.state.latest_message
    if last == ASK_REPHRASE:
        return [*_take_back(3), _again(message)]
    if last != ASK_AFFIRMATION:
        return []
    events = _take_back(2)
    if before == ASK_REPHRASE:
        events += _take_back(3)
    return [*events, affirmed(message)]


def affirmed(message: UserUttered) -> UserUttered:
    """Return the message as if it had been understood with certainty."""
    intent = {**message.intent, "confidence": 1.0}
    again = _again(message)
    return replace(again, parse_data={**message.parse_data, "intent": intent})


def _again(message: UserUttered) -> UserUttered:
    return replace(message, timestamp=0.0, metadata={}, extra={})


def _take_back(rewinds: int) -> list[Event]:
    events: list[Event] = [UserUtteranceReverted() for _ in range(rewinds)]
    return [*events, ActionExecuted(name=ACTION_LISTEN)]


def _last_two_actions(tracker: Tracker) -> tuple[str | None, str | None]:
    executed = (
        node.event.name
        for node in tracker.applied.heads()
        if isinstance(node.event, ActionExecuted) and node.event.name != ACTION_LISTEN
    )
    return next(executed, None), next(executed, None)


BEHAVIOURS: Mapping[str, Behaviour] = {
    "action_listen": nothing,
    "action_unlikely_intent": nothing,
    "...": nothing,
    "action_restart": restart,
    "action_session_start": session_start,
    "action_default_fallback": default_fallback,
    "action_deactivate_loop": deactivate_loop,
    "action_revert_fallback_events": revert_fallback_events,
    ASK_AFFIRMATION: ask_affirmation,
    ASK_REPHRASE: ask_rephrase,
    "action_back": back,
}
"""Name to behaviour; both generations, by the modern names."""
