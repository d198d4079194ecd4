"""Memorising policy that tries again after forgetting the beginning of the conversation.

Source: spec policies.md section 5. Rule: cost is bounded by the states a key can hold and by the
number of slots, not by the length of the conversation.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from tertulia.core.domain.model import Generation
from tertulia.core.events import ACTION_LISTEN, ActionExecuted, Event, SlotSet
from tertulia.core.prediction import Prediction
from tertulia.core.tracker import Node, Tracker, advance_all, new_tracker
from tertulia.policies.memoization import MemoizationPolicy, States

_IsCut = Callable[[ActionExecuted, Node, int, int], bool]
"""Told an action, the node before it, actions and visible states from it on: start here?"""


class AugmentedMemoizationPolicy(MemoizationPolicy):
    """Knows the stories by heart, also when slots were set before they begin."""

    name: ClassVar[str] = "AugmentedMemoizationPolicy"

    def predict(self, tracker: Tracker) -> Prediction:
        """Return full confidence for a history known as it is or without its beginning."""
        states = self.states(tracker)
        action = self.memory.action(states)
        if action is not None:
            return self.opinion(tracker, states, action)
        return self.opinion(tracker, *self._recall_end(tracker), "end_of_story")

    def _recall_end(self, tracker: Tracker) -> tuple[States, str | None]:
        """Return the first states without their beginning that are known, and their action."""
        last = None
        for events in self._shorter(tracker):
            attempt = advance_all(new_tracker(tracker.sender_id, tracker.rules), events)
            limit = self.longest + 1 if self.max_history is None else self.max_history
            states = self.history.last(attempt, limit).states
            if states != last:
                action = self.memory.action(states)
                if action is not None:
                    return states, action
            last = states
        return (), None

    def _shorter(self, tracker: Tracker) -> Iterator[Sequence[Event]]:
        """Yield the conversation without its beginning, shorter each time.

        0.x: from the second action on, then the third; later: cut near the end, then the same.
        """
        if tracker.rules.generation is Generation.LEGACY:
            near, older = self._split(tracker, self._is_legacy_cut)
            carried = _slots_set(older, tracker)
            # Between two of these nothing changes that a key could hold.
            for forgotten in range(1, len(carried) + 1):
                yield [*carried[forgotten:], *near]
            skip = 1
        else:
            near, _ = self._split(tracker, self._is_cut)
            skip = 0
        starts = [at for at, event in enumerate(near) if isinstance(event, ActionExecuted)]
        for start in starts[skip:]:
            yield near[start:]

    def _split(self, tracker: Tracker, is_cut: _IsCut) -> tuple[list[Event], Node]:
        """Return the events that can make up a key, and the node before them."""
        shown = self.history.shown(tracker.applied)
        found: list[Event] = []
        node, actions = tracker.applied, 0
        while node.previous is not None:
            event = node.event
            if event is not None:
                found.append(event)
            below = node.previous
            if isinstance(event, ActionExecuted):
                actions += 1
                if is_cut(event, below, actions, shown - self.history.shown(below)):
                    return found[::-1], below
            node = below
        node.below()
        return found[::-1], node

    def _is_cut(self, event: ActionExecuted, below: Node, actions: int, shown: int) -> bool:
        if self.max_history is None:
            return shown > self.longest
        return actions > self.max_history and event.name == ACTION_LISTEN

    def _is_legacy_cut(self, event: ActionExecuted, below: Node, actions: int, shown: int) -> bool:
        # Where no form is active and a message follows, only slots reach over the cut.
        wanted = self.longest if self.max_history is None else self.max_history
        return shown > wanted and event.name == ACTION_LISTEN and below.state.active_loop is None


def _slots_set(top: Node, tracker: Tracker) -> list[Event]:
    """Return the events up to `top` that gave slots the values they have there, oldest first.

    Raises:
        HistoryTruncated: one was set before the loaded part.
    """
    initial = tracker.rules.initial_slots
    wanted = {name for name, value in top.state.slots.items() if value != initial.get(name)}
    found: list[Event] = []
    node = top
    while wanted:
        event = node.event
        if isinstance(event, SlotSet) and event.name in wanted:
            wanted.discard(event.name)
            found.append(event)
        if node.previous is None:
            node.below()
            break
        node = node.previous
    return found[::-1]
