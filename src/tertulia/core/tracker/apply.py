"""One event's effect on the state. A table of small functions, one per event with an effect.

Events without an entry leave the state as it is; those that reach back (undo, rewind, restart,
session start) are the tracker's.

Source: spec events.md section 3.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec.structs import replace

from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    ConversationPaused,
    ConversationResumed,
    EntitiesAdded,
    Event,
    FollowupAction,
    LoopInterrupted,
    SlotSet,
    UserFeaturization,
    UserUttered,
)
from tertulia.core.tracker.state import LoopState, State, TrackerRules


def apply(state: State, event: Event, rules: TrackerRules) -> State:
    """Return the state after the event. Pure; `state` is left as it was."""
    effect = _EFFECTS.get(type(event))
    return state if effect is None else effect(state, event, rules)


def _user(state: State, event: UserUttered, _: TrackerRules) -> State:
    return replace(state, latest_message=event, use_text=None, followup=None)


def _slot(state: State, event: SlotSet, rules: TrackerRules) -> State:
    name, value = event.name, event.value
    if name not in rules.initial_slots:
        return state
    if name in rules.list_slots and value and not isinstance(value, list):
        value = [value]
    known = state.slots_set if name in state.slots_set else state.slots_set | {name}
    return replace(state, slots={**state.slots, name: value}, slots_set=known)


def _reset_slots(state: State, _: AllSlotsReset, rules: TrackerRules) -> State:
    return replace(state, slots=rules.initial_slots, slots_set=frozenset[str]())


def _pause(state: State, _: ConversationPaused, __: TrackerRules) -> State:
    return replace(state, paused=True)


def _resume(state: State, _: ConversationResumed, __: TrackerRules) -> State:
    return replace(state, paused=False)


def _followup(state: State, event: FollowupAction, _: TrackerRules) -> State:
    return replace(state, followup=event.name)


def _action(state: State, event: ActionExecuted, _: TrackerRules) -> State:
    loop = state.loop
    if loop is not None and loop.name is not None:
        rejected = loop.rejected and event.name != loop.name
        if loop.is_interrupted or rejected != loop.rejected:
            loop = replace(loop, is_interrupted=False, rejected=rejected)
    return replace(
        state,
        latest_action=event.name if event.name is not None else event.action_text,
        latest_action_is_text=event.name is None,
        followup=None,
        loop=loop,
    )


def _rejected(state: State, event: ActionExecutionRejected, _: TrackerRules) -> State:
    if state.loop is None or state.loop.name != event.name:
        return state
    return replace(state, loop=replace(state.loop, rejected=True))


def _loop(state: State, event: ActiveLoop, _: TrackerRules) -> State:
    if event.name is None:
        return replace(state, loop=None)
    trigger = state.latest_message.parse_data
    return replace(state, loop=LoopState(name=event.name, trigger_message=trigger))


def _interrupted(state: State, event: LoopInterrupted, rules: TrackerRules) -> State:
    loop = state.loop
    if loop is None:
        if rules.generation is Generation.MODERN:
            return state
        loop = LoopState()
    return replace(state, loop=replace(loop, is_interrupted=event.is_interrupted))


def _featurization(state: State, event: UserFeaturization, _: TrackerRules) -> State:
    if state.latest_action != ACTION_LISTEN:
        return state
    return replace(state, use_text=event.use_text_for_featurization)


def _entities(state: State, event: EntitiesAdded, _: TrackerRules) -> State:
    if state.latest_action != ACTION_LISTEN:
        return state
    message = state.latest_message
    known = message.entities
    added = [entity for entity in event.entities if entity not in known]
    if not added:
        return state
    data = {**message.parse_data, "entities": [*known, *added]}
    return replace(state, latest_message=replace(message, parse_data=data))


_Effect = Callable[[State, Any, TrackerRules], State]

_EFFECTS: Mapping[type[Event], _Effect] = cast(
    Mapping[type[Event], _Effect],
    {
        UserUttered: _user,
        SlotSet: _slot,
        AllSlotsReset: _reset_slots,
        ConversationPaused: _pause,
        ConversationResumed: _resume,
        FollowupAction: _followup,
        ActionExecuted: _action,
        ActionExecutionRejected: _rejected,
        ActiveLoop: _loop,
        LoopInterrupted: _interrupted,
        UserFeaturization: _featurization,
        EntitiesAdded: _entities,
    },
)
