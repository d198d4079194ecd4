"""Builders for tests of stories: texts to stories, and a small domain."""

from textwrap import dedent

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import (
    Action,
    Domain,
    Entity,
    Form,
    Generation,
    Intent,
    Slot,
)
from tertulia.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories_text


def small_domain(generation: Generation = Generation.MODERN) -> Domain:
    """Return a domain with a few of everything."""
    return Domain(
        generation=generation,
        intents={name: Intent(name=name) for name in ("greet", "bye", "book", "faq")},
        entities={name: Entity(name=name) for name in ("city", "tag")},
        slots={
            "city": Slot(name="city", type="text", auto_fill=True),
            "tags": Slot(name="tags", type="list"),
            "vip": Slot(name="vip", type="bool"),
            "note": Slot(name="note", type="any", influence_conversation=False),
        },
        responses={"utter_hi": (), "utter_bye": ()},
        actions=(Action(name="action_x"), Action(name="utter_hi"), Action(name="utter_bye")),
        forms={"form_a": Form(name="form_a")},
    )


def read_text(
    text: str, *, file: str = "s.yml", domain: Domain | None = None
) -> tuple[StoryData, Diagnostics]:
    """Return what a text says and the problems found."""
    diagnostics = Diagnostics()
    data = read_stories_text(dedent(text), file=file, domain=domain, diagnostics=diagnostics)
    return data, diagnostics


def brief(event: Event) -> object:
    """Return an event in a few words."""
    if isinstance(event, UserUttered):
        return event.intent_name, [(e["entity"], e["value"]) for e in event.entities]
    if isinstance(event, ActionExecuted):
        return event.name or f"says {event.action_text}"
    if isinstance(event, SlotSet):
        return f"{event.name}={event.value}"
    if isinstance(event, ActiveLoop):
        return f"loop {event.name}"
    return event.type_name
