"""The observer of a server: figures for operators, one line in the log for each turn.

Neither what a user says nor the value of a slot reaches it.
"""

import logging
from collections.abc import Iterable
from contextvars import Token
from functools import partial
from time import perf_counter

from tertulia.adapters.telemetry.meters import Meters
from tertulia.base.current import CURRENT, Turn
from tertulia.base.errors import TertuliaError
from tertulia.core.observer import Step

_log = logging.getLogger("tertulia.turn")


class Watch:
    """Measures turns and their steps into `meters`."""

    def __init__(self, meters: Meters) -> None:
        self.meters = meters

    def turn(self, sender_id: str) -> "_WatchedTurn":
        """Return what is entered for one turn."""
        return _WatchedTurn(self.meters, sender_id)

    def step(self, name: Step, detail: str = "") -> "_WatchedStep":
        """Return what is entered for one step."""
        return _WatchedStep(self.meters, name)


class _WatchedTurn:
    __slots__ = ("_began", "_meters", "_token", "_turn")

    def __init__(self, meters: Meters, sender_id: str) -> None:
        self._meters = meters
        self._turn = Turn(sender_id)
        self._began = 0.0
        self._token: Token[Turn | None] | None = None

    def __enter__(self) -> None:
        self._token = CURRENT.set(self._turn)
        self._began = perf_counter()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        took = perf_counter() - self._began
        self._count(error, took)
        if _log.isEnabledFor(logging.INFO):
            self._tell(error, took)
        if self._token is not None:
            CURRENT.reset(self._token)

    def _count(self, error: BaseException | None, took: float) -> None:
        self._meters.count_steps(self._turn.times)
        self._meters.turn_seconds.add(took)
        self._meters.turns["done" if error is None else "failed"] += 1
        if error is not None:
            self._meters.turn_errors[code_of(error)] += 1

    def _tell(self, error: BaseException | None, took: float) -> None:
        outcome = "done" if error is None else f"failed ({code_of(error)})"
        fields = partial(_fields, outcome, took, self._turn.times)
        _log.info("turn %s %.1fms", outcome, took * 1000, extra={"fields": fields})


def _fields(
    outcome: str, took: float, times: Iterable[tuple[str, float]]
) -> dict[str, str | float | dict[str, float]]:
    """Return what a line about a turn tells besides its text."""
    steps: dict[str, float] = {}
    for name, seconds in times:
        steps[name] = steps.get(name, 0.0) + seconds
    told = {name: round(seconds * 1000, 2) for name, seconds in steps.items()}
    return {"outcome": outcome, "ms": round(took * 1000, 2), "steps_ms": told}


class _WatchedStep:
    __slots__ = ("_around", "_began", "_meters", "_name", "_turn")

    def __init__(self, meters: Meters, name: Step) -> None:
        self._meters = meters
        self._name: Step = name
        self._turn = CURRENT.get()
        self._around = ""
        self._began = 0.0

    def __enter__(self) -> None:
        if self._turn is not None:
            self._around = self._turn.step
            self._turn.step = self._name
        self._began = perf_counter()

    def __exit__(self, *error: object) -> None:
        took = perf_counter() - self._began
        turn = self._turn
        if turn is None:
            self._meters.steps[self._name].add(took)
        else:
            turn.step = self._around
            turn.times.append((self._name, took))
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("step %s %.2fms", self._name, took * 1000)


def code_of(error: BaseException) -> str:
    """Return the code of an error; of one that nobody foresaw, the most general."""
    return error.code if isinstance(error, TertuliaError) else TertuliaError.code
