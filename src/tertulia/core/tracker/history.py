"""Applied events as a persistent list: what is left of a conversation after undo and rewind.

Every node keeps the state after its event, so taking back costs only what is taken back.

Source: spec events.md section 5.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from tertulia.base.errors import HistoryTruncated
from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    UserFeaturization,
    UserUttered,
)
from tertulia.core.tracker.past import Past
from tertulia.core.tracker.state import State

V = TypeVar("V")

# One model asks for three at the most.
_MOST_REMEMBERED = 6
_LANDMARKS = (ActionExecuted, ActionExecutionRejected, ActiveLoop, UserUttered)


class Node:
    """One applied event. Immutable but for `memo`, a cache that `folded` alone uses.

    event: None only for the root. previous: the node before. state: fold of all events up to
    here. size: number of events up to here. truncated: (root) older events were not loaded. past:
    (root) what is known of them all the same. Landmarks are actions, rejections, user and loop
    events, and the root.
    """

    __slots__ = ("_head", "event", "memo", "past", "previous", "size", "state", "truncated")

    def __init__(
        self,
        event: Event | None,
        previous: "Node | None",
        state: State,
        *,
        truncated: bool = False,
        past: Past | None = None,
    ) -> None:
        self.event = event
        self.previous = previous
        self.state = state
        self.truncated = truncated
        self.past = past
        self.size: int = 0 if previous is None else previous.size + 1
        is_head = previous is None or isinstance(event, _LANDMARKS)
        # Not itself: a cycle would keep conversations in memory that nobody holds any more.
        self._head: Node | None = None if is_head else cast(Node, previous).head
        self.memo: dict[str, object] | None = None

    @property
    def head(self) -> "Node":
        """Return the nearest landmark at or before this node, or the root."""
        return self if self._head is None else self._head

    def below(self) -> "Node":
        """Return the node before this one.

        Raises:
            HistoryTruncated: this is the root of a conversation that was loaded in part.
        """
        if self.previous is None:
            if self.truncated:
                raise HistoryTruncated("the loaded part of the conversation is too short")
            return self
        return self.previous

    def nodes(self) -> "Iterator[Node]":
        """Yield the nodes from this one back to the root, the root left out."""
        node = self
        while node.previous is not None:
            yield node
            node = node.previous

    def heads(self) -> "Iterator[Node]":
        """Yield the nodes with landmarks from here back, the root left out."""
        node = self.head
        while node.previous is not None:
            yield node
            node = node.previous.head

    @property
    def root(self) -> "Node":
        """Return the node under all events. Cost: number of landmarks."""
        node = self.head
        while node.previous is not None:
            node = node.previous.head
        return node


def drop_last(top: Node, kind: type[Event]) -> Node:
    """Return what is left when everything back through the last event of `kind` is dropped.

    Raises:
        HistoryTruncated: the loaded part holds none, older parts may.
    """
    node = top.head
    while node.previous is not None:
        if isinstance(node.event, kind):
            return node.previous
        node = node.previous.head
    node.below()
    return node


def repeats_loop(top: Node, loop: str) -> "Node | None":
    """Return the previous execution of a loop that a new execution continues happily.

    None: the new one is the first since the loop was (de)activated, or an unhappy path led to it.

    Raises:
        HistoryTruncated: the loaded part does not tell.
    """
    next_action: str | None = None
    for node in top.heads():
        event = node.event
        if isinstance(event, ActiveLoop) and event.name is None:
            return None
        if isinstance(event, ActionExecutionRejected) and event.name == loop:
            return None
        if isinstance(event, UserUttered) and next_action is not None and next_action != loop:
            return None
        if isinstance(event, ActionExecuted):
            if event.name == loop:
                return node
            next_action = event.name or event.action_text
    top.root.below()
    return None


def loops_decided(top: Node, limit: int) -> Node:
    """Return a node such that what comes after it tells `repeats_loop` all it asks.

    limit: events after it at the most; where that is too few, `top` itself is returned.
    """
    next_action = False
    for node in top.heads():
        event = node.event
        is_end = isinstance(event, ActiveLoop) and event.name is None
        if (is_end or (isinstance(event, UserUttered) and next_action)) and node.previous:
            return node.previous if top.size - node.size < limit else top
        next_action = next_action or isinstance(event, ActionExecuted)
    return top


def collapse(top: Node, execution: Node, push: Callable[[Node, Event], Node]) -> Node:
    """Return the list without actions, user and featurization events after `execution`.

    push: appends an event and computes the state after it.
    """
    later: list[Event] = []
    base = top
    for node in top.heads():
        if node is execution:
            break
        if isinstance(node.event, (ActionExecuted, UserUttered)) and node.previous is not None:
            base = node.previous
    for node in top.nodes():
        if node is base:
            break
        event = node.event
        if event is not None and not isinstance(
            event, (ActionExecuted, UserUttered, UserFeaturization)
        ):
            later.append(event)
    for event in reversed(later):
        base = push(base, event)
    return base


def folded(node: Node, key: str, start: Callable[[Node], V], step: Callable[[V, Node], V]) -> V:
    """Return a fold over the applied events up to `node`; its results are remembered on the nodes.

    start: value under the first event, given the root. step: next value, given the value before
    and the node. key: equal keys promise equal results, whoever asks, so that policies share them,
    and a model those of the one before it. Asking at the newest node costs only the events since
    the last question.
    """
    waiting: list[Node] = []
    known: Node = node
    while known.previous is not None and (known.memo is None or key not in known.memo):
        waiting.append(known)
        known = known.previous
    if known.memo is not None and key in known.memo:
        value = cast(V, known.memo[key])
    else:
        value = _remember(known, key, start(known))
    while waiting:
        current = waiting.pop()
        value = _remember(current, key, step(value, current))
    return value


def _remember(node: Node, key: str, value: V) -> V:
    memo = node.memo
    if memo is None:
        memo = node.memo = {}
    elif len(memo) == _MOST_REMEMBERED:
        del memo[next(iter(memo))]  # the oldest: of a model that is served no more
    memo[key] = value
    return value
