"""The predict-and-run loop as a script: it asks, the engine performs.

Rule: every action that is logged says why it ran; see `Decision.trace` for how.

Source: spec policies.md section 3.
"""

from typing import Any

from msgspec.structs import replace

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

Trace = dict[str, Any]


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
        if tracker.run_length + 1 >= limit and decision.action not in TURN_ENDS:
            decision = replace(decision, remarks={**decision.remarks, "limit": limit})
        if decision.end_to_end:
            tracker = yield from _fill_slots_again(tracker, context)
        tracker = yield from run_decision(tracker, decision, context)
        if decision.action in TURN_ENDS:
            return tracker
    return tracker


def run_decision(tracker: Tracker, decision: Decision, context: RunContext) -> Script[Tracker]:
    """Run the chosen action, log what it did, return the conversation after it."""
    foreseen = advance_all(tracker, decision.events)
    name = decision.action
    context = context.after(decision.events)
    trace = decision.trace() if context.trace else None
    try:
        events = yield from run_action(name, foreseen, context)
    except ActionRejected:
        rejected = ActionExecutionRejected(
            name=name, policy=decision.policy, confidence=decision.confidence, trace=trace
        )
        return (yield Note((rejected,)))
    if any(isinstance(event, ActionExecutionRejected) for event in events):
        return (yield Note(tuple(_explained(events, name, trace))))
    executed = ActionExecuted(
        name=None if decision.action_text is not None else name,
        action_text=decision.action_text,
        policy=decision.policy,
        confidence=decision.confidence,
        hide_rule_turn=decision.hide_rule_turn,
        metadata=dict(decision.metadata),
        trace=trace,
    )
    ordered = _in_log_order(_explained(events, name, trace), context.generation)
    tracker = yield Note((*decision.events, executed, *ordered))
    if any(isinstance(event, UserUttered) for event in events):
        tracker = yield from _fill_slots_again(tracker, context)
    return tracker


def _explained(events: list[Event], name: str, trace: Trace | None) -> list[Event]:
    """Return what an action logged; actions that it ran itself are explained by it."""
    if trace is None:
        return events
    within: Trace = {"because": {"by": "action", "name": name}}

    def explained(event: Event) -> Event:
        if isinstance(event, ActionExecutionRejected):
            return replace(event, trace=trace)
        return replace(event, trace=within) if isinstance(event, ActionExecuted) else event

    return [explained(event) for event in events]


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


def first_listen(context: RunContext) -> ActionExecuted:
    """Return what a conversation of 0.x begins with."""
    trace: Trace = {"because": {"by": "conversation_start"}}
    return ActionExecuted(name=ACTION_LISTEN, trace=trace if context.trace else None)


def session_start(tracker: Tracker, context: RunContext) -> Script[Tracker]:
    """Open a session the modern way: `action_session_start` and what it returns."""
    why = {"by": "session_start"}
    start = Decision(action=ACTION_SESSION_START, policy=None, confidence=1.0, why=why)
    return (yield from run_decision(tracker, start, context))
