"""One state: the conversation just before an action, as policies see it. A hashable value.

Source: spec policies.md sections 2.2 and 2.3.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

Json = Any

SHOULD_NOT_BE_SET = "should_not_be_set"
"""What a rule writes where a slot must be empty or no loop may be active."""

SlotPart = tuple[str, tuple[float, ...] | str]
"""A slot's name and its features, or SHOULD_NOT_BE_SET."""


class UserPart(msgspec.Struct, frozen=True, gc=False):
    """What is known of the last message. entities: sorted labels (`city`, `city#from`)."""

    intent: str | None = None
    text: str | None = None
    entities: tuple[str, ...] = ()


NO_USER = UserPart()


class TurnState(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The conversation before an action.

    user: last message. slots: those with a feature that is not zero, sorted by name.
    action: last executed action's name or text, None at the start. loop: active loop.
    """

    user: UserPart = NO_USER
    slots: tuple[SlotPart, ...] = ()
    action: str | None = None
    action_is_text: bool = False
    loop: str | None = None

    def slot(self, name: str) -> tuple[float, ...] | str | None:
        """Return a slot's features, None when it has none here."""
        for known, part in self.slots:
            if known == name:
                return part
        return None


START = TurnState()


def as_json(state: TurnState) -> dict[str, Json]:
    """Return the state as nested JSON without empty parts."""
    out: dict[str, Json] = {}
    if state.loop is not None:
        out["active_loop"] = {"name": state.loop}
    if state.action is not None:
        kind = "action_text" if state.action_is_text else "action_name"
        out["prev_action"] = {kind: state.action}
    if state.slots:
        out["slots"] = {
            name: part if isinstance(part, str) else list(part) for name, part in state.slots
        }
    user: dict[str, Json] = {}
    if state.user.entities:
        user["entities"] = list(state.user.entities)
    if state.user.intent is not None:
        user["intent"] = state.user.intent
    if state.user.text is not None:
        user["text"] = state.user.text
    if user:
        out["user"] = user
    return out


def from_json(raw: Mapping[str, Json]) -> TurnState:
    """Return the state that `as_json` made this of."""
    action = cast(Mapping[str, str], raw.get("prev_action") or {})
    loop = cast(Mapping[str, str], raw.get("active_loop") or {})
    user = cast(Mapping[str, Json], raw.get("user") or {})
    slots = cast(Mapping[str, str | list[float]], raw.get("slots") or {})
    return TurnState(
        user=UserPart(
            intent=user.get("intent"),
            text=user.get("text"),
            entities=tuple(user.get("entities") or ()),
        ),
        slots=tuple(
            (name, part if isinstance(part, str) else tuple(float(one) for one in part))
            for name, part in sorted(slots.items())
        ),
        action=action.get("action_name", action.get("action_text")),
        action_is_text="action_text" in action,
        loop=loop.get("name"),
    )


def state_key(states: Iterable[TurnState]) -> str:
    """Return canonical JSON of a list of states: equal lists give equal texts."""
    return json.dumps([as_json(state) for state in states], sort_keys=True)


def parse_key(key: str) -> tuple[TurnState, ...]:
    """Return the states whose key this is."""
    return tuple(from_json(raw) for raw in cast(list[dict[str, Json]], json.loads(key)))
