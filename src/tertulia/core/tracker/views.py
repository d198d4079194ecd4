"""Questions asked of a tracker: its JSON for clients and action servers, its event lists.

Source: spec events.md sections 6 and 7.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from tertulia.core.events import Event, Restarted
from tertulia.core.events.codec import Family, encode_many
from tertulia.core.tracker.state import LoopState, State
from tertulia.core.tracker.tracker import Tracker

Json = Any


class Verbosity(Enum):
    """Which events a tracker's JSON holds."""

    NONE = "NONE"
    ALL = "ALL"
    APPLIED = "APPLIED"
    AFTER_RESTART = "AFTER_RESTART"


class Shape(Enum):
    """Which keys a tracker's JSON has: those of one family, or all (for action servers)."""

    LEGACY = "legacy"
    MODERN = "modern"
    UNION = "union"


def after_restart(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events after the last restart, all when there was none."""
    for index in range(len(events) - 1, -1, -1):
        if isinstance(events[index], Restarted):
            return events[index + 1 :]
    return events


def select_events(
    tracker: Tracker, log: Sequence[Event], verbosity: Verbosity
) -> Sequence[Event] | None:
    """Return the events a verbosity asks for. log: the loaded conversation, oldest first."""
    if verbosity is Verbosity.NONE:
        return None
    if verbosity is Verbosity.APPLIED:
        return tracker.applied_events()
    if verbosity is Verbosity.AFTER_RESTART:
        return after_restart(log)
    return log


def current_state(
    tracker: Tracker,
    events: Sequence[Event] | None,
    shape: Shape = Shape.UNION,
    *,
    old_names: bool = False,
    trace: bool = False,
) -> dict[str, Json]:
    """Return the tracker's JSON object.

    events: what its `events` key lists, None for null. old_names: events are named as action
    servers of 0.x and 1.x know them. trace: with the actions' explanations.
    """
    state = tracker.state
    legacy = shape is Shape.LEGACY
    family = Family.LEGACY if legacy else Family.OLD_NAMES if old_names else Family.MODERN
    out: dict[str, Json] = {
        "sender_id": tracker.sender_id,
        "slots": dict(state.slots),
        "latest_message": _latest_message(state, legacy=legacy),
        "latest_event_time": tracker.latest_event_time,
        "followup_action": state.followup,
        "paused": state.paused,
        "events": None if events is None else encode_many(events, family, trace=trace),
        "latest_input_channel": tracker.latest_input_channel,
        "latest_action_name": state.latest_action,
    }
    if shape is not Shape.MODERN:
        out["active_form"] = _form(state.loop, trigger=shape is Shape.UNION)
    if not legacy:
        out["active_loop"] = _loop(state.loop)
        out["latest_action"] = _latest_action(state)
    return out


def _latest_message(state: State, *, legacy: bool) -> dict[str, Json]:
    message = state.latest_message
    if message.text is None and not message.entities and not message.intent and legacy:
        return {"intent": {}, "entities": [], "text": None}
    out = dict(message.parse_data)
    if not legacy:
        out.setdefault("text", message.text)
        out.setdefault("message_id", message.message_id)
        out.setdefault("metadata", message.metadata)
    return out


def _latest_action(state: State) -> dict[str, Json]:
    if state.latest_action is None:
        return {}
    key = "action_text" if state.latest_action_is_text else "action_name"
    return {key: state.latest_action}


def _form(loop: LoopState | None, *, trigger: bool) -> dict[str, Json]:
    if loop is None:
        return {}
    if loop.name is None:
        return {"validate": not loop.is_interrupted}
    out: dict[str, Json] = {
        "name": loop.name,
        "validate": not loop.is_interrupted,
        "rejected": loop.rejected,
    }
    if trigger:
        out["trigger_message"] = loop.trigger_message
    return out


def _loop(loop: LoopState | None) -> dict[str, Json]:
    if loop is None or loop.name is None:
        return {}
    return {
        "name": loop.name,
        "is_interrupted": loop.is_interrupted,
        "rejected": loop.rejected,
        "trigger_message": loop.trigger_message,
    }
