"""Memorising policy: does what the stories did after the same states.

Source: spec policies.md section 5.
"""

from functools import cached_property, partial
from typing import ClassVar, Self

from msgspec import UNSET, UnsetType

from tertulia.core.domain.model import Domain, Generation
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import (
    NO_RULE_ONLY,
    RuleOnly,
    StateTable,
    history_for,
    training_history,
)
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.policies.memory import Memory, States, learned_memory
from tertulia.policies.policy import (
    PolicyConfig,
    PolicyTraining,
    by_generation,
    examples_of,
    priority_of,
    sure_score,
)


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
    ) -> None:
        self.config = config
        self.table = table
        self.memory = memory
        generation = table.generation
        self.max_history = by_generation(config.max_history, generation, legacy=5, modern=None)
        self.history = history_for(table, rule_only)
        self._priority = priority_of(config, generation, legacy=2, modern=3)
        self._score = sure_score(generation, self._priority)

    @classmethod
    def train(cls, config: MemoizationConfig, data: PolicyTraining) -> Self:
        """Learn the stories: in 0.x the augmented ones too, afterwards as they are written."""
        augmented = data.generation is Generation.LEGACY
        n = by_generation(config.max_history, data.generation, legacy=5, modern=None)
        memory = learned_memory(data.taught(), n, augmented=augmented, files=data.files)
        data.report(cls.name, 1.0)
        return cls(config, data.table, memory)

    @classmethod
    def from_parts(cls, config: MemoizationConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        return cls(config, StateTable(domain), Memory.from_meta(parts.meta))

    def parts(self) -> Parts:
        """Return the memory as JSON."""
        return Parts(meta=self.memory.meta())

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same memory, blind for what only rules contain."""
        return type(self)(self.config, self.table, self.memory, rule_only)

    def taught(self, tracker: Tracker, passes: int) -> Self:
        """Return a memory that also holds this conversation; what it did last counts."""
        seen = training_history(self.table).moments(tracker)
        new = {one.states: one.action for one in examples_of(seen, self.max_history)}
        return type(self)(self.config, self.table, self.memory.taught(new))

    @cached_property
    def longest(self) -> int:
        """Return the length of the longest key.

        No story is longer, so nothing beyond it can be known: flat cost per turn.
        """
        return self.memory.longest

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
        return self.opinion(tracker, states, self.memory.action(states))

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
        origin = self.memory.origin(states)
        return {"by": kind} if origin is None else origin.reason(kind)
