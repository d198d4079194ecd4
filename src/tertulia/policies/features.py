"""States as sparse features: single facts, and the pairs of facts that decide most turns.

Rule: a feature is a text; the vocabulary is what training saw, everything else is ignored.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tertulia.core.events import ACTION_LISTEN
from tertulia.core.states import TurnState, UserPart
from tertulia.policies.spoken import words

Row = tuple[list[int], list[float]]
_Feature = tuple[str, float]

_SPELLED = 200_000
"""Parts of windows that are remembered while a vocabulary is made."""

_NEVER_NEW = ("action ", "entity ", "word ")


class Vocabulary:
    """Numbers for features. Fixed once made."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._facts = {fact for name in self.names for back, fact in [_placed(name)] if back}
        numbered = list(enumerate(self.names))
        self._pairs = {number for number, name in numbered if _is_pair(name)}
        self._of_intent = {number for number, name in numbered if _is_pair_of_intent(name)}

    @classmethod
    def of(cls, windows: Iterable[Sequence[TurnState]]) -> "Vocabulary":
        """Return the vocabulary of these windows."""
        return cls(name for states in windows for name, _ in features(states))

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.names)

    def row(self, states: Sequence[TurnState]) -> Row:
        """Return indices and values of the known features of a window."""
        found: dict[int, float] = {}
        for name, value in features(states):
            number = self._numbers.get(name)
            if number is not None:
                found[number] = value
        return list(found), list(found.values())

    def familiarity(self, states: Sequence[TurnState]) -> float:
        """Return the share of what a window shows that training saw, at whatever place; 0 to 1.

        Only intents, slots and loops can be new. Rules and reminders let a bot do what no story
        has, and messages always have other words, and entities that nobody cared to mention.
        """
        found = [
            all(fact in self._facts or fact.startswith(_NEVER_NEW) for fact, _ in thing)
            for things in _things(states)
            for thing in things
        ]
        return sum(found) / len(found) if found else 1.0

    def deciding(self, row: Row, states: Sequence[TurnState]) -> list[int]:
        """Return those of a row's features that may decide alone what follows the newest state.

        They are pairs. After a message they all name its intent: what the bot had said does not
        decide whatever the answer is. After an action there is one feature more, numbered
        `len(self)`: that the bot has acted, whatever it did.
        """
        if not states or states[-1].action in (ACTION_LISTEN, None):
            return [index for index in row[0] if index in self._of_intent]
        return [*(index for index in row[0] if index in self._pairs), len(self)]


class Spelling:
    """Numbers the features of windows in the order in which they come: a vocabulary in the making.

    What a state shows at a place is spelled out once, and so are the pairs of its neighbourhood.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._known: dict[Hashable, _Spelled] = {}

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary of all windows so far."""
        return Vocabulary(self._numbers)

    def row(self, states: Sequence[TurnState]) -> tuple[Row, list[int]]:
        """Return a window's row, and which of its features may decide alone; see `Vocabulary`.

        The feature that the bot has acted is numbered -1 here.
        """
        indices: list[int] = []
        values: list[float] = []
        after_message = not states or states[-1].action in (ACTION_LISTEN, None)
        deciding: list[int] = [] if after_message else [-1]
        for part in self._parts(states):
            indices += part.indices
            values += part.values
            deciding += part.of_intent if after_message else part.pairs
        return (indices, values), deciding

    def _parts(self, states: Sequence[TurnState]) -> Iterator["_Spelled"]:
        if len(self._known) > _SPELLED:
            self._known.clear()
        for back, state in enumerate(reversed(states)):
            key: Hashable = (state, back)
            yield self._known.get(key) or self._spelled(key, _singles_of(state, back))
        if states:
            asked = _asked(states)
            third = (states[-3].action,) if len(states) > 2 else None
            key = (*states[-2:], third, asked)
            yield self._known.get(key) or self._spelled(key, _pairs(states))

    def _spelled(self, key: Hashable, found: Iterable[_Feature]) -> "_Spelled":
        numbers = self._numbers
        # The last value of a name counts, at the place of its first.
        named = dict(found)
        rows = [(numbers.setdefault(name, len(numbers)), name) for name in named]
        pairs = [number for number, name in rows if _is_pair(name)]
        of_intent = [number for number, name in rows if _is_pair_of_intent(name)]
        spelled = _Spelled([number for number, _ in rows], list(named.values()), pairs, of_intent)
        self._known[key] = spelled
        return spelled


class _Spelled(NamedTuple):
    """Features of one part of a window. pairs, of_intent: those of them that are such pairs."""

    indices: list[int]
    values: list[float]
    pairs: list[int]
    of_intent: list[int]


def _is_pair(name: str) -> bool:
    return " & " in name


def _is_pair_of_intent(name: str) -> bool:
    return _is_pair(name) and "& intent " in name


