"""What policies saw of a conversation before the part of it that is loaded.

Turns that follow rules are hidden from other policies. When many follow one another, the last
turns that those policies saw are older than any tail that is worth loading; so they are kept.
"""

from typing import Any

import msgspec

from tertulia.core.events import UserUttered
from tertulia.core.tracker.state import LoopState, State

Json = Any

_LABELS = ("entity", "role", "group")


class PastTurn(msgspec.Struct, frozen=True):
    """One visible state. action: the last visible action, which it counts with."""

    state: State
    action: str | None
    action_is_text: bool


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The last visible states up to a point, oldest first.

    complete: these are all. hidden: the turn that goes on at that point is hidden. action: last
    visible action there, and whether it is a text.
    """

    turns: tuple[PastTurn, ...]
    complete: bool
    hidden: bool
    action: tuple[str | None, bool]


class _TurnRecord(msgspec.Struct, frozen=True):
    """slots, message: places in the lists of the whole record."""

    slots: int
    message: int
    use_text: bool | None
    latest_action: str | None
    latest_action_is_text: bool
    loop: str | None
    action: str | None
    action_is_text: bool


class PastRecord(msgspec.Struct, frozen=True):
    """A past as JSON. Turns share slots and messages, as long as those did not change."""

    slots: list[dict[str, Json]]
    messages: list[dict[str, Json]]
    turns: list[_TurnRecord]
    complete: bool
    hidden: bool
    action: tuple[str | None, bool]


def pack_past(past: Past) -> PastRecord:
    """Return what of the past decides policies' states."""
    slots: dict[int, tuple[int, dict[str, Json]]] = {}
    messages: dict[int, tuple[int, dict[str, Json]]] = {}
    turns: list[_TurnRecord] = []
    for turn in past.turns:
        state = turn.state
        held = slots.setdefault(id(state.slots), (len(slots), state.slots))
        message = state.latest_message
        said = messages.get(id(message)) or (len(messages), _pack_message(message))
        messages[id(message)] = said
        turns.append(
            _TurnRecord(
                slots=held[0],
                message=said[0],
                use_text=state.use_text,
                latest_action=state.latest_action,
                latest_action_is_text=state.latest_action_is_text,
                loop=state.active_loop,
                action=turn.action,
                action_is_text=turn.action_is_text,
            )
        )
    return PastRecord(
        slots=[each for _, each in slots.values()],
        messages=[each for _, each in messages.values()],
        turns=turns,
        complete=past.complete,
        hidden=past.hidden,
        action=past.action,
    )


def unpack_past(record: PastRecord) -> Past:
    """Return the past that `pack_past` made this of, as far as states depend on it.

    Raises:
        IndexError: the record is damaged.
    """
    messages = [UserUttered(text=raw.get("text"), parse_data={**raw}) for raw in record.messages]
    turns = tuple(
        PastTurn(
            State(
                slots=record.slots[turn.slots],
                latest_message=messages[turn.message],
                use_text=turn.use_text,
                latest_action=turn.latest_action,
                latest_action_is_text=turn.latest_action_is_text,
                loop=None if turn.loop is None else LoopState(name=turn.loop),
            ),
            turn.action,
            turn.action_is_text,
        )
        for turn in record.turns
    )
    return Past(turns=turns, complete=record.complete, hidden=record.hidden, action=record.action)


def _pack_message(message: UserUttered) -> dict[str, Json]:
    return {
        "text": message.text,
        "intent": {"name": message.intent_name},
        "entities": [
            {key: entity[key] for key in _LABELS if key in entity} for entity in message.entities
        ],
    }
