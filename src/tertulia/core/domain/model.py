"""The domain: what a bot can understand, remember, say and do. Frozen, read once, never changed.

Sources: spec domain.md. Readers of files build it; nothing here knows a file format.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

from tertulia.base.source import SourceSpan

Json = Any


class Generation(Enum):
    """Whose mechanics a bot follows: LEGACY is 0.x and 1.x, MODERN is 2.x and 3.x.

    It belongs to the model and decides default actions, states, ensemble, sessions, slot filling.
    """

    LEGACY = "legacy"
    MODERN = "modern"


class Dialect(Enum):
    """In which format a domain file was written."""

    LEGACY = "legacy"
    V2 = "2"
    V3 = "3"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """An intent and which entities count as features beside it.

    used_entities: the labels (`city`, `city#from`) that are featurized, already computed
    by the rules of the dialect. use_entities: whether any entity may count, as 0.x states it.
    triggers: action predicted directly (MappingPolicy).
    """

    name: str
    used_entities: frozenset[str] = frozenset()
    use_entities: bool = True
    triggers: str | None = None
    is_retrieval: bool = False
    at: SourceSpan | None = None


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity type with the roles and groups it may have."""

    name: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    influence_conversation: bool = True
    at: SourceSpan | None = None


class MappingCondition(msgspec.Struct, frozen=True, kw_only=True):
    """When a slot mapping applies. active_loop None: only while no loop is active."""

    active_loop: str | None = None
    requested_slot: str | None = None


class SlotMapping(msgspec.Struct, frozen=True, kw_only=True):
    """How a slot fills itself from a message.

    type: from_entity, from_text, from_intent, from_trigger_intent or custom.
    intent, not_intent: white and black list. action: remote action of a custom mapping.
    """

    type: str
    entity: str | None = None
    role: str | None = None
    group: str | None = None
    intent: tuple[str, ...] = ()
    not_intent: tuple[str, ...] = ()
    value: Json = None
    action: str | None = None
    conditions: tuple[MappingCondition, ...] = ()
    at: SourceSpan | None = None

    def same_source(self, other: "SlotMapping") -> bool:
        """Tell whether both read the same thing from a message (places in files aside)."""
        return msgspec.structs.replace(self, at=None) == msgspec.structs.replace(other, at=None)


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A named memory of a conversation.

    type: text, bool, float, list, categorical, any, unfeaturized. values: of a categorical slot,
    as text; in the modern generation `__other__` is appended by the features, not here.
    auto_fill: filled from entities of its name (0.x, 2.x, and slots without mappings).
    is_default: made by the product, never filled by mappings.
    """

    name: str
    type: str
    initial_value: Json = None
    influence_conversation: bool = True
    values: tuple[str, ...] = ()
    min_value: float = 0.0
    max_value: float = 1.0
    auto_fill: bool = False
    mappings: tuple[SlotMapping, ...] = ()
    is_default: bool = False
    at: SourceSpan | None = None


class ResponseCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A variation counts only while the slot has this value."""

    name: str
    value: Json = None


class Variation(msgspec.Struct, frozen=True, kw_only=True):
    """One wording of a response.

    content: everything to send (`text`, `buttons`, `image`, `custom`, ...) and further keys
    (`id`, `metadata`, ...), as written. channel: only there. condition: None is no condition;
    an empty tuple never holds.
    """

    content: dict[str, Json]
    channel: str | None = None
    condition: tuple[ResponseCondition, ...] | None = None
    id: str | None = None
    at: SourceSpan | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """An action declared by the user."""

    name: str
    send_domain: bool = False
    at: SourceSpan | None = None


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A loop that asks for slots. is_remote: its logic runs on the action server (0.x, 1.x)."""

    name: str
    required_slots: tuple[str, ...] = ()
    ignored_intents: tuple[str, ...] = ()
    is_remote: bool = False
    at: SourceSpan | None = None


class SessionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """expiration_minutes: since the last user message; 0 means sessions never expire."""

    expiration_minutes: float = 60.0
    carry_over_slots: bool = True


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a bot knows about its world.

    slots: file order (0.x: sorted by name); default slots included. responses: by name.
    actions: as declared, without defaults. raw: the merged file content with defaults, as sent to
    action servers and returned by the API (`as_dict`).
    """

    dialect: Dialect = Dialect.V3
    generation: Generation = Generation.MODERN
    intents: Mapping[str, Intent] = {}
    entities: Mapping[str, Entity] = {}
    slots: Mapping[str, Slot] = {}
    responses: Mapping[str, tuple[Variation, ...]] = {}
    actions: tuple[Action, ...] = ()
    forms: Mapping[str, Form] = {}
    e2e_actions: tuple[str, ...] = ()
    session: SessionConfig = SessionConfig()
    store_entities_as_slots: bool = True
    restart_intent: str = "restart"
    raw: dict[str, Json] = {}
