"""Conversations to a graph: common beginnings are one path, and what goes on alike is one node.

Source: spec evaluation.md section 4.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from tertulia.core.events import ACTION_LISTEN, ActionExecuted, Event, UserUttered

Json = Any


class Kind(Enum):
    """What a node stands for."""

    START = "start"
    MESSAGE = "message"
    ACTION = "action"
    END = "end"


class Step(msgspec.Struct, frozen=True):
    """One thing that happens in a story."""

    kind: Kind
    label: str


class Node(msgspec.Struct, frozen=True):
    """A node. stories: names of those that pass through it, in order."""

    kind: Kind
    label: str
    stories: tuple[str, ...] = ()


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """nodes: START first. edges: pairs of positions, each once."""

    nodes: Sequence[Node]
    edges: Sequence[tuple[int, int]]


class _Branch:
    """A node of the tree of all stories, before nodes are merged."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.next: dict[Step, _Branch] = {}
        self.stories: list[str] = []


_START, _END = Step(Kind.START, "START"), Step(Kind.END, "END")


def steps_of(events: Iterable[Event], examples: Mapping[str, str] | None = None) -> list[Step]:
    """Return what a story shows: messages and actions, but not that the bot waits.

    examples: a message for an intent, shown in its place.
    """
    steps: list[Step] = []
    for event in events:
        if isinstance(event, UserUttered):
            steps.append(Step(Kind.MESSAGE, _message(event, examples or {})))
        elif isinstance(event, ActionExecuted) and event.name != ACTION_LISTEN:
            steps.append(Step(Kind.ACTION, event.name or event.action_text or ""))
    return steps


def _message(event: UserUttered, examples: Mapping[str, str]) -> str:
    name = event.intent_name
    if name is None or name in examples:
        return examples.get(name or "") or event.text or ""
    values = [f"{one.get('entity')}: {one.get('value')}" for one in event.entities]
    return f"{name} ({', '.join(values)})" if values else name


def build(stories: Iterable[tuple[str, Sequence[Step]]], *, max_history: int) -> Graph:
    """Return the graph of stories: name and steps, one for each way through a story.

    max_history: nodes of one label are merged when the same can follow for so many turns.
    Cost: number of steps times branches within these turns.
    """
    root = _Branch(_START)
    for name, steps in stories:
        _grow(root, name, [*steps, _END])
    merged = _Merged(2 * max_history)
    merged.add(root)
    return merged.graph()


def _grow(root: _Branch, name: str, steps: Sequence[Step]) -> None:
    here = root
    here.stories.append(name)
    for step in steps:
        here = here.next.setdefault(step, _Branch(step))
        here.stories.append(name)


class _Merged:
    """Gives branches that go on alike one number. depth: steps that are looked ahead."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._numbers: dict[Json, int] = {}
        self._steps: list[Step] = []
        self._stories: list[dict[str, None]] = []
        self._edges: dict[tuple[int, int], None] = {}

    def add(self, root: _Branch) -> None:
        """Take in a tree. Not recursive: stories may be long."""
        waiting = [(root, self._number(root))]
        while waiting:
            branch, number = waiting.pop()
            for child in branch.next.values():
                target = self._number(child)
                self._edges[number, target] = None
                waiting.append((child, target))

    def graph(self) -> Graph:
        """Return what was taken in."""
        nodes = [
            Node(step.kind, step.label, tuple(stories))
            for step, stories in zip(self._steps, self._stories, strict=True)
        ]
        return Graph(nodes=nodes, edges=list(self._edges))

    def _number(self, branch: _Branch) -> int:
        key = (branch.step, _ahead(branch, self._depth))
        number = self._numbers.setdefault(key, len(self._steps))
        if number == len(self._steps):
            self._steps.append(branch.step)
            self._stories.append({})
        self._stories[number].update(dict.fromkeys(branch.stories))
        return number


def _ahead(branch: _Branch, depth: int) -> frozenset[tuple[Step, ...]]:
    """Return every way in which it goes on, up to so many steps."""
    if depth == 0 or not branch.next:
        return frozenset({()})
    return frozenset(
        (child.step, *rest) for child in branch.next.values() for rest in _ahead(child, depth - 1)
    )
