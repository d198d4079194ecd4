"""How far a training run is, in one figure from 0 to 1, and how long it will still take."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

_HEAVY: Final = ("DIET", "TED", "Keras", "Embedding", "CRF", "Sklearn", "Logistic", "Selector")
_HEAVY_WEIGHT: Final = 10.0
_EARLIEST: Final = 0.02
"""Share of the work after which the time left is worth telling."""


class Step(msgspec.Struct, frozen=True):
    """What a run is at. fraction: of the whole run. seconds_left: None while not yet known."""

    stage: str
    fraction: float
    seconds_left: float | None = None


Listener = Callable[[Step], None]


class Track:
    """Turns "this stage is so far" into "the run is so far". One per run, one thread.

    stages: names in the order in which they will begin. now: seconds of a clock that never goes
    back.
    """

    def __init__(self, stages: Sequence[str], listener: Listener, now: Callable[[], float]) -> None:
        self._stages = tuple(stages)
        self._weights = [_weight(stage) for stage in stages]
        self._listener = listener
        self._now = now
        self._began = now()
        self._at = -1

    def begin(self) -> None:
        """Say that the next stage begins; all before it are over."""
        self._at += 1
        self.tell(0.0)

    def tell(self, done: float) -> None:
        """Say how far the stage is, 0 to 1."""
        worked = sum(self._weights[: self._at]) + self._weights[self._at] * min(1.0, max(0.0, done))
        fraction = worked / sum(self._weights)
        spent = self._now() - self._began
        left = spent * (1 - fraction) / fraction if fraction >= _EARLIEST else None
        self._listener(Step(self._stages[self._at], fraction, left))

    def finish(self) -> None:
        """Say that all is done."""
        self._listener(Step("done", 1.0, 0.0))


def _weight(stage: str) -> float:
    return _HEAVY_WEIGHT if any(word in stage for word in _HEAVY) else 1.0
