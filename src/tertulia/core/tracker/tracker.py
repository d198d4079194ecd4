"""The tracker: one conversation as a value, folded from its events.

Nothing but `advance` makes a new tracker. Every step costs O(1), whatever the length of the
conversation (an undo costs what it takes back; a slot change costs the number of slots).

Source: spec events.md sections 3 to 5.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ACTION_SESSION_START,
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    Event,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.core.tracker.apply import apply
from tertulia.core.tracker.history import Node, collapse, drop_last, repeats_loop
from tertulia.core.tracker.state import State, TrackerRules

Json = Any

_RECENT_TURNS = 3
_TURN_ENDS = (ACTION_LISTEN, ACTION_SESSION_START)


class Tracker(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation after `version` events.

    state: what holds now. applied: events still in force, newest node; its state differs from
    `state` only where the originals' does, until the next undo, rewind or restart.
    last_event: newest event of the log. last_execution: newest action or rejection of the log.
    latest_input_channel: of the newest user event of the log, taken back or not.
    loops: names of all loops ever activated. run_length: actions executed since the last
    action_listen or session start of the log. recent_turns: the newest three user messages and
    rewinds of the log since its last restart, newest last.
    """

    sender_id: str
    rules: TrackerRules
    state: State
    applied: Node
    version: int = 0
    latest_event_time: float | None = None
    latest_input_channel: str | None = None
    last_event: Event | None = None
    last_execution: Event | None = None
    loops: frozenset[str] = frozenset()
    run_length: int = 0
    recent_turns: tuple[Event, ...] = ()

    @property
    def slots(self) -> dict[str, Json]:
        """Return all slots; read only."""
        return self.state.slots

    def applied_events(self) -> list[Event]:
        """Return the events in force, oldest first. Cost: their number.

        Raises:
            HistoryTruncated: older events in force were not loaded.
        """
        self.applied.root.below()
        found = [node.event for node in self.applied.nodes() if node.event is not None]
        found.reverse()
        return found


def new_tracker(sender_id: str, rules: TrackerRules) -> Tracker:
    """Return a conversation without events."""
    state = rules.initial
    return Tracker(sender_id=sender_id, rules=rules, state=state, applied=Node(None, None, state))


def replay(sender_id: str, rules: TrackerRules, events: Iterable[Event]) -> Tracker:
    """Return the conversation that these events make."""
    return advance_all(new_tracker(sender_id, rules), events)


def advance_all(tracker: Tracker, events: Iterable[Event]) -> Tracker:
    """Return the conversation after further events."""
    for event in events:
        tracker = advance(tracker, event)
    return tracker


def prefixes(sender_id: str, rules: TrackerRules, events: Sequence[Event]) -> list[Tracker]:
    """Return the conversation after 0, 1, ... n events."""
    trackers = [new_tracker(sender_id, rules)]
    for event in events:
        trackers.append(advance(trackers[-1], event))
    return trackers


def advance(tracker: Tracker, event: Event) -> Tracker:
    """Return the conversation after one more event. `tracker` is left as it was.

    Raises:
        HistoryTruncated: an undo or rewind reaches before the loaded part.
    """
    state, applied = _fold(tracker, event)
    channel, execution = tracker.latest_input_channel, tracker.last_execution
    loops, run_length = tracker.loops, tracker.run_length
    if isinstance(event, UserUttered):
        channel = event.input_channel
    elif isinstance(event, (ActionExecuted, ActionExecutionRejected)):
        execution = event
        if isinstance(event, ActionExecuted):
            run_length = 0 if event.name in _TURN_ENDS else run_length + 1
    elif isinstance(event, ActiveLoop) and event.name is not None and event.name not in loops:
        loops = loops | {event.name}
    return Tracker(
        sender_id=tracker.sender_id,
        rules=tracker.rules,
        state=state,
        applied=applied,
        version=tracker.version + 1,
        latest_event_time=event.timestamp,
        latest_input_channel=channel,
        last_event=event,
        last_execution=execution,
        loops=loops,
        run_length=run_length,
        recent_turns=_recent(tracker.recent_turns, event),
    )


def _recent(turns: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    if isinstance(event, Restarted):
        return ()
    if isinstance(event, (UserUttered, UserUtteranceReverted)):
        return (*turns, event)[-_RECENT_TURNS:]
    return turns


def _fold(tracker: Tracker, event: Event) -> tuple[State, Node]:
    rules, top = tracker.rules, tracker.applied
    if isinstance(event, UserUtteranceReverted):
        top = drop_last(drop_last(top, UserUttered), ActionExecuted)
        return top.state, top
    if isinstance(event, ActionReverted):
        top = drop_last(top, ActionExecuted)
        return top.state, top
    if isinstance(event, SessionStarted):
        return _start_over(rules)
    if isinstance(event, Restarted):
        state, root = _start_over(rules)
        if rules.generation is Generation.MODERN:
            state = replace(state, followup=ACTION_SESSION_START)
        return state, root
    new_top = _append(top, event, tracker)
    if tracker.state is top.state and new_top.event is event:
        return new_top.state, new_top
    state = apply(tracker.state, event, rules)
    if isinstance(event, ActionExecuted) and state == new_top.state:
        state = new_top.state  # they met again: from here one fold serves both
    return state, new_top


def _start_over(rules: TrackerRules) -> tuple[State, Node]:
    state = rules.initial
    return state, Node(None, None, state)


def _append(top: Node, event: Event, tracker: Tracker) -> Node:
    rules = tracker.rules
    if (
        rules.generation is Generation.MODERN
        and isinstance(event, ActionExecuted)
        and event.name in tracker.loops
    ):
        return _execute_loop(top, event, rules)
    return Node(event, top, apply(top.state, event, rules))


def _execute_loop(top: Node, event: ActionExecuted, rules: TrackerRules) -> Node:
    """Append a loop's execution, or hide the happy path that led to it (modern only).

    An action is a loop from its first activation on. The originals also look at activations
    that come later, which would make the past depend on the future.
    """
    previous = repeats_loop(top, event.name or "")
    if previous is None:
        return Node(event, top, apply(top.state, event, rules))
    return collapse(top, previous, lambda node, ev: Node(ev, node, apply(node.state, ev, rules)))
