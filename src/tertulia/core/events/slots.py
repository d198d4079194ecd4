"""Events that change slots."""

from typing import ClassVar

from tertulia.core.events.event import Event, Json


class SlotSet(Event, frozen=True, kw_only=True):
    """A slot took a value: any JSON; null empties it."""

    type_name: ClassVar[str] = "slot"

    name: str
    value: Json = None


class AllSlotsReset(Event, frozen=True, kw_only=True):
    """Every slot went back to its initial value."""

    type_name: ClassVar[str] = "reset_slots"
