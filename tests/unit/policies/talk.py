"""Builders of domains and conversations in one line each."""

from collections.abc import Sequence
from typing import Any

from tertulia.core.domain.model import Action, Domain, Entity, Form, Generation, Intent, Slot
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from tertulia.core.tracker import Tracker, replay, rules_for


def domain(
    intents: str = "",
    actions: str = "",
    *,
    slots: Sequence[Slot] = (),
    entities: str = "",
    forms: str = "",
    legacy: bool = False,
    triggers: dict[str, str] | None = None,
) -> Domain:
    names = entities.split()
    return Domain(
        generation=Generation.LEGACY if legacy else Generation.MODERN,
        intents={
            name: Intent(
                name=name, used_entities=frozenset(names), triggers=(triggers or {}).get(name)
            )
            for name in intents.split()
        },
        entities={name: Entity(name=name) for name in names},
        actions=tuple(Action(name=name) for name in actions.split()),
        slots={slot.name: slot for slot in slots},
        forms={name: Form(name=name) for name in forms.split()},
    )


def user(
    intent: str | None = None,
    confidence: float = 1.0,
    *,
    text: str | None = None,
    entities: Sequence[dict[str, Any]] = (),
    ranking: Sequence[tuple[str, float]] = (),
) -> UserUttered:
    data: dict[str, Any] = {
        "intent": {"name": intent, "confidence": confidence},
        "entities": list(entities),
    }
    if ranking:
        data["intent_ranking"] = [{"name": n, "confidence": c} for n, c in ranking]
    return UserUttered(text=text, parse_data=data)


def act(name: str, *, hide: bool = False, policy: str | None = None) -> ActionExecuted:
    return ActionExecuted(name=name, hide_rule_turn=hide, policy=policy)


def events(*steps: str | Event) -> list[Event]:
    """Short forms: `/intent`, `action`, `slot=value`, `form:name`, `form:` and `reject:name`."""
    found: list[Event] = []
    for step in steps:
        if not isinstance(step, str):
            found.append(step)
        elif step.startswith("/"):
            found.append(user(step[1:]))
        elif step.startswith("form:"):
            found.append(ActiveLoop(name=step[5:] or None))
        elif step.startswith("reject:"):
            found.append(ActionExecutionRejected(name=step[7:]))
        elif step == "interrupted":
            found.append(LoopInterrupted(is_interrupted=True))
        elif "=" in step:
            name, _, value = step.partition("=")
            found.append(SlotSet(name=name, value=value or None))
        else:
            found.append(ActionExecuted(name=step))
    return found


def talk(bot: Domain, *steps: str | Event, sender: str = "someone") -> Tracker:
    return replay(sender, rules_for(bot), events(*steps))
