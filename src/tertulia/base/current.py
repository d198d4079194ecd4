"""What is being done at the moment, so that a line in the log can say it without being told."""

from contextvars import ContextVar


class Turn:
    """The turn under way. sender_id: whose conversation. step: its named step, empty between two.

    times: seconds of each step that ended, in that order; a step within another counts in both.
    """

    __slots__ = ("sender_id", "step", "times")

    def __init__(self, sender_id: str) -> None:
        self.sender_id = sender_id
        self.step = ""
        self.times: list[tuple[str, float]] = []


CURRENT: ContextVar[Turn | None] = ContextVar("tertulia.turn", default=None)
"""The turn of the task that asks, None outside of one."""


class Process:
    """This process. worker: its number among those that serve together, empty when it is alone."""

    worker = ""


PROCESS = Process()
"""Set once, when the process begins to serve."""
