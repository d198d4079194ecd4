"""Who is told what a turn does: a protocol, and the observer that looks away.

Source: the list of steps is that of ARCHITECTURE.md, section 4.
"""

from contextlib import AbstractContextManager
from typing import Literal, Protocol, get_args

Step = Literal[
    "receive", "admit", "load", "open", "understand", "note", "decide", "act", "commit", "say"
]

STEPS: tuple[Step, ...] = get_args(Step)
"""In the order in which a message takes them."""


class Observer(Protocol):
    """Told when turns and their steps begin and end; errors pass through and are seen.

    Called on the event loop, many times per turn: an observer is quick and never raises.
    """

    def turn(self, sender_id: str) -> AbstractContextManager[object]:
        """Return what is entered while a conversation is held for one turn."""
        ...

    def step(self, name: Step, detail: str = "") -> AbstractContextManager[object]:
        """Return what is entered during one step. detail: the action's name, of `act`."""
        ...


class _Unseen:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


class _Unobserved:
    def __init__(self) -> None:
        self._unseen = _Unseen()

    def turn(self, sender_id: str) -> AbstractContextManager[object]:
        return self._unseen

    def step(self, name: Step, detail: str = "") -> AbstractContextManager[object]:
        return self._unseen


UNOBSERVED: Observer = _Unobserved()
"""Sees nothing and costs nothing to speak of."""
