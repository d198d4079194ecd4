"""Values that a slot of its type cannot have, in stories and in conditions of responses.

Source: spec domain.md section 5.2.
"""

from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain, Slot
from tertulia.core.events import SlotSet
from tertulia.core.states import SHOULD_NOT_BE_SET
from tertulia.data.stories.model import StoryData
from tertulia.training.checking.usage import story_events

Json = Any


def check_values(stories: StoryData, domain: Domain, diagnostics: Diagnostics) -> None:
    """Note every value that the slot cannot have, at its place."""
    checker = _Checker(domain, diagnostics)
    for placed in story_events(stories):
        if isinstance(placed.event, SlotSet):
            checker.value(placed.event.name, placed.event.value, "", placed.at)
    for name, variations in domain.responses.items():
        for variation in variations:
            for condition in variation.condition or ():
                where = f" in a condition of the response '{name}'"
                checker.value(condition.name, condition.value, where, variation.at)


class _Checker:
    def __init__(self, domain: Domain, diagnostics: Diagnostics) -> None:
        self._domain = domain
        self._diagnostics = diagnostics

    def value(self, name: str, value: Json, where: str, at: SourceSpan | None) -> None:
        slot = self._domain.slots.get(name)
        if slot is None or value is None or value == SHOULD_NOT_BE_SET:
            return
        wanted = _misfit(slot, value)
        if wanted is not None:
            self._diagnostics.warning(
                "T378",
                f"the slot '{name}' ({slot.type}) is '{value}'{where}, which is not {wanted}",
                hint="Correct the value, or the slot's type or values.",
                at=at,
            )


def _misfit(slot: Slot, value: Json) -> str | None:
    """Return in words what the slot may hold, None when the value is that."""
    if slot.type == "categorical":
        known = [one.lower() for one in slot.values]
        if str(value).lower() in (*known, "__other__"):
            return None
        return f"one of {', '.join(slot.values)}"
    if slot.type == "float":
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return "a number"
    if slot.type == "bool" and str(value).lower() not in ("true", "false", "0", "1", "0.0", "1.0"):
        return "true or false"
    return "a list" if slot.type == "list" and not isinstance(value, list | tuple) else None
