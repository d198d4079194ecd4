"""Names of stories to events: what `- slot{"a": 1}` or `action: rewind` stand for.

Source: spec stories.md section 1.4.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from tertulia.base.errors import DataError
from tertulia.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    ConversationPaused,
    ConversationResumed,
    Event,
    FollowupAction,
    ReminderScheduled,
    Restarted,
    SessionStarted,
    SlotSet,
    StoryExported,
    UserUtteranceReverted,
)

Json = Any

NAMED_EVENTS: Mapping[str, type[Event]] = {
    "restart": Restarted,
    "rewind": UserUtteranceReverted,
    "reset_slots": AllSlotsReset,
    "undo": ActionReverted,
    "pause": ConversationPaused,
    "resume": ConversationResumed,
    "export": StoryExported,
    "session_started": SessionStarted,
}
"""Events that stories name like actions; none takes arguments."""

NAMES_BY_EVENT: Mapping[type[Event], str] = {kind: name for name, kind in NAMED_EVENTS.items()}


def story_event(name: str, arguments: Mapping[str, Json]) -> list[Event]:
    """Return the events of one Markdown line; only `slot` gives several.

    Raises:
        DataError: the arguments do not fit.
    """
    if name == "slot":
        if not arguments:
            _refuse("'slot' names no slot", 'Write - slot{"name": value}.')
        return [SlotSet(name=slot, value=value) for slot, value in arguments.items()]
    read = _WITH_ARGUMENTS.get(name)
    if read is not None:
        return [read(arguments)]
    kind = NAMED_EVENTS.get(name)
    if kind is not None:
        return [kind()]
    return [_action(name, arguments)]


def action_or_event(name: str) -> Event:
    """Return what `action: name` of a YAML story stands for."""
    kind = NAMED_EVENTS.get(name)
    return ActionExecuted(name=name) if kind is None else kind()


def _action(name: str, arguments: Mapping[str, Json]) -> ActionExecuted:
    confidence = arguments.get("confidence")
    if confidence is not None and (
        isinstance(confidence, bool) or not isinstance(confidence, (int, float))
    ):
        _refuse("'confidence' is no number", 'Write - action{"confidence": 0.9}.')
    return ActionExecuted(
        name=_text(arguments, "name", name),
        policy=_text_or_none(arguments, "policy"),
        confidence=None if confidence is None else float(confidence),
    )


def _loop(arguments: Mapping[str, Json]) -> ActiveLoop:
    if "name" not in arguments:
        _refuse(
            "'form' does not say which form",
            'Write - form{"name": "my_form"}, or - form{"name": null} when it ends.',
        )
    return ActiveLoop(name=_text_or_none(arguments, "name"))


def _followup(arguments: Mapping[str, Json]) -> FollowupAction:
    if "name" not in arguments:
        _refuse("'followup' names no action", 'Write - followup{"name": "action_x"}.')
    return FollowupAction(name=_text_or_none(arguments, "name"))


def _reminder(arguments: Mapping[str, Json]) -> ReminderScheduled:
    kill = arguments.get("kill_on_user_msg", True)
    if not isinstance(kill, bool):
        _refuse("'kill_on_user_msg' is neither true nor false", "Write true or false.")
    if not isinstance(arguments.get("date_time"), str):
        _refuse("'reminder' says no 'date_time'", 'Write "date_time": "2030-01-31T12:00:00".')
    return ReminderScheduled(
        date_time=_text(arguments, "date_time", ""),
        name=_text(arguments, "name", "reminder"),
        action=_text_or_none(arguments, "action"),
        kill_on_user_msg=kill,
    )


_WITH_ARGUMENTS: Mapping[str, Callable[[Mapping[str, Json]], Event]] = {
    "form": _loop,
    "active_loop": _loop,
    "followup": _followup,
    "reminder": _reminder,
}


def _text(arguments: Mapping[str, Json], key: str, default: str) -> str:
    return _text_or_none(arguments, key) or default


def _text_or_none(arguments: Mapping[str, Json], key: str) -> str | None:
    value = arguments.get(key)
    if value is not None and not isinstance(value, str):
        _refuse(f"'{key}' is no text", f'Write {{"{key}": "..."}}.')
    return value


def _refuse(message: str, hint: str) -> NoReturn:
    raise DataError(message, hint=hint, code="T308")
