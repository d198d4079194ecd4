"""The two-stage fallback of the modern generation: a loop that asks what was meant.

Source: spec policies.md section 9.3.
"""

from tertulia.core.actions.context import RunContext, Runner
from tertulia.core.actions.defaults import (
    ASK_AFFIRMATION,
    ASK_REPHRASE,
    NLU_FALLBACK,
    OUT_OF_SCOPE,
    affirmed,
)
from tertulia.core.asks import Script
from tertulia.core.events import (
    ACTION_DEFAULT_FALLBACK,
    ACTION_LISTEN,
    ActionExecuted,
    ActiveLoop,
    Event,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.core.tracker import Tracker

NAME = "action_two_stage_fallback"


def run(tracker: Tracker, context: RunContext, run_action: Runner) -> Script[list[Event]]:
    """Ask for affirmation, then for a rephrasing, then give up; end when it is clear."""
    intents = _last_intents(tracker)
    events: list[Event] = []
    activated = tracker.state.active_loop != NAME
    if activated:
        events.append(ActiveLoop(name=NAME))
    gives_up = intents[:2] == [NLU_FALLBACK] * 2 or intents == [
        OUT_OF_SCOPE,
        NLU_FALLBACK,
        OUT_OF_SCOPE,
    ]
    clear = intents[:1] not in ([NLU_FALLBACK], [OUT_OF_SCOPE])
    if not (gives_up or clear):
        asks = activated or intents[:1] == [NLU_FALLBACK]
        question = ASK_AFFIRMATION if asks else ASK_REPHRASE
        events += yield from run_action(question, tracker, context)
        return events
    events.append(ActiveLoop(name=None))
    if gives_up:
        events += yield from run_action(ACTION_DEFAULT_FALLBACK, tracker, context)
        return events
    message = affirmed(tracker.state.latest_message)
    return [*events, UserUtteranceReverted(), ActionExecuted(name=ACTION_LISTEN), message]


def _last_intents(tracker: Tracker) -> list[str | None]:
    """Return the intents of the newest user messages, newest first; a rewind ends the row."""
    found: list[str | None] = []
    for event in reversed(tracker.recent_turns):
        if not isinstance(event, UserUttered):
            break
        found.append(event.intent_name)
    return found
