"""From the tracker's state to a policy state: what the domain says is a feature.

Source: spec policies.md sections 2.2 and 2.3.
"""

import hashlib
from functools import cached_property
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import UserUttered
from tertulia.core.slots import dimension, features
from tertulia.core.states.turn import NO_USER, SHOULD_NOT_BE_SET, SlotPart, TurnState, UserPart
from tertulia.core.tracker import State

Json = Any


class StateTable:
    """What of a domain decides states, computed once. Immutable, shared by all histories."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.generation = domain.generation
        self._slots = tuple(
            (name, slot)
            for name, slot in sorted(domain.slots.items())
            if dimension(slot, domain.generation)
        )

    @cached_property
    def key(self) -> str:
        """Return a text that is equal for tables that make equal states of everything."""
        decides = [
            self.generation.value,
            [replace(slot, initial_value=None, mappings=(), at=None) for _, slot in self._slots],
            sorted((name, sorted(one.used_entities)) for name, one in self.domain.intents.items()),
            bool(self.domain.entities),
        ]
        return hashlib.blake2b(msgspec.json.encode(decides), digest_size=16).hexdigest()

    def user(self, message: UserUttered, use_text: bool | None = None) -> UserPart:
        """Return the message as far as it counts. use_text: as fixed by `user_featurization`."""
        if self.generation is Generation.LEGACY:
            return self._legacy_user(message)
        if use_text:
            return UserPart(text=message.text or None)
        intent = message.intent_name
        if not intent:
            return NO_USER if use_text is False else UserPart(text=message.text or None)
        return UserPart(intent=intent, entities=self._labels(message, intent))

    def slot_parts(
        self,
        slots: dict[str, Json],
        *,
        only: frozenset[str] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> tuple[SlotPart, ...]:
        """Return the slots that count, by name. only: leave all others out."""
        found: list[SlotPart] = []
        for name, slot in self._slots:
            if name in without or (only is not None and name not in only):
                continue
            value = slots.get(name)
            if value in (SHOULD_NOT_BE_SET, [SHOULD_NOT_BE_SET]):
                found.append((name, SHOULD_NOT_BE_SET))
                continue
            vector = features(slot, value, self.generation)
            if any(vector):
                found.append((name, vector))
        return tuple(found)

    def _labels(self, message: UserUttered, intent: str) -> tuple[str, ...]:
        labels: set[str] = set()
        for entity in message.entities:
            name = entity.get("entity")
            if not isinstance(name, str):
                continue
            labels.add(name)
            labels.update(
                f"{name}#{entity[detail]}" for detail in ("role", "group") if entity.get(detail)
            )
        known = self.domain.intents.get(intent)
        return tuple(sorted(labels if known is None else labels & known.used_entities))

    def _legacy_user(self, message: UserUttered) -> UserPart:
        intent, best = None, float("-inf")
        for name, confidence in intent_confidences(message).items():
            if confidence > best:
                intent, best = name, confidence
        known = self.domain.intents.get(message.intent_name or "")
        if known is not None and not known.used_entities and self.domain.entities:
            return UserPart(intent=intent)
        labels = {e["entity"] for e in message.entities if isinstance(e.get("entity"), str)}
        return UserPart(intent=intent, entities=tuple(sorted(labels)))


def intent_confidences(message: UserUttered) -> dict[str, float]:
    """Return intent names with their confidence in [0, 1], in the order of the ranking.

    A missing confidence counts as 1.
    """
    ranking = message.parse_data.get("intent_ranking")
    ranked = cast(list[object], ranking) if isinstance(ranking, list) else []
    if not ranked:
        ranked = [message.intent]
    found: dict[str, float] = {}
    for entry in ranked:
        if isinstance(entry, dict):
            one = cast(dict[str, Json], entry)
            name, confidence = one.get("name"), one.get("confidence")
            if isinstance(name, str) and name:
                found[name] = float(confidence) if isinstance(confidence, int | float) else 1.0
    return found


def turn_state(table: StateTable, state: State, *, omit_unset: bool = False) -> TurnState:
    """Return the policy state of one tracker state, nothing hidden.

    omit_unset: only slots that were assigned since the last reset (for learning rules).
    """
    return TurnState(
        user=table.user(state.latest_message, state.use_text),
        slots=table.slot_parts(state.slots, only=state.slots_set if omit_unset else None),
        action=state.latest_action,
        action_is_text=state.latest_action_is_text,
        loop=state.active_loop,
    )