def _placed(name: str) -> tuple[str, str]:
    """Return how far back a single fact lies, and the fact; for pairs the first is empty."""
    back, _, fact = name.partition(" ")
    return (back, fact) if back.isdecimal() else ("", name)


def features(states: Sequence[TurnState]) -> Iterator[_Feature]:
    """Yield the features of a window; its last state is the current one."""
    if not states:
        return
    yield from _singles(states)
    yield from _pairs(states)


def facts_of(state: TurnState) -> Iterator[_Feature]:
    """Yield what a state shows, wherever it stands in a conversation."""
    for thing in _things_in(state, with_user=True):
        yield from thing


def _singles(states: Sequence[TurnState]) -> Iterator[_Feature]:
    for back, state in enumerate(reversed(states)):
        yield from _singles_of(state, back)


def _singles_of(state: TurnState, back: int) -> Iterator[_Feature]:
    for thing in _things_in(state, with_user=state.action == ACTION_LISTEN or not back):
        yield from ((f"{back} {fact}", value) for fact, value in thing)


def _things(states: Sequence[TurnState]) -> Iterator[Iterator[Sequence[_Feature]]]:
    """Yield for each state, the newest first, the facts of each thing in it."""
    for back, state in enumerate(reversed(states)):
        yield _things_in(state, with_user=state.action == ACTION_LISTEN or not back)


def _things_in(state: TurnState, *, with_user: bool) -> Iterator[Sequence[_Feature]]:
    yield ((f"action {state.action}", 1.0),)
    if state.loop is not None:
        yield ((f"loop {state.loop}", 1.0),)
    if with_user:
        yield from (((fact, 1.0),) for fact in _said(state.user))
    for name, part in state.slots:
        if facts := list(_slot(name, part)):
            yield facts


def _said(user: UserPart) -> Iterator[str]:
    if user.intent is not None:
        yield f"intent {user.intent}"
    for entity in user.entities:
        yield f"entity {entity}"
    if user.text is not None:
        yield from (f"word {word}" for word in words(user.text))


def _slots(state: TurnState) -> Iterator[_Feature]:
    for name, part in state.slots:
        yield from _slot(name, part)


def _slot(name: str, part: str | Sequence[float]) -> Iterator[_Feature]:
    if isinstance(part, str):
        yield f"slot {name} {part}", 1.0
    else:
        yield from ((f"slot {name} {index}", value) for index, value in enumerate(part) if value)


def _asked(states: Sequence[TurnState]) -> str | None:
    """Return what the bot did last but listen."""
    return next((s.action for s in reversed(states) if s.action != ACTION_LISTEN), None)


def _pairs(states: Sequence[TurnState]) -> Iterator[_Feature]:
    current = states[-1]
    before = states[-2] if len(states) > 1 else None
    action = f"action {current.action}"
    intent = f"intent {current.user.intent}"
    asked = _asked(states)
    yield f"{action} & {intent}", 1.0
    yield f"{action} & {intent} & asked {asked}", 1.0
    if before is not None:
        yield f"{action} & before {before.action}", 1.0
        yield f"{action} & before {before.action} & {intent}", 1.0
        changed = dict(before.slots)
        for name, part in current.slots:
            if changed.get(name) != part:
                yield f"changed {name}", 1.0
                yield f"changed {name} & {action}", 1.0
    if len(states) > 2 and before is not None:
        yield f"{action} & {before.action} & {states[-3].action} & {intent}", 1.0
    if current.loop is not None:
        yield f"loop {current.loop} & {action} & {intent}", 1.0
    for entity in current.user.entities:
        yield f"{action} & entity {entity} & {intent}", 1.0
    for fact, value in _slots(current):
        yield f"{fact} & {action}", value
        yield f"{fact} & {action} & {intent}", value


@lru_cache(maxsize=4096)
def in_words(feature: str) -> str:
    """Return a feature as a person reads it: `intent=greet`, `previous=utter_x & intent=bye`.

    Facts of older states say how many states they lie back: `intent=greet (2 back)`.
    """
    back, _, fact = feature.partition(" ")
    if not back.isdecimal():
        return " & ".join(_fact(part, place) for place, part in enumerate(feature.split(" & ")))
    words = _fact(fact, 0)
    return words if back == "0" else f"{words} ({back} back)"


def _fact(text: str, place: int) -> str:
    kind, _, rest = text.partition(" ")
    if kind == "slot" and rest:
        name, _, part = rest.rpartition(" ")
        return f"slot {name}={part}"
    if kind in _KINDS and rest:
        return f"{_KINDS[kind]}={rest}"
    # The two actions before the newest one stand without their kind.
    return f"{'before' if place == 1 else 'earlier'}={text}"


_KINDS = {
    "action": "previous",
    "asked": "asked",
    "before": "before",
    "changed": "changed",
    "entity": "entity",
    "intent": "intent",
    "loop": "loop",
    "word": "word",
}
