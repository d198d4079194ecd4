"""Conversations as sequences of rows: a row holds the facts of one state.

Rule: a fact is a text; what training did not see is ignored.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import msgspec

from tertulia.core.states import Cell, Moment, TurnState
from tertulia.ml.sequence import Corpus
from tertulia.policies.features import Row, facts_of
from tertulia.policies.story_moments import StoryMoments


class Facts:
    """Numbers for facts. Fixed once made."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._numbers = {name: number for number, name in enumerate(self.names)}

    @classmethod
    def of(cls, states: Iterable[TurnState]) -> "Facts":
        """Return the facts of these states."""
        return cls(name for state in dict.fromkeys(states) for name, _ in facts_of(state))

    def __len__(self) -> int:
        """Return the number of facts."""
        return len(self.names)

    def row(self, state: TurnState) -> Row:
        """Return numbers and values of a state's known facts."""
        known = {
            self._numbers[name]: value for name, value in facts_of(state) if name in self._numbers
        }
        return list(known), list(known.values())


class Lesson(msgspec.Struct, frozen=True):
    """A conversation to learn. labels: the action of each state, None where none is learned."""

    states: tuple[TurnState, ...]
    labels: tuple[str | None, ...]


def lessons_in(seen: Iterable[Moment]) -> Iterator[Lesson]:
    """Yield what a conversation teaches; more than one where it takes back what was said."""
    placed: set[int] = set()
    found = list(seen)
    actions = {id(moment.cell): moment.action for moment in found}
    for moment in reversed(found):
        if id(moment.cell) not in placed:
            cells = _chain(moment)
            labels = tuple(
                actions.get(id(cell)) if id(cell) not in placed else None for cell in cells
            )
            placed.update(map(id, cells))
            yield Lesson(tuple(cell.state for cell in cells), labels)


def _chain(moment: Moment) -> list[Cell]:
    """Return the cells up to this moment, oldest first."""
    found: list[Cell] = []
    cell: Cell | None = moment.cell
    while cell is not None:
        found.append(cell)
        cell = cell.before
    return found[::-1]


class Lessons(Sequence[Lesson]):
    """Some conversations, each as a lesson that is made when asked for. chosen: their numbers."""

    def __init__(self, moments: StoryMoments, chosen: Sequence[int]) -> None:
        self._moments = moments
        self._chosen = chosen

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._chosen)

    @overload
    def __getitem__(self, index: int) -> Lesson: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Lesson]: ...
    def __getitem__(self, index: int | slice) -> Lesson | Sequence[Lesson]:
        """Return a lesson, or some."""
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        known = self._moments
        states, labels = known.rows(self._chosen[index])
        return Lesson(
            tuple(known.states[number] for number in states),
            tuple(None if label < 0 else known.actions[label] for label in labels),
        )


def lessons_to_learn(moments: StoryMoments, seed: int) -> Lessons:
    """Return the stories' lessons, and about as much again of stories glued together.

    The glued ones teach what a conversation looks like that has been going on for long. All of
    them would teach little more and cost ten times as much.
    """
    glued: list[int] = []
    chosen: dict[bytes, int] = {}
    room = 0
    for number in range(moments.count):
        if moments.is_augmented(number):
            glued.append(number)
        elif _is_new(moments, number, chosen):
            room += len(moments.rows(number)[0])
    random.Random(seed).shuffle(glued)  # noqa: S311 - a choice of examples is no secret
    for number in glued:
        if room <= 0:
            break
        room -= len(moments.rows(number)[0])
        _is_new(moments, number, chosen)
    return Lessons(moments, [*chosen.values()])


def _is_new(moments: StoryMoments, number: int, chosen: dict[bytes, int]) -> bool:
    """Tell whether a conversation teaches something that no chosen one does; then choose it."""
    states, labels = moments.rows(number)
    if not states:
        return False
    return chosen.setdefault(bytes(states) + bytes(labels), number) == number


def corpus_of(lessons: Iterable[Lesson], facts: Facts, actions: Sequence[str]) -> Corpus:
    """Return the lessons as numbers; a label that is not among the actions counts as none."""
    number = {action: index for index, action in enumerate(actions)}
    rows: dict[TurnState, int] = {}

    def of_states() -> Iterator[Row]:
        yield from (facts.row(state) for state in rows)

    sequences = (
        (
            [rows.setdefault(state, len(rows)) for state in lesson.states],
            [-1 if label is None else number.get(label, -1) for label in lesson.labels],
        )
        for lesson in lessons
    )
    return Corpus(sequences, of_states(), len(facts))
