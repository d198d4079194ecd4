"""Rules by what their last state needs, so that finding those that apply looks at few of them.

Source: spec policies.md section 8.2.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from tertulia.core.states import SHOULD_NOT_BE_SET, TurnState, UserPart, parse_key

V = TypeVar("V")

_Place = tuple[str | None, bool, str | None]


class Entry(Generic[V]):
    """One list of states and what follows it. key: its canonical text. Immutable."""

    __slots__ = ("key", "states", "value")

    def __init__(self, key: str, value: V) -> None:
        self.key = key
        self.value = value
        self.states = parse_key(key)


class RuleBook(Generic[V]):
    """Keys with values. Filled while learning, afterwards only read."""

    def __init__(self, entries: Iterable[tuple[str, V]]) -> None:
        self._entries: dict[str, Entry[V]] = {}
        self._places: dict[_Place, dict[str, Entry[V]]] = {}
        for key, value in entries:
            entry = Entry(key, value)
            self._entries[key] = entry
            self._places.setdefault(_place(entry.states[-1]), {})[key] = entry

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry[V]]:
        """Yield the entries in the order they were learned."""
        return iter(self._entries.values())

    def __contains__(self, key: str) -> bool:
        """Tell whether there is such a key."""
        return key in self._entries

    @property
    def longest(self) -> int:
        """Return the number of states of the longest key, at least 1."""
        return max((len(entry.states) for entry in self), default=1)

    @property
    def knows_texts(self) -> bool:
        """Tell whether a key holds what a user wrote."""
        return any(entry.states[-1].user.text is not None for entry in self)

    def drop(self, key: str) -> None:
        """Forget a key."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            del self._places[_place(entry.states[-1])][key]

    def matching(self, states: Sequence[TurnState]) -> list[Entry[V]]:
        """Return the entries that apply to a conversation with these last states, oldest first."""
        last = states[-1]
        found: list[Entry[V]] = []
        for user in dict.fromkeys((last.user.intent, last.user.text, None)):
            place = (last.action, last.action is not None and last.action_is_text, user)
            candidates = self._places.get(place, {})
            found += [entry for entry in candidates.values() if applies(entry.states, states)]
        return found

    def most_specific(self, states: Sequence[TurnState]) -> Entry[V] | None:
        """Return the applying entry with the longest key; the first learned of equals."""
        return max(self.matching(states), key=lambda entry: len(entry.key), default=None)


def _place(state: TurnState) -> _Place:
    if state.action is None:
        return (None, False, None)
    return (state.action, state.action_is_text, state.user.intent or state.user.text)


def applies(rule: Sequence[TurnState], conversation: Sequence[TurnState]) -> bool:
    """Tell whether the last states of a conversation are those that a rule wants."""
    if len(conversation) < len(rule):
        return False
    pairs = zip(reversed(rule), reversed(conversation), strict=False)
    return all(_fits(wanted, found) for wanted, found in pairs)


def _fits(wanted: TurnState, found: TurnState) -> bool:
    if wanted.action is None or found.action is None:
        # Both at the start: slots with initial values are no difference there.
        return wanted.action is found.action
    if (wanted.action, wanted.action_is_text) != (found.action, found.action_is_text):
        return False
    return (
        _fits_user(wanted.user, found.user)
        and _fits_loop(wanted.loop, found.loop)
        and all(_fits_slot(part, found.slot(name)) for name, part in wanted.slots)
    )


def _fits_user(wanted: UserPart, found: UserPart) -> bool:
    return (
        (wanted.intent is None or wanted.intent == found.intent)
        and (wanted.text is None or wanted.text == found.text)
        and (not wanted.entities or wanted.entities == found.entities)
    )


def _fits_loop(wanted: str | None, found: str | None) -> bool:
    if wanted == SHOULD_NOT_BE_SET:
        return found is None or found == SHOULD_NOT_BE_SET
    return wanted is None or wanted == found


def _fits_slot(wanted: tuple[float, ...] | str, found: tuple[float, ...] | str | None) -> bool:
    if wanted == SHOULD_NOT_BE_SET:
        return found is None or found == SHOULD_NOT_BE_SET
    return wanted == found
