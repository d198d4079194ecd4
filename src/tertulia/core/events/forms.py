"""Events of forms and other loops."""

from typing import ClassVar

from tertulia.core.events.event import Event


class ActiveLoop(Event, frozen=True, kw_only=True):
    """A loop became active, or none is any more (name null). 0.x and 1.x call it `form`."""

    type_name: ClassVar[str] = "active_loop"

    name: str | None = None


class LoopInterrupted(Event, frozen=True, kw_only=True):
    """The active loop was interrupted (or is not). 0.x and 1.x: `form_validation`, inverted."""

    type_name: ClassVar[str] = "loop_interrupted"

    is_interrupted: bool = False
