"""Conversations for people to read: one line for each thing that happens.

Source: spec evaluation.md section 3.
"""

import json
from collections.abc import Iterable, Iterator

from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActiveLoop,
    Event,
    FollowupAction,
    SlotSet,
    UserUttered,
)
from tertulia.data.stories.lines import NAMES_BY_EVENT


def dialogue(events: Iterable[Event], until: Event | None = None) -> tuple[str, ...]:
    """Return what happens, one line each; that the bot waits for the user is left out.

    until: this very object ends the conversation and is not part of it.
    """
    return tuple(_lines(events, until))


def _lines(events: Iterable[Event], until: Event | None) -> Iterator[str]:
    for event in events:
        if event is until:
            return
        line = _line(event)
        if line is not None:
            yield line


def _line(event: Event) -> str | None:
    if isinstance(event, UserUttered):
        return _message(event)
    if isinstance(event, ActionExecuted):
        return _action(event)
    if isinstance(event, SlotSet):
        return f"slot: {event.name} = {_value(event.value)}"
    if isinstance(event, ActiveLoop):
        return "form: none" if event.name is None else f"form: {event.name}"
    if isinstance(event, FollowupAction):
        return f"next: {event.name}"
    name = NAMES_BY_EVENT.get(type(event))
    return None if name is None else f"bot: {name}"


def _message(event: UserUttered) -> str:
    values = {
        str(entity["entity"]): entity.get("value")
        for entity in event.entities
        if entity.get("entity") is not None
    }
    said = event.intent_name or _value(event.text or "")
    return f"user: {said}{_value(values)}" if values else f"user: {said}"


def _action(event: ActionExecuted) -> str | None:
    if event.name == ACTION_LISTEN:
        return None
    if event.name == RULE_SNIPPET_ACTION:
        return "..."
    return f"bot: {event.name}" if event.name else f"bot: {_value(event.action_text)}"


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
