"""The predict-and-run loop as a script: it asks, the engine performs.

Source: spec policies.md section 3.
"""

from tertulia.base.errors import ActionRejected
from tertulia.core.actions.extraction import extract_slots
from tertulia.core.actions.run import RunContext, run_action
from tertulia.core.asks import Decide, Note, Remark, Script
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ACTION_SESSION_START,
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    Event,
    UserUttered,
)
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker, advance_all

TURN_ENDS = (ACTION_LISTEN, ACTION_SESSION_START)


def may_act(tracker: Tracker, context: RunContext) -> bool:
    """Tell whether the bot may act: not while paused, except on the intent to restart."""
    if not tracker.state.paused:
        return True
    return tracker.state.latest_message.intent_name == context.domain.restart_intent


def act_until_listen(tracker: Tracker, context: RunContext, *, limit: int) -> Script[Tracker]:
    """Predict and run actions until the bot listens; return the conversation then.

    limit: actions in one turn at the most; reached, the turn ends with a remark.
    """
    while may_act(tracker, context):
        if tracker.run_length >= limit:
            yield Remark(
                code="T701",
                text=f"stopped after {limit} actions in one turn; stories or rules never listen",
            )
            return tracker
        decision: Decision = yield Decide(tracker)
        tracker = yield from run_decision(tracker, decision, context)
        if decision.action in TURN_ENDS:
            return tracker
    return tracker


def run_decision(tracker: Tracker, decision: Decision, context: RunContext) -> Script[Tracker]:
    """Run the chosen action, log what it did, return the conversation after it."""
    foreseen = advance_all(tracker, decision.events)
    name = decision.action
    context = context.after(decision.events)
    try:
        events = yield from run_action(name, foreseen, context)
    except ActionRejected:
        rejected = ActionExecutionRejected(
            name=name, policy=decision.policy, confidence=decision.confidence
        )
        return (yield Note((rejected,)))
    if any(isinstance(event, ActionExecutionRejected) for event in events):
        return (yield Note(tuple(events)))
    executed = ActionExecuted(
        name=None if decision.action_text is not None else name,
        action_text=decision.action_text,
        policy=decision.policy,
        confidence=decision.confidence,
        hide_rule_turn=decision.hide_rule_turn,
    )
    ordered = _in_log_order(events, context.generation)
    tracker = yield Note((*decision.events, executed, *ordered))
    if any(isinstance(event, UserUttered) for event in events):
        tracker = yield from _fill_slots_again(tracker, context)
    return tracker


def _in_log_order(events: list[Event], generation: Generation) -> list[Event]:
    """0.x logs what an action says after its other events; later versions where it was said."""
    if generation is Generation.MODERN:
        return events
    said = [event for event in events if isinstance(event, BotUttered)]
    return [event for event in events if not isinstance(event, BotUttered)] + said


def _fill_slots_again(tracker: Tracker, context: RunContext) -> Script[Tracker]:
    if context.generation is Generation.LEGACY:
        return tracker
    filled = yield from extract_slots(tracker, context)
    return (yield Note(tuple(filled))) if filled else tracker


def session_start(tracker: Tracker, context: RunContext) -> Script[Tracker]:
    """Open a session the modern way: `action_session_start` and what it returns."""
    start = Decision(action=ACTION_SESSION_START, policy=None, confidence=1.0)
    return (yield from run_decision(tracker, start, context))
