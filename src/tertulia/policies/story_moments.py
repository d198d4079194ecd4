"""What the stories teach, as numbers: every action with the states before it and its place.

Rule: a moment costs some bytes, so that many stories fit into memory where their conversations
would not; states, actions and names are kept once.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.states import Moment, StateHistory, TurnState
from tertulia.data.generate import TrainingEvent, TrainingTracker, placed_moments
from tertulia.ml.windows import Examples, Sequences, each_of, undecided

Numbers = Sequence[int]


class StoryMoments:
    """The moments of conversations, in their order.

    states, actions: by number. sources: names of stories with their files, by number. count: of
    conversations.
    """

    def __init__(self) -> None:
        self._numbers: dict[TurnState, int] = {}
        self._action_numbers: dict[str, int] = {}
        self._source_numbers: dict[tuple[str, str | None], int] = {}
        # One entry for each state: its number, what is done then (-1: nothing is learned), where.
        self._states = array("i")
        self._labels = array("i")
        self._sources = array("i")
        self._lines = array("I")
        # One entry for each conversation.
        self._ends = array("q")
        self._augmented = bytearray()
        self.states: list[TurnState] = []
        self.actions: list[str] = []
        self.sources: list[tuple[str, str | None]] = []

    @classmethod
    def of(cls, stories: Iterable[TrainingTracker], history: StateHistory) -> "StoryMoments":
        """Return the moments of conversations; rules among them are passed over."""
        found = cls()
        for one in stories:
            if not one.is_rule:
                found.add(one, history)
        return found

    def add(self, one: TrainingTracker, history: StateHistory) -> None:
        """Take note of a conversation."""
        seen = [
            pair for pair in placed_moments(one, history) if pair[0].action != RULE_SNIPPET_ACTION
        ]
        if seen:
            self._note(seen)
        self._ends.append(len(self._states))
        self._augmented.append(one.is_augmented)

    def _note(self, seen: Sequence[tuple[Moment, TrainingEvent]]) -> None:
        begin = len(self._states)
        cell = seen[-1][0].cell
        size = cell.size
        blank = array("i", bytes(4 * size))
        self._states.extend(blank)
        self._labels.extend(array("i", [-1]) * size)
        self._sources.extend(blank)
        self._lines.extend(array("I", bytes(4 * size)))
        at = begin + size
        below = cell
        while below is not None:
            at -= 1
            self._states[at] = self._number(below.state)
            below = below.before
        for moment, placed in seen:
            # States of one conversation lie on top of each other: every size is one place.
            at = begin + moment.cell.size - 1
            self._labels[at] = self._action(moment.action)
            self._sources[at] = self._source(placed)
            self._lines[at] = placed.at.line if placed.at else 0

    def _number(self, state: TurnState) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = len(self.states)
            self.states.append(state)
        return number

    def _action(self, action: str) -> int:
        number = self._action_numbers.get(action)
        if number is None:
            number = self._action_numbers[action] = len(self.actions)
            self.actions.append(action)
        return number

    def _source(self, placed: TrainingEvent) -> int:
        key = (placed.story, placed.at.file if placed.at else None)
        number = self._source_numbers.get(key)
        if number is None:
            number = self._source_numbers[key] = len(self.sources)
            self.sources.append(key)
        return number

    @property
    def count(self) -> int:
        """Return the number of conversations."""
        return len(self._ends)

    def is_augmented(self, number: int) -> bool:
        """Tell whether a conversation was glued together."""
        return bool(self._augmented[number])

    def rows(self, number: int) -> tuple[Numbers, Numbers]:
        """Return the states of a conversation, and the action after each or -1, by number."""
        begin = self._ends[number - 1] if number else 0
        end = self._ends[number]
        return self._states[begin:end], self._labels[begin:end]

    def window(self, begin: int, end: int) -> Numbers:
        """Return the states at some places."""
        return self._states[begin:end]

    def decided(self) -> Iterator[TurnState]:
        """Return every state after which stories as written, not glued ones, say what is done."""
        found: set[int] = set()
        for number in range(self.count):
            if not self._augmented[number]:
                found.update(s for s, label in zip(*self.rows(number), strict=True) if label >= 0)
        return (self.states[number] for number in sorted(found))

    @property
    def origins(self) -> tuple[Numbers, Numbers]:
        """Return the source of each moment, by number, and its line."""
        return self._sources, self._lines

    def origin(self, place: int) -> tuple[int, int]:
        """Return the source of a moment, by number, and its line."""
        return self._sources[place], self._lines[place]

    def conversation(self, place: int) -> int:
        """Return which conversation a moment is of."""
        return bisect_right(self._ends, place)

    def undecided(self, n: int | None) -> frozenset[int]:
        """Return the conversations that do something else than others after the same n states."""
        examples = self.examples(n, augmented=True)
        return frozenset(
            self.conversation(int(examples.places[index])) for index in each_of(undecided(examples))
        )

    def examples(self, n: int | None, *, augmented: bool) -> Examples:
        """Return all examples with their last n states (None: all), in order."""
        chosen = [augmented or not one for one in self._augmented]
        return Sequences(self._states, self._labels, self._ends).examples(n, chosen)
