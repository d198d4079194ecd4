"""Stories to Markdown of 0.x and 1.x.

Source: spec stories.md section 1.6.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tertulia.base.errors import DataError
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActiveLoop,
    Event,
    FollowupAction,
    ReminderScheduled,
    SlotSet,
    UserUttered,
)
from tertulia.core.regex_message import PREFIX, read_legacy
from tertulia.data.nlu.annotations import annotate
from tertulia.data.stories.lines import NAMES_BY_EVENT
from tertulia.data.stories.model import STORY_START, Alternatives, Checkpoint, Story, StoryItem
from tertulia.data.stories.write_yaml import entities_in_place

Json = Any


def write_markdown(stories: Iterable[Story]) -> str:
    """Return a file that holds the stories.

    Left out: messages of the bot and whatever else no story line stands for; action_listen.
    Test stories are written with their messages.

    Raises:
        DataError: Markdown cannot say it: rules, end-to-end actions, alternatives of slots,
            entities with roles or groups outside test stories, messages that annotations
            cannot express (code T358).
    """
    return "\n".join("".join(_lines(story)) for story in stories)


def _lines(story: Story) -> Iterable[str]:
    if story.is_rule:
        raise _cannot(f"the rule '{story.name}'")
    yield f"## {story.name}\n"
    for item in story.items:
        yield from _item(item, story)


def _item(item: StoryItem, story: Story) -> Iterable[str]:
    if isinstance(item, Checkpoint):
        if item.name != STORY_START:
            conditions = to_json(item.conditions) if item.conditions else ""
            yield f"> {item.name}{conditions}\n"
    elif isinstance(item, Alternatives):
        yield f"* {' OR '.join(_alternatives(item, story))}\n"
    elif isinstance(item.event, UserUttered):
        yield f"* {_message(item.event, story)}\n"
    elif (line := event_line(item.event)) is not None:
        yield f"    - {line}\n"


def _alternatives(item: Alternatives, story: Story) -> list[str]:
    events = [placed.event for option in item.options for placed in option]
    messages = [event for event in events if isinstance(event, UserUttered)]
    if len(messages) < len(events) or len(events) > len(item.options):
        raise _cannot("alternatives of anything but single user messages")
    return [_message(event, story) for event in messages]


def _message(event: UserUttered, story: Story) -> str:
    if story.is_test:
        text = event.text or ""
        shown = text if text.startswith(PREFIX) else annotate(text, entities_in_place(event))
        return f"{event.intent_name}: {shown}"
    message = intent_line(event)
    read = read_legacy(message)
    stated = [(e.get("entity"), e.get("value")) for e in read.entities]
    wanted = [(e.get("entity"), e.get("value")) for e in event.entities]
    has_parts = any(e.get("role") or e.get("group") for e in event.entities)
    if read.intent != event.intent_name or stated != wanted or has_parts:
        raise _cannot(f"the user message of the intent '{event.intent_name}'")
    return message


def _cannot(what: str) -> DataError:
    return DataError(
        f"Markdown stories cannot say this: {what}", hint="Write YAML instead.", code="T358"
    )


def intent_line(event: UserUttered) -> str:
    """Return `intent{"entity": value}`; the message as it was written when it says the same."""
    confidence = event.intent.get("confidence")
    text = event.text
    if text:
        read = read_legacy(text)
        same_intent = read.intent == event.intent_name and read.confidence == confidence
        if same_intent and list(read.entities) == event.entities:
            return text
    sure = confidence is None or confidence == 1.0
    stated = "" if sure else f"@{confidence}"
    values: dict[str, list[Json]] = {}
    for entity in event.entities:
        values.setdefault(str(entity.get("entity")), []).append(entity.get("value"))
    shown = {
        name: found[0] if len(found) == 1 and not isinstance(found[0], list) else found
        for name, found in values.items()
    }
    return f"{event.intent_name}{stated}{to_json(shown) if shown else ''}"


def event_line(event: Event) -> str | None:
    """Return what follows the dash for an event; None when stories do not show it.

    Raises:
        DataError: an end-to-end action (T358).
    """
    write = _LINES.get(type(event))
    return NAMES_BY_EVENT.get(type(event)) if write is None else write(event)


def _action(event: ActionExecuted) -> str | None:
    if event.name is None:
        raise _cannot(f"the bot's text '{event.action_text}'")
    if event.name == ACTION_LISTEN:
        return None
    parts = {"policy": event.policy, "confidence": event.confidence}
    given = {name: value for name, value in parts.items() if value is not None}
    return f"{event.name}{to_json(given) if given else ''}"


def _slot(event: SlotSet) -> str:
    return f"slot{to_json({event.name: event.value})}"


def _loop(event: ActiveLoop) -> str:
    return f"form{to_json({'name': event.name})}"


def _followup(event: FollowupAction) -> str:
    return f"followup{to_json({'name': event.name})}"


def _reminder(event: ReminderScheduled) -> str:
    arguments = {
        "action": event.action,
        "date_time": event.date_time,
        "name": event.name,
        "kill_on_user_msg": event.kill_on_user_msg,
    }
    return f"reminder{to_json(arguments)}"


_LINES: Mapping[type[Event], Callable[[Any], str | None]] = {
    ActionExecuted: _action,
    SlotSet: _slot,
    ActiveLoop: _loop,
    FollowupAction: _followup,
    ReminderScheduled: _reminder,
}


def to_json(data: Mapping[str, Json] | Sequence[Json]) -> str:
    """Return JSON on one line, as the originals write it."""
    return json.dumps(data, ensure_ascii=False)
