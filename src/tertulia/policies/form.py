"""Form policy of 0.12 to 1.x: keeps a form running, and knows where stories leave it.

Source: spec policies.md section 7.4.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_LISTEN, LoopInterrupted
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import LegacyHistory, RuleOnly, StateTable, TurnState
from tertulia.core.states.cells import window
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.policy import PolicyConfig, PolicyTraining, moments, sure_score
from tertulia.policies.state_book import pack, texts, unpack

_Key = tuple[TurnState, ...]
_HISTORY = 2


class FormConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """priority: 4."""

    priority: int = 4


class FormPolicy:
    """Calls the active form after every message and listens after it, until it refuses."""

    name: ClassVar[str] = "FormPolicy"
    Config: ClassVar[type[PolicyConfig]] = FormConfig

    def __init__(self, config: FormConfig, table: StateTable, unhappy: Mapping[_Key, str]) -> None:
        self._config = config
        self._unhappy = unhappy
        self._history = LegacyHistory(table)
        self._score = sure_score(Generation.LEGACY, config.priority)

    @classmethod
    def train(cls, config: FormConfig, data: PolicyTraining) -> Self:
        """Remember where stories go on with something else inside a form."""
        unhappy: dict[_Key, str] = {}
        for one in data.stories(augmented=True):
            for moment in moments(one, data.table):
                states = window(moment.cell, _HISTORY).states
                form = states[-1].loop
                if form is not None and states[-1].action == ACTION_LISTEN:
                    unhappy[_key(states)] = form
        return cls(config, data.table, unhappy)

    @classmethod
    def from_parts(cls, config: FormConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        keys, forms = unpack(parts.meta.get("unhappy")), texts(parts.meta.get("forms"))
        if len(keys) != len(forms):
            raise ModelError("the form policy is damaged", hint="Train again.", code="T420")
        return cls(config, StateTable(domain), dict(zip(keys, forms, strict=True)))

    def parts(self) -> Parts:
        """Return what was remembered as JSON."""
        return Parts(meta={"unhappy": pack(self._unhappy), "forms": list(self._unhappy.values())})

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the policy itself; its generation has no rules."""
        return self

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return _HISTORY

    def predict(self, tracker: Tracker) -> Prediction:
        """Return the form, listening after it, or nothing where a story goes another way.

        In the last case the form is told not to validate when it comes back.
        """
        state = tracker.state
        form = state.active_loop
        if form is None or state.loop is None:
            return self._says(None)
        if state.latest_action == form:
            return self._says(ACTION_LISTEN, {"by": "loop_waits", "name": form})
        if state.latest_action != ACTION_LISTEN:
            return self._says(None)
        if state.loop.rejected:
            states = self._history.last(tracker, _HISTORY).states
            if self._unhappy.get(_key(states)) == form:
                return Prediction(
                    policy=self.name,
                    scores={},
                    priority=self._config.priority,
                    events=(LoopInterrupted(is_interrupted=True),),
                    why={"by": "form_left", "name": form},
                )
        return self._says(form, {"by": "loop", "name": form})

    def _says(self, action: str | None, why: Reason | None = None) -> Prediction:
        return Prediction(
            policy=self.name,
            scores={} if action is None else {action: self._score},
            priority=self._config.priority,
            why=why or {},
        )


def _key(states: Sequence[TurnState]) -> _Key:
    """Return the current state after only the action of the state before."""
    current = states[-1]
    if len(states) < _HISTORY:
        return (current,)
    before = states[-2]
    return (TurnState(action=before.action, action_is_text=before.action_is_text), current)
