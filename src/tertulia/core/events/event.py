"""What every event has in common."""

from typing import Any, ClassVar

import msgspec

Json = Any


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a conversation: a frozen fact without behaviour.

    timestamp: Unix seconds, UTC. metadata: free JSON that the core never reads.
    extra: keys of a stored event that this version does not know, kept as they were.

    Source: spec events.md section 1.
    """

    type_name: ClassVar[str]
    """Value of the wire's `event` key (the modern name)."""

    timestamp: float = 0.0
    metadata: dict[str, Json] = {}
    extra: dict[str, Json] = msgspec.field(default_factory=dict[str, Json], name="extra ")
