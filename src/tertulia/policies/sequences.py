"""Conversations as sequences of rows: a row holds the facts of one state.

Rule: a fact is a text; what training did not see is ignored.
"""

import random
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tertulia.core.states import Cell, Moment, TurnState
from tertulia.data.generate import TrainingTracker
from tertulia.ml.sequence import Corpus
from tertulia.policies.features import Row, facts_of
from tertulia.policies.policy import PolicyTraining, moments


class Facts:
    """Numbers for facts. Fixed once made."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._numbers = {name: number for number, name in enumerate(self.names)}

    @classmethod
    def of(cls, states: Iterable[TurnState]) -> "Facts":
        """Return the facts of these states."""
        return cls(name for state in states for name, _ in facts_of(state))

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


def lessons_of(one: TrainingTracker, data: PolicyTraining) -> Iterator[Lesson]:
    """Yield what a conversation teaches; more than one where it takes back what was said."""
    return lessons_in(moments(one, data.table))


def lessons_in(seen: Iterable[Moment]) -> Iterator[Lesson]:
    """Yield what the moments of a conversation teach."""
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


def lessons_to_learn(data: PolicyTraining, seed: int) -> list[Lesson]:
    """Return the stories' lessons, and about as much again of stories glued together.

    The glued ones teach what a conversation looks like that has been going on for long. All of
    them would teach little more and cost ten times as much.
    """
    plain = _distinct(data.stories(augmented=False), data)
    room = sum(len(lesson.states) for lesson in plain)
    glued = [one for one in data.stories(augmented=True) if one.is_augmented]
    random.Random(seed).shuffle(glued)  # noqa: S311 - a choice of examples is no secret
    chosen: dict[Lesson, None] = dict.fromkeys(plain)
    for one in glued:
        if room <= 0:
            break
        for lesson in lessons_of(one, data):
            room -= len(lesson.states)
            chosen[lesson] = None
    return list(chosen)


def _distinct(stories: Iterable[TrainingTracker], data: PolicyTraining) -> list[Lesson]:
    return list(dict.fromkeys(lesson for one in stories for lesson in lessons_of(one, data)))


def corpus_of(lessons: Sequence[Lesson], facts: Facts, actions: Sequence[str]) -> Corpus:
    """Return the lessons as numbers; a label that is not among the actions counts as none."""
    number = {action: index for index, action in enumerate(actions)}
    rows: dict[TurnState, int] = {}
    sequences = [
        (
            [rows.setdefault(state, len(rows)) for state in lesson.states],
            [-1 if label is None else number.get(label, -1) for label in lesson.labels],
        )
        for lesson in lessons
    ]
    return Corpus([facts.row(state) for state in rows], sequences, len(facts))
