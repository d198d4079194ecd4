"""States as sparse features: single facts, and the pairs of facts that decide most turns.

Rule: a feature is a text; the vocabulary is what training saw, everything else is ignored.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from tertulia.core.events import ACTION_LISTEN
from tertulia.core.states import TurnState, UserPart
from tertulia.policies.spoken import words

Row = tuple[list[int], list[float]]
_Feature = tuple[str, float]

_NEVER_NEW = ("action ", "entity ", "word ")


class Vocabulary:
    """Numbers for features. Fixed once made."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._facts = {fact for name in self.names for back, fact in [_placed(name)] if back}
        pairs = {number for number, name in enumerate(self.names) if " & " in name}
        self._pairs = pairs
        self._of_intent = {number for number in pairs if "& intent " in self.names[number]}

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
    for back, things in enumerate(_things(states)):
        yield from ((f"{back} {fact}", value) for thing in things for fact, value in thing)


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


def _pairs(states: Sequence[TurnState]) -> Iterator[_Feature]:
    current = states[-1]
    before = states[-2] if len(states) > 1 else None
    action = f"action {current.action}"
    intent = f"intent {current.user.intent}"
    asked = next((s.action for s in reversed(states) if s.action != ACTION_LISTEN), None)
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
