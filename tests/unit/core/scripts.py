"""Drives scripts with prepared answers, in place of the engine."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tertulia.base.errors import TertuliaError
from tertulia.core.asks import ActionAnswer, Ask, CallAction, Decide, Note, Script, WriteResponse
from tertulia.core.events import Event, UserUttered
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker, advance_all

T = TypeVar("T")
Actions = dict[str, Callable[[CallAction], ActionAnswer]]


class Stage:
    """Answers what a script asks and writes down what it asked."""

    def __init__(
        self,
        tracker: Tracker,
        *,
        responses: Sequence[str] = (),
        actions: Actions | None = None,
        decisions: Sequence[str] = (),
    ) -> None:
        self.tracker = tracker
        self.asked: list[Ask] = []
        self.by_text = False
        self._responses = responses
        self._actions = actions or {}
        self._decisions = list(decisions)

    def play(self, script: Script[T]) -> T:
        answer: object = None
        error: Exception | None = None
        while True:
            try:
                ask = script.throw(error) if error else script.send(answer)
            except StopIteration as end:
                return end.value
            self.asked.append(ask)
            error = None
            try:
                answer = self._answer(ask)
            except TertuliaError as raised:
                error = raised

    def _answer(self, ask: Ask) -> object:
        match ask:
            case WriteResponse():
                known = ask.name in self._responses
                return {"text": ask.name, "utter_action": ask.name} if known else None
            case CallAction():
                return self._actions[ask.name](ask)
            case Note():
                self.tracker = advance_all(self.tracker, ask.events)
                return self.tracker
            case Decide():
                by_text, self.by_text = self.by_text, False
                action = self._decisions.pop(0)
                return Decision(action=action, policy="test", confidence=1.0, end_to_end=by_text)
            case _:
                return None


def user(intent: str, text: str = "", **entities: object) -> UserUttered:
    """A message; entities as `name=value` or `name=(value, role)`."""
    found = [
        {"entity": name, "value": value[0], "role": value[1]}
        if isinstance(value, tuple)
        else {"entity": name, "value": value}
        for name, values in entities.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    parse = {"intent": {"name": intent, "confidence": 1.0}, "entities": found}
    return UserUttered(text=text or f"/{intent}", parse_data=parse)


def brief(events: Sequence[Event]) -> list[str]:
    """Events as short texts: `slot size 1`, `active_loop f`, `bot utter_a`."""
    parts = {
        "slot": ("name", "value"),
        "active_loop": ("name",),
        "bot": ("text",),
        "action": ("name",),
        "user": ("intent_name",),
    }
    return [
        " ".join([e.type_name, *(str(getattr(e, field)) for field in parts.get(e.type_name, ()))])
        for e in events
    ]
