"""What of a project is used where: the facts that several checks need, gathered once."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.actions.extraction import VALIDATE_SLOT_MAPPINGS
from tertulia.core.domain.actions import default_actions, user_actions
from tertulia.core.domain.model import Domain
from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    FollowupAction,
    SlotSet,
    UserUttered,
)
from tertulia.data.nlu import NluData
from tertulia.data.stories.model import Checkpoint, StepEvent, StoryData
from tertulia.training.project import ProjectData

Json = Any

_PAYLOAD: Final = re.compile(r"/([^{@\s]+)(?:@[\d.]+)?\s*(\{.*\})?\s*", re.DOTALL)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Names that are used, by kind.

    intents, actions, slots, loops: of stories and rules. first: place where each action is first
    run. sent_intents, sent_entities: what buttons send in the place of a text. outside: actions
    that run on an action server, as far as the domain lists them.
    """

    intents: frozenset[str]
    actions: frozenset[str]
    slots: frozenset[str]
    loops: frozenset[str]
    entities: frozenset[str]
    first: Mapping[str, SourceSpan | None]
    sent_intents: frozenset[str]
    sent_entities: frozenset[str]
    outside: frozenset[str]


def usage_of(data: ProjectData, domain: Domain) -> Usage:
    """Return what a project uses. Cost: one look at everything."""
    found = _Found()
    for placed in story_events(data.stories):
        found.note(placed)
    for story in (*data.stories.stories, *data.stories.rules):
        for item in story.items:
            if isinstance(item, Checkpoint):
                found.slots.update(item.conditions)
    payloads = list(_payloads(domain))
    return Usage(
        intents=frozenset(found.intents),
        actions=frozenset(found.first),
        slots=frozenset(found.slots),
        loops=frozenset(found.loops),
        entities=frozenset(found.entities),
        first=found.first,
        sent_intents=frozenset(intent for intent, _ in payloads),
        sent_entities=frozenset(name for _, names in payloads for name in names),
        outside=outside_actions(domain),
    )


def story_events(stories: StoryData) -> Iterator[StepEvent]:
    """Yield the events of all stories and rules, alternatives included."""
    for story in (*stories.stories, *stories.rules):
        yield from story.events()


def outside_actions(domain: Domain) -> frozenset[str]:
    """Return the actions that only an action server can run; forms of 0.x run there, too."""
    remote = {form.name for form in domain.forms.values() if form.is_remote}
    own = {
        name
        for name in user_actions(domain) - frozenset(default_actions(domain.generation))
        if not name.startswith("utter_") and name not in domain.e2e_actions
    }
    return frozenset(own | remote)


def is_called_by_product(name: str, domain: Domain) -> bool:
    """Tell whether the product itself calls such an action: to fill slots, in a form."""
    if name == VALIDATE_SLOT_MAPPINGS or name in default_actions(domain.generation):
        return True
    if name.removeprefix("validate_") in domain.forms:
        return True
    asked = {slot for form in domain.forms.values() for slot in form.required_slots}
    asked |= {f"{form.name}_{slot}" for form in domain.forms.values() for slot in domain.slots}
    asked |= set(domain.slots)
    return name.startswith("action_ask_") and name.removeprefix("action_ask_") in asked


def questions(form: str, slot: str) -> tuple[str, ...]:
    """Return the names of what may ask for a slot in a form, first come first."""
    return (
        f"action_ask_{form}_{slot}",
        f"utter_ask_{form}_{slot}",
        f"action_ask_{slot}",
        f"utter_ask_{slot}",
    )


def is_sent_by_code(name: str, usage: Usage, domain: Domain) -> bool:
    """Tell whether a response can only be meant for custom actions to send."""
    return bool(usage.outside) and not is_said(name, usage, domain)


def is_said(name: str, usage: Usage, domain: Domain) -> bool:
    """Tell whether stories, forms or the product say a response."""
    if name in usage.actions or name.partition("/")[0] in usage.actions:
        return True
    if any(intent.triggers == name for intent in domain.intents.values()):
        return True
    return name in said_by_product(domain)


def said_by_product(domain: Domain) -> frozenset[str]:
    """Return the responses that built-in actions and forms say."""
    names = {"utter_restart", "utter_default", "utter_ask_rephrase", "utter_back"}
    for form in domain.forms.values():
        for slot in form.required_slots:
            names.update(questions(form.name, slot))
        if form.is_remote:
            # Which slots a form of 0.x asks for is known only to its code.
            names.update(name for name in domain.responses if name.startswith("utter_ask_"))
    return frozenset(names)


def annotations(nlu: NluData) -> frozenset[tuple[str, str | None, str | None]]:
    """Return every annotated entity with its role and group."""
    return frozenset(
        (entity.entity, entity.role, entity.group)
        for example in nlu.examples
        for entity in example.entities
    )


class _Found:
    def __init__(self) -> None:
        self.intents: set[str] = set()
        self.slots: set[str] = set()
        self.loops: set[str] = set()
        self.entities: set[str] = set()
        self.first: dict[str, SourceSpan | None] = {}

    def note(self, placed: StepEvent) -> None:
        event = placed.event
        if isinstance(event, UserUttered):
            if event.intent_name is not None:
                self.intents.add(event.intent_name)
            self.entities.update(str(entity.get("entity")) for entity in event.entities)
        elif isinstance(event, ActionExecuted | FollowupAction):
            if event.name is not None:
                self.first.setdefault(event.name, placed.at)
        elif isinstance(event, SlotSet):
            self.slots.add(event.name)
        elif isinstance(event, ActiveLoop) and event.name is not None:
            self.loops.add(event.name)


def _payloads(domain: Domain) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the intent of each button and the entities it sends along."""
    for variations in domain.responses.values():
        for variation in variations:
            for text in _texts(variation.content):
                if (match := _PAYLOAD.fullmatch(text)) is not None:
                    yield match[1], tuple(_entities(match[2]))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        for inner in cast(Mapping[str, Json], value).values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in cast(Sequence[Json], value):
            yield from _texts(inner)


def _entities(written: str | None) -> Iterator[str]:
    try:
        found: Json = json.loads(written or "{}")
    except ValueError:
        return
    if isinstance(found, dict):
        yield from cast(dict[str, Json], found)
