"""Tells an observer of the step `act`: what runs between a decision and the next."""

from contextlib import AbstractContextManager
from types import TracebackType

from tertulia.core.asks import Ask, Decide
from tertulia.core.events import ACTION_LISTEN
from tertulia.core.observer import Observer
from tertulia.core.prediction import Decision


class Acting:
    """Watches a script's asks and answers. To listen is no act."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._act: AbstractContextManager[object] | None = None

    def __enter__(self) -> "Acting":
        """Begin to watch."""
        return self

    def asked(self, ask: Ask) -> None:
        """End the action before the next decision."""
        if self._act is not None and isinstance(ask, Decide):
            self.__exit__(None, None, None)

    def answered(self, answer: object) -> None:
        """Begin the action that was decided."""
        if isinstance(answer, Decision) and answer.action != ACTION_LISTEN:
            act = self._observer.step("act", answer.action)
            act.__enter__()
            self._act = act

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the last action, with what ended the script."""
        act, self._act = self._act, None
        if act is not None:
            act.__exit__(kind, error, trace)
