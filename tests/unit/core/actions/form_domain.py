"""The domain of the worked example: a form whose slots fill in every possible way."""

from typing import Any

from tertulia.core.domain.model import (
    Action,
    Domain,
    Entity,
    Form,
    Intent,
    MappingCondition,
    Slot,
    SlotMapping,
    Variation,
)


def condition(slot: str | None = None, loop: str | None = "f") -> tuple[MappingCondition, ...]:
    return (MappingCondition(active_loop=loop, requested_slot=slot),)


def slot(name: str, *mappings: SlotMapping, kind: str = "text") -> Slot:
    return Slot(name=name, type=kind, mappings=mappings)


SLOTS = (
    slot(
        "src",
        SlotMapping(type="from_entity", entity="city", role="from"),
        SlotMapping(type="from_entity", entity="city"),
    ),
    slot(
        "dst",
        SlotMapping(type="from_entity", entity="city", role="to"),
        SlotMapping(type="from_entity", entity="city"),
    ),
    slot("l", SlotMapping(type="from_entity", entity="num"), kind="list"),
    slot("n", SlotMapping(type="from_entity", entity="num", conditions=condition("n"))),
    slot(
        "trig", SlotMapping(type="from_trigger_intent", intent=("book",), value=True), kind="bool"
    ),
    slot(
        "txt",
        SlotMapping(type="from_text", not_intent=("greet",), conditions=condition("txt")),
    ),
    slot(
        "nolo",
        SlotMapping(
            type="from_intent", intent=("inform",), value="v", conditions=condition(loop=None)
        ),
    ),
    Slot(name="requested_slot", type="text", influence_conversation=False, is_default=True),
)


def form_domain(*actions: str, **changes: Any) -> Domain:
    asks = ("utter_ask_dst", "utter_ask_f_n", "utter_ask_txt", "utter_default", "utter_hi")
    parts: dict[str, Any] = {
        "intents": {n: Intent(name=n) for n in ("greet", "inform", "book", "chat", "stop")},
        "entities": {n: Entity(name=n) for n in ("city", "num")},
        "slots": {s.name: s for s in SLOTS},
        "responses": {name: (Variation(content={"text": name}),) for name in asks},
        "actions": tuple(Action(name=name) for name in actions),
        "forms": {
            "f": Form(
                name="f", required_slots=("src", "dst", "n", "txt"), ignored_intents=("chat",)
            )
        },
    }
    return Domain(**{**parts, **changes})
