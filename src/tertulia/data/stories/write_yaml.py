"""Stories and rules to YAML of 3.x.

Rule: what the reader would read differently is never written in silence: it raises or is listed
in `write_yaml`'s documentation as left out.

Source: spec stories.md section 11.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, cast

from tertulia.base.errors import DataError
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.data.nlu.annotations import annotate
from tertulia.data.nlu.model import Entity
from tertulia.data.stories.lines import NAMES_BY_EVENT
from tertulia.data.stories.model import (
    SHOULD_NOT_BE_SET,
    STORY_START,
    Alternatives,
    Checkpoint,
    StepEvent,
    Story,
    StoryItem,
)
from tertulia.data.version import NEWEST
from tertulia.data.yaml import dump

Json = Any
Mapped = dict[str, Json]


def write_yaml(stories: Iterable[Story]) -> str:
    """Return a file that holds the stories and rules, in their order.

    Left out: texts beside an intent outside test stories, which nothing learns from; and what
    YAML stories cannot say: follow-ups, reminders, messages of the bot and whatever else no
    story line stands for, confidences and policies.

    Raises:
        DataError: the text of a user message cannot be written with its annotations (T358).
    """
    listed = list(stories)
    out: dict[str, Json] = {"version": NEWEST}
    if plain := [_block(story) for story in listed if not story.is_rule]:
        out["stories"] = plain
    if rules := [_block(story) for story in listed if story.is_rule]:
        out["rules"] = rules
    return dump(out)


def _block(story: Story) -> Mapped:
    if not story.is_rule:
        return {"story": story.name, "steps": _steps(story.items, story)}
    items = list(story.items)
    out: Mapped = {"rule": story.name}
    at = next((i for i, item in enumerate(items) if _is_snippet(item)), None)
    is_before = at is not None and all(_is_condition(item) for item in items[:at])
    # A mark with nothing behind it closes the rule, it does not open it.
    if at is not None and is_before and at + 1 < len(items):
        if at:
            out["condition"] = _steps(items[:at], story)
        items = items[at + 1 :]
    else:
        out["conversation_start"] = True
    if items and _is_snippet(items[-1]):
        out["wait_for_user_input"] = False
        items.pop()
    out["steps"] = _steps(items, story)
    return out


def _is_snippet(item: StoryItem) -> bool:
    return (
        isinstance(item, StepEvent)
        and isinstance(item.event, ActionExecuted)
        and item.event.name == RULE_SNIPPET_ACTION
    )


def _is_condition(item: StoryItem) -> bool:
    return isinstance(item, StepEvent) and isinstance(item.event, (SlotSet, ActiveLoop))


def _steps(items: Sequence[StoryItem], story: Story) -> list[Mapped]:
    steps: list[Mapped] = []
    for is_slot, group in groupby(items, key=_is_slot):
        if is_slot:
            slots = [_slot(cast(StepEvent, item), story) for item in group]
            steps.append({"slot_was_set": slots})
            continue
        for item in group:
            step = _step(item, story)
            if step is not None:
                steps.append(step)
    return steps


def _is_slot(item: StoryItem) -> bool:
    return isinstance(item, StepEvent) and isinstance(item.event, SlotSet)


def _step(item: StoryItem, story: Story) -> Mapped | None:
    if isinstance(item, Checkpoint):
        if item.name == STORY_START:
            return None
        step: Mapped = {"checkpoint": item.name}
        if item.conditions:
            step["slot_was_set"] = [{name: value} for name, value in item.conditions.items()]
        return step
    if isinstance(item, Alternatives):
        return {"or": [step for option in item.options for step in _option(option, story)]}
    return _event(item.event, story)


def _option(option: Sequence[StepEvent], story: Story) -> list[Mapped]:
    return _steps(option, story)


def _slot(placed: StepEvent, story: Story) -> Mapped:
    event = cast(SlotSet, placed.event)
    return {event.name: _or_null(event.value, story)}


def _or_null(value: Json, story: Story) -> Json:
    return None if story.is_rule and value == SHOULD_NOT_BE_SET else value


def _event(event: Event, story: Story) -> Mapped | None:
    write = _WRITERS.get(type(event))
    if write is not None:
        return write(event, story)
    name = NAMES_BY_EVENT.get(type(event))
    return None if name is None else {"action": name}


def _action(event: ActionExecuted, story: Story) -> Mapped | None:
    if event.name is None:
        return {"bot": event.action_text or ""}
    return {"action": event.name}


def _loop(event: ActiveLoop, story: Story) -> Mapped:
    return {"active_loop": _or_null(event.name, story)}


def _user(event: UserUttered, story: Story) -> Mapped:
    out: Mapped = {}
    intent = event.intent
    name = intent.get("full_retrieval_intent_name") or intent.get("name")
    if name is not None:
        out["intent"] = name
    if event.text is not None and (name is None or story.is_test):
        out["user"] = annotated_text(event)
    has_places = all("start" in entity for entity in event.entities)
    if event.entities and not ("user" in out and has_places):
        out["entities"] = [entity_item(entity) for entity in event.entities]
    return out


def entity_item(entity: Mapping[str, Json]) -> Json:
    """Return an entity as an element of a step's `entities`."""
    name, value = str(entity.get("entity")), entity.get("value")
    parts = {part: entity[part] for part in ("role", "group") if entity.get(part)}
    if value == "" and not parts:
        return name
    return {name: value, **parts}


def annotated_text(event: UserUttered) -> str:
    """Return the message with its entities written in, as far as they have a place in it.

    Raises:
        DataError: no annotation can express them.
    """
    text = event.text or ""
    if text.startswith("/"):
        return text
    return annotate(text, entities_in_place(event))


def entities_in_place(event: UserUttered) -> list[Entity]:
    """Return the entities that have a place in the message's text.

    Raises:
        DataError: a place or type is no such thing (T358).
    """
    text = event.text or ""
    try:
        return [
            Entity(
                start=int(entity["start"]),
                end=int(entity["end"]),
                entity=str(entity["entity"]),
                value=entity.get("value"),
                role=entity.get("role"),
                group=entity.get("group"),
            )
            for entity in event.entities
            if _is_in(entity, text)
        ]
    except KeyError as error:
        raise DataError("an entity of this message has no type", code="T358") from error


def _is_in(entity: Mapping[str, Json], text: str) -> bool:
    start, end = entity.get("start"), entity.get("end")
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)


_WRITERS: Mapping[type[Event], Callable[[Any, Story], Mapped | None]] = {
    UserUttered: _user,
    ActionExecuted: _action,
    ActiveLoop: _loop,
}
