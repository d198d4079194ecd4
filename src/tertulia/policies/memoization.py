"""Memorising policy: does what the stories did after the same states.

Source: spec policies.md section 5.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Self

from msgspec import UNSET, UnsetType

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import (
    NO_RULE_ONLY,
    RuleOnly,
    StateTable,
    TurnState,
    history_for,
    training_history,
)
from tertulia.core.states.cells import window
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.origins import Origin, Origins, pack_origins, unpack_origins
from tertulia.policies.policy import (
    PolicyConfig,
    PolicyTraining,
    by_generation,
    examples_of,
    lessons,
    priority_of,
    sure_score,
)
from tertulia.policies.state_book import pack, texts, unpack

States = tuple[TurnState, ...]
Memory = Mapping[States, str]


class MemoizationConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """max_history: states looked back on, null for the whole conversation; default 5 in 0.x and
    1.x, null later. use_nlu_confidence_as_score: score by the last message's confidence.
    """

    max_history: int | UnsetType | None = UNSET
    use_nlu_confidence_as_score: bool = False


class MemoizationPolicy:
    """Knows the stories by heart and abstains from everything else."""

    name: ClassVar[str] = "MemoizationPolicy"
    Config: ClassVar[type[PolicyConfig]] = MemoizationConfig

    def __init__(
        self,
        config: MemoizationConfig,
        table: StateTable,
        memory: Memory,
        rule_only: RuleOnly = NO_RULE_ONLY,
        *,
        origins: Mapping[States, Origin] | None = None,
    ) -> None:
        self.config = config
        self.table = table
        self.memory = memory
        self._origins: Mapping[States, Origin] = origins or {}
        generation = table.generation
        self.max_history = by_generation(config.max_history, generation, legacy=5, modern=None)
        # No story is longer than this, so nothing beyond it can be known: flat cost per turn.
        self.longest = max((len(states) for states in memory), default=1)
        self.history = history_for(table, rule_only)
        self._priority = priority_of(config, generation, legacy=2, modern=3)
        self._score = sure_score(generation, self._priority)

    @classmethod
    def train(cls, config: MemoizationConfig, data: PolicyTraining) -> Self:
        """Learn the stories: in 0.x the augmented ones too, afterwards as they are written."""
        augmented = data.generation is Generation.LEGACY
        n = by_generation(config.max_history, data.generation, legacy=5, modern=None)
        memory: dict[States, str] = {}
        ambiguous: set[States] = set()
        origins: Origins[States] = Origins(data.files)
        for story in data.stories(augmented=augmented):
            for moment, placed in lessons(story, data.table):
                states = window(moment.cell, n).states
                if memory.setdefault(states, moment.action) != moment.action:
                    ambiguous.add(states)
                origins.note(states, placed)
        for states in ambiguous:
            del memory[states]
        data.report(cls.name, 1.0)
        return cls(config, data.table, memory, origins=origins.of(memory))

    @classmethod
    def from_parts(cls, config: MemoizationConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        keys, actions = unpack(parts.meta.get("memory")), texts(parts.meta.get("actions"))
        if len(keys) != len(actions):
            raise ModelError(
                "a memory has not as many actions as keys",
                hint="Train the model again.",
                code="T420",
            )
        origins = unpack_origins(parts.meta.get("origins"), keys)
        memory = dict(zip(keys, actions, strict=True))
        return cls(config, StateTable(domain), memory, origins=origins)

    def parts(self) -> Parts:
        """Return the memory as JSON."""
        return Parts(
            meta={
                "memory": pack(self.memory),
                "actions": list(self.memory.values()),
                "origins": pack_origins(self._origins.get(states) for states in self.memory),
            }
        )

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same memory, blind for what only rules contain."""
        return type(self)(self.config, self.table, self.memory, rule_only, origins=self._origins)

    def taught(self, tracker: Tracker, passes: int) -> Self:
        """Return a memory that also holds this conversation; what it did last counts."""
        seen = training_history(self.table).moments(tracker)
        new = {one.states: one.action for one in examples_of(seen, self.max_history)}
        origins = {states: origin for states, origin in self._origins.items() if states not in new}
        return type(self)(self.config, self.table, {**self.memory, **new}, origins=origins)

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return self.longest + 1 if self.max_history is None else self.max_history

    def states(self, tracker: Tracker) -> States:
        """Return the tracker's last states, as a key of the memory."""
        # One more than the longest story: a longer conversation is then no story's key.
        limit = self.longest + 1 if self.max_history is None else self.max_history
        return self.history.last(tracker, limit).states

    def predict(self, tracker: Tracker) -> Prediction:
        """Return full confidence for a known history, else an abstention."""
        states = self.states(tracker)
        return self.opinion(tracker, states, self.memory.get(states))

    def opinion(
        self, tracker: Tracker, states: States, action: str | None, kind: str = "story"
    ) -> Prediction:
        """Return the prediction for the action remembered of these states. kind: of the reason."""
        if action is None:
            return Prediction(policy=self.name, scores={}, priority=self._priority)
        score = self._score
        if self.config.use_nlu_confidence_as_score:
            confidence = tracker.state.latest_message.intent.get("confidence")
            score = float(confidence) if isinstance(confidence, int | float) else 1.0
        return Prediction(
            policy=self.name,
            scores={action: score},
            priority=self._priority,
            why=partial(self._reason, states, kind),
        )

    def _reason(self, states: States, kind: str, action: str) -> Reason:
        origin = self._origins.get(states)
        return {"by": kind} if origin is None else origin.reason(kind)
