"""The state of a conversation at one point: a value, never changed."""

from typing import Any

import msgspec

from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_LISTEN, EMPTY_MESSAGE, UserUttered

Json = Any


class LoopState(msgspec.Struct, frozen=True, kw_only=True):
    """The loop that is running. name None: only a flag was set (0.x allows it).

    trigger_message: parse data of the message that activated it.
    """

    name: str | None = None
    is_interrupted: bool = False
    rejected: bool = False
    trigger_message: dict[str, Json] | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an undo can bring back.

    slots: every slot of the domain; the mapping is shared between states, never write to it.
    slots_set: names assigned since the last reset. use_text: set by `user_featurization`.
    latest_action: name or end-to-end text of the last executed action.
    """

    slots: dict[str, Json]
    slots_set: frozenset[str] = frozenset()
    latest_message: UserUttered = EMPTY_MESSAGE
    use_text: bool | None = None
    latest_action: str | None = None
    latest_action_is_text: bool = False
    followup: str | None = ACTION_LISTEN
    paused: bool = False
    loop: LoopState | None = None

    @property
    def active_loop(self) -> str | None:
        """Return the name of the active loop."""
        return self.loop.name if self.loop else None


class TrackerRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the fold needs to know of the domain.

    initial_slots: name to initial value, in the domain's order. list_slots: names whose
    values become lists (modern generation only).
    """

    generation: Generation
    initial_slots: dict[str, Json]
    list_slots: frozenset[str] = frozenset()

    @property
    def initial(self) -> State:
        """Return the state of a conversation without events."""
        return State(slots=self.initial_slots)

    def fingerprint(self) -> str:
        """Return a text that differs whenever stored snapshots would no longer be right."""
        return msgspec.json.encode(
            [self.generation.value, self.initial_slots, sorted(self.list_slots)]
        ).decode()


def rules_for(domain: Domain) -> TrackerRules:
    """Return the fold's rules for a domain."""
    modern = domain.generation is Generation.MODERN
    return TrackerRules(
        generation=domain.generation,
        initial_slots={slot.name: slot.initial_value for slot in domain.slots.values()},
        list_slots=frozenset(
            slot.name for slot in domain.slots.values() if modern and slot.type == "list"
        ),
    )
