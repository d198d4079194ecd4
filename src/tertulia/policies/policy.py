"""What a policy is, and what it learns from.

A policy is a pure function of the tracker: no clock, no chance, no memory between turns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import msgspec
from msgspec import UNSET, UnsetType

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.prediction import Prediction
from tertulia.core.states import Moment, RuleOnly, StateTable, TurnState, training_history
from tertulia.core.states.cells import window
from tertulia.core.tracker import Tracker
from tertulia.data.generate import (
    Conversations,
    TrainingEvent,
    TrainingTracker,
    placed_moments,
)
from tertulia.ml.parts import Parts
from tertulia.ml.windows import distinct, each_of
from tertulia.policies.story_moments import StoryMoments

Progress = Callable[[str, float], None]
"""Told a policy's name and the part done, 0 to 1."""


class PolicyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a policy. priority: wins among equal scores; default depends on the policy."""

    priority: int | UnsetType = UNSET


class PolicyTraining(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that policies learn from.

    conversations: those that are made anew each time need no memory, and cost their making.
    moments: what their stories teach, where that is known already; see `taught`.
    seed: used where a policy's own settings have none. at: the policy's place in the
    configuration, for messages. progress: called now and then, may do nothing. files: by the
    path as read, the path that explanations show.
    """

    domain: Domain
    table: StateTable
    conversations: Conversations | Sequence[TrainingTracker]
    diagnostics: Diagnostics
    seed: int = 42
    at: SourceSpan | None = None
    progress: Progress | None = None
    files: Mapping[str, str] = {}
    moments: StoryMoments | None = None

    @property
    def generation(self) -> Generation:
        """Return whose mechanics the bot follows."""
        return self.domain.generation

    def stories(self, *, augmented: bool) -> Iterator[TrainingTracker]:
        """Yield the conversations that come from stories."""
        if isinstance(self.conversations, Conversations):
            return self.conversations.stories(augmented=augmented)
        return (
            one
            for one in self.conversations
            if not one.is_rule and (augmented or not one.is_augmented)
        )

    def rules(self) -> Sequence[TrainingTracker]:
        """Return the conversations that come from rules."""
        if isinstance(self.conversations, Conversations):
            return self.conversations.rules()
        return [one for one in self.conversations if one.is_rule]

    def taught(self) -> StoryMoments:
        """Return what the stories teach, as numbers. Cheaper than going through them again."""
        if self.moments is not None:
            return self.moments
        return StoryMoments.of(self.stories(augmented=True), training_history(self.table))

    def report(self, name: str, done: float) -> None:
        """Tell how far a policy is."""
        if self.progress is not None:
            self.progress(name, done)


class Policy(Protocol):
    """Says which action should come next.

    name: as in configuration files and on action events. needed_history: number of states
    that `predict` looks at, None when it may be all.
    """

    name: ClassVar[str]
    Config: ClassVar[type[PolicyConfig]]

    @classmethod
    def train(cls, config: Any, data: PolicyTraining) -> Self:
        """Return the policy that learned from `data`; what is wrong goes to its diagnostics.

        Raises:
            ConfigError: the settings cannot be used with this domain.
        """
        ...

    @classmethod
    def from_parts(cls, config: Any, parts: Parts, domain: Domain) -> Self:
        """Return the policy that `parts` came from.

        Raises:
            ModelError: the parts are damaged.
        """
        ...

    def parts(self) -> Parts:
        """Return what was learned as plain data."""
        ...

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same policy, blind for what only rules contain."""
        ...

    @property
    def needed_history(self) -> int | None:
        """Return how many states `predict` looks at, None for all."""
        ...

    def predict(self, tracker: Tracker) -> Prediction:
        """Return scores for actions; an abstention when the policy knows nothing.

        Raises:
            HistoryTruncated: the loaded part of the conversation is too short.
        """
        ...


@runtime_checkable
class CheckedPolicy(Protocol):
    """A policy that can tell what would stop its training, without learning anything."""

    @classmethod
    def check(cls, config: Any, data: PolicyTraining) -> None:
        """Note in the data's diagnostics what `train` would.

        Raises:
            ConfigError: as `train`.
        """
        ...


@runtime_checkable
class TeachablePolicy(Protocol):
    """A policy that can learn one conversation more after its training."""

    def taught(self, tracker: Tracker, passes: int) -> Self:
        """Return the policy that also knows what was done in this conversation.

        passes: over the conversation, at most.

        Raises:
            HistoryTruncated: the conversation is not there from its beginning.
        """
        ...

    def parts(self) -> Parts:
        """Return what was learned as plain data."""
        ...


class Example(msgspec.Struct, frozen=True):
    """What was seen, and the action that stories do then."""

    states: tuple[TurnState, ...]
    action: str


def moments(one: TrainingTracker, table: StateTable) -> Iterator[Moment]:
    """Yield every action to be learned of a conversation with the states before it."""
    return (moment for moment, _ in lessons(one, table))


def lessons(one: TrainingTracker, table: StateTable) -> Iterator[tuple[Moment, TrainingEvent]]:
    """Yield every action to be learned with the states before it, and where it stands."""
    for moment, placed in placed_moments(one, training_history(table)):
        if moment.action != RULE_SNIPPET_ACTION:
            yield moment, placed


def distinct_examples(stories: StoryMoments, max_history: int | None) -> Iterator[Example]:
    """Yield what stories teach, each pair once. max_history: states per example."""
    found = stories.examples(max_history, augmented=True)
    for index in each_of(distinct(found)):
        begin, place = int(found.begins[index]), int(found.places[index])
        states = tuple(stories.states[number] for number in stories.window(begin, place + 1))
        yield Example(states, stories.actions[int(found.labels[index])])


def examples_of(seen: Iterable[Moment], max_history: int | None) -> list[Example]:
    """Return what moments teach, each pair once. max_history: states per example."""
    found = (Example(window(one.cell, max_history).states, one.action) for one in seen)
    return list(dict.fromkeys(found))


def by_generation(
    value: int | UnsetType | None, generation: Generation, *, legacy: int | None, modern: int | None
) -> int | None:
    """Return a setting, or the default of the generation where it was left out."""
    if value is not UNSET:
        return value
    return legacy if generation is Generation.LEGACY else modern


def priority_of(config: PolicyConfig, generation: Generation, *, legacy: int, modern: int) -> int:
    """Return the priority that a policy has."""
    if config.priority is not UNSET:
        return config.priority
    return legacy if generation is Generation.LEGACY else modern


def sure_score(generation: Generation, priority: int) -> float:
    """Return the score of a policy that is sure.

    0.13 has no priorities and orders sure policies by scores from 1.1 to 1.3; 0.14 gives all 1.0
    and orders them by priorities from 2 to 4. One figure serves both.
    Source: spec policies.md section 4.1.
    """
    return round(0.9 + priority / 10, 6) if generation is Generation.LEGACY else 1.0
