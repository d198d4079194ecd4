"""Filling slots from a message: mappings of the modern generation, entity names of 0.x.

Source: spec domain.md sections 5.6 and 6.1.
"""

from typing import Any

from tertulia.base.errors import ActionRejected, ActionServerError, ResponseServerError
from tertulia.core.actions.context import RunContext
from tertulia.core.actions.custom import call_custom
from tertulia.core.asks import Remark, Script
from tertulia.core.domain.fill import auto_fill_slot
from tertulia.core.domain.model import Slot, SlotMapping
from tertulia.core.events import BotUttered, Event, SlotSet
from tertulia.core.tracker import Tracker, advance_all

Json = Any

VALIDATE_SLOT_MAPPINGS = "action_validate_slot_mappings"
_REQUESTED_SLOT = "requested_slot"


def extract_slots(tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Return the events that fill slots from the latest message (modern generation).

    Custom extraction actions and `action_validate_slot_mappings` are asked where the domain
    has them; their failure is remarked and survived.
    """
    events: list[Event] = []
    asked: set[str] = set()
    for slot in context.domain.slots.values():
        if slot.is_default:
            continue
        events += yield from _extract_slot(slot, tracker, context, asked)
    if VALIDATE_SLOT_MAPPINGS not in context.user_actions:
        return events
    return (yield from _validate(events, tracker, context))


def _extract_slot(
    slot: Slot, tracker: Tracker, context: RunContext, asked: set[str]
) -> Script[list[Event]]:
    if slot.auto_fill and not slot.mappings:
        filled = auto_fill_slot(context.domain, slot, tracker.state.latest_message.entities)
        return [filled] if filled is not None else []
    events: list[Event] = []
    for mapping in slot.mappings:
        if not _applies(mapping, slot, tracker, context):
            continue
        values = _values(mapping, tracker)
        if values:
            return [*events, *_assign(slot, values, tracker)]
        if mapping.type == "custom" and mapping.action and mapping.action not in asked:
            asked.add(mapping.action)
            events += yield from _ask(mapping.action, tracker, context, ())
    return events


def _assign(slot: Slot, values: list[Json], tracker: Tracker) -> list[Event]:
    value = values if slot.type == "list" else values[-1]
    if value is None and tracker.slots.get(slot.name) is None:
        return []
    return [SlotSet(name=slot.name, value=value)]


def _validate(
    candidates: list[Event], tracker: Tracker, context: RunContext
) -> Script[list[Event]]:
    slots = [event for event in candidates if isinstance(event, SlotSet)]
    said = [event for event in candidates if not isinstance(event, SlotSet)]
    answered = yield from _ask(VALIDATE_SLOT_MAPPINGS, tracker, context, tuple(slots))
    judged = {event.name for event in answered if isinstance(event, SlotSet)}
    return [*said, *answered, *(event for event in slots if event.name not in judged)]


def _ask(
    action: str, tracker: Tracker, context: RunContext, draft: tuple[SlotSet, ...]
) -> Script[list[Event]]:
    """Call a remote action that may only fill slots and speak; its failure is survived."""
    try:
        events = yield from call_custom(
            action,
            advance_all(tracker, draft),
            context,
            draft=draft,
            only_after_restart=action == VALIDATE_SLOT_MAPPINGS,
        )
    except (ActionRejected, ActionServerError, ResponseServerError) as error:
        yield Remark(code=error.code, text=f"'{action}' failed: {error.message}")
        return []
    kept: list[Event] = [event for event in events if isinstance(event, (SlotSet, BotUttered))]
    if len(kept) < len(events):
        yield Remark(
            code="T708", text=f"'{action}' may only return slot and bot events; others are dropped"
        )
    return kept


def _applies(mapping: SlotMapping, slot: Slot, tracker: Tracker, context: RunContext) -> bool:
    return (
        _is_valid(mapping, context)
        and _intent_is_desired(mapping, tracker, context)
        and _conditions_hold(mapping, slot, tracker)
        and not _is_ambiguous(mapping, slot, tracker, context)
    )


def _is_valid(mapping: SlotMapping, context: RunContext) -> bool:
    domain = context.domain
    if mapping.type == "from_entity" and mapping.entity not in domain.entities:
        return False
    wanted = mapping.intent if mapping.type == "from_intent" else ()
    return all(intent in domain.intents for intent in wanted)


def _intent_is_desired(mapping: SlotMapping, tracker: Tracker, context: RunContext) -> bool:
    blocked = set(mapping.not_intent)
    loop = tracker.state.active_loop
    form = context.domain.forms.get(loop) if loop else None
    if form is not None:
        named = [condition.active_loop for condition in mapping.conditions]
        if not named or loop in named:
            blocked.update(form.ignored_intents)
    intent = tracker.state.latest_message.intent_name
    return intent in mapping.intent or (not mapping.intent and intent not in blocked)


def _conditions_hold(mapping: SlotMapping, slot: Slot, tracker: Tracker) -> bool:
    if mapping.type == "from_trigger_intent":
        return _trigger_holds(mapping, tracker)
    if not mapping.conditions:
        return True
    loop = tracker.state.loop
    active = tracker.state.active_loop
    requested = tracker.slots.get(_REQUESTED_SLOT)
    if active and loop and loop.rejected and requested == slot.name:
        return False
    return any(
        condition.active_loop == active
        and (condition.requested_slot is None or condition.requested_slot == requested)
        for condition in mapping.conditions
    )


def _trigger_holds(mapping: SlotMapping, tracker: Tracker) -> bool:
    active = tracker.state.active_loop
    if active is None:
        return False
    named = [c.active_loop for c in mapping.conditions if c.active_loop is not None]
    return not named or active in named


def _is_ambiguous(mapping: SlotMapping, slot: Slot, tracker: Tracker, context: RunContext) -> bool:
    """An entity that could fill several slots of the active form fills only the requested one."""
    loop = tracker.state.active_loop
    form = context.domain.forms.get(loop) if loop else None
    if mapping.type != "from_entity" or form is None:
        return False
    if slot.name == tracker.slots.get(_REQUESTED_SLOT) or slot.name not in form.required_slots:
        return False
    same = 0
    for name in form.required_slots:
        required = context.domain.slots.get(name)
        if required is not None:
            same += sum(other.same_source(mapping) for other in required.mappings)
    return same != 1


def _values(mapping: SlotMapping, tracker: Tracker) -> list[Json]:
    message = tracker.state.latest_message
    if mapping.type == "from_entity":
        return [
            entity.get("value")
            for entity in message.entities
            if entity.get("entity") == mapping.entity
            and entity.get("role") == mapping.role
            and entity.get("group") == mapping.group
        ]
    if mapping.type == "from_text":
        return [message.text]
    if mapping.type in ("from_intent", "from_trigger_intent"):
        return [mapping.value]
    return []
