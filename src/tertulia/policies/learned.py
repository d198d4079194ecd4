"""The learned policy: a small network that reads the last states.

It answers to the names of the originals' neural policies. Its figures differ from theirs; what it
has in common is the role: to generalise where stories do not match exactly.

Source: spec policies.md sections 6 and 10.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from tertulia.base.errors import ConfigError
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_LISTEN
from tertulia.core.prediction import Prediction, Reason
from tertulia.core.states import (
    NO_RULE_ONLY,
    RuleOnly,
    StateTable,
    TurnState,
    UserPart,
    history_for,
    training_history,
)
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.ml.sequence import Look, SequenceNet, Shape
from tertulia.ml.sequence_training import SequenceRecipe, teach, train_net
from tertulia.ml.sparse import FloatArray, Row
from tertulia.policies.features import in_words
from tertulia.policies.policy import (
    PolicyConfig,
    PolicyTraining,
    by_generation,
    distinct_examples,
    examples_of,
    moments,
    priority_of,
)
from tertulia.policies.sequences import Facts, corpus_of, lessons_in, lessons_to_learn
from tertulia.policies.state_book import texts
from tertulia.policies.trust import COMPARED, Trust, damaged

WIDEST = 32
"""States looked at when the setting says all."""

_PASSES = 60

_GENTLE = 1e-3
"""Step size for learning a single conversation more."""

_REMEMBERED = 4096
"""States whose embeddings are kept."""

_NAMED = 5
"""Features that an explanation names."""


class LearnedConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """max_history: states looked at (0.x: 5; later null, at most 32 are used). epochs: passes
    over the stories (default 60, more where there are few). random_seed: of their order.
    ranking_length: actions that keep a score (0: all), the others get 0;
    renormalize_confidences: they get what the others had.
    e2e_confidence_threshold: what a prediction from the text must have to win.
    """

    max_history: int | UnsetType | None = UNSET
    epochs: int | UnsetType = UNSET
    random_seed: int | None = None
    ranking_length: int = 0
    renormalize_confidences: bool = False
    e2e_confidence_threshold: float = 0.5


class Learned(msgspec.Struct, frozen=True):
    """What the stories taught. actions: by class of the network."""

    facts: Facts
    actions: tuple[str, ...]
    model: SequenceNet
    trust: Trust


class View(NamedTuple):
    """A window as the network sees it. rows: its states. scores: of the actions, with trust."""

    rows: Sequence[Row]
    look: Look
    scores: Sequence[float]


class LearnedPolicy:
    """Scores every action that the stories know. Subclasses give it the originals' names."""

    name: ClassVar[str] = "LearnedPolicy"
    Config: ClassVar[type[PolicyConfig]] = LearnedConfig
    legacy_history: ClassVar[int | None] = 5

    def __init__(
        self,
        config: LearnedConfig,
        table: StateTable,
        learned: Learned,
        rule_only: RuleOnly = NO_RULE_ONLY,
    ) -> None:
        self._config = config
        self._table = table
        self._learned = learned
        self._actions = learned.actions
        self._history = history_for(table, rule_only)
        self._width = self.seen(config, table.generation)
        self._priority = priority_of(config, table.generation, legacy=1, modern=1)
        self._by_text = any(name.startswith("word ") for name in learned.facts.names)
        self._by_intent = any(name.startswith("intent ") for name in learned.facts.names)
        self._remembered: dict[TurnState, tuple[Row, FloatArray]] = {}

    @classmethod
    def check(cls, config: LearnedConfig, data: PolicyTraining) -> None:
        """Raise ConfigError when there is nothing to learn from."""
        if not any(True for one in data.stories(augmented=False) for _ in moments(one, data.table)):
            raise nothing_to_learn(cls.name, data, "Write a story, or leave the policy out.")

    @classmethod
    def train(cls, config: LearnedConfig, data: PolicyTraining) -> Self:
        """Learn the stories, and some of those glued together.

        Raises:
            ConfigError: there is nothing to learn from.
        """
        seen = cls.seen(config, data.generation)
        stories = data.taught()
        found = distinct_examples(stories, min(COMPARED, seen))
        actions = tuple(sorted(stories.actions))
        if not actions:
            raise nothing_to_learn(cls.name, data, "Write a story, or leave the policy out.")
        facts, model = _learn(cls.name, config, replace(data, moments=stories), actions, seen)
        return cls(config, data.table, Learned(facts, actions, model, Trust.of(found, actions)))

    @classmethod
    def from_parts(cls, config: LearnedConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        facts, actions = (texts(parts.meta.get(name)) for name in ("facts", "actions"))
        seen = cls.seen(config, domain.generation)
        shape = Shape(features=len(facts), classes=len(actions), width=seen)
        try:
            model = SequenceNet.from_parts(parts, shape)
        except ValueError as error:
            raise damaged(str(error)) from error
        learned = Learned(Facts(facts), tuple(actions), model, Trust.from_parts(parts))
        return cls(config, StateTable(domain), learned)

    def parts(self) -> Parts:
        """Return names as JSON and weights as arrays."""
        trust, net = self._learned.trust.parts(), self._learned.model.parts()
        names: dict[str, Any] = {
            "facts": list(self._learned.facts.names),
            "actions": list(self._actions),
        }
        return Parts(meta={**trust.meta, **names}, arrays={**trust.arrays, **net.arrays})

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same model, blind for what only rules contain."""
        return type(self)(self._config, self._table, self._learned, rule_only)

    def taught(self, tracker: Tracker, passes: int) -> Self:
        """Return a policy whose network also learned this conversation, and trusts it there."""
        known, seen = self._learned, list(training_history(self._table).moments(tracker))
        lessons = list(lessons_in(seen))
        own = Facts.of(state for lesson in lessons for state in lesson.states)
        facts = Facts([*known.facts.names, *own.names])
        actions = tuple(dict.fromkeys([*known.actions, *(one.action for one in seen)]))
        shape = Shape(features=len(facts), classes=len(actions), width=self._width)
        model = known.model.grown(shape)
        recipe = SequenceRecipe(passes=passes, rate=_GENTLE, seed=0)
        teach(model, corpus_of(lessons, facts, actions), recipe)
        trust = known.trust.taught(examples_of(seen, min(COMPARED, self._width)))
        return type(self)(self._config, self._table, Learned(facts, actions, model, trust))

    @classmethod
    def seen(cls, config: LearnedConfig, generation: Generation) -> int:
        """Return how many states are looked at."""
        wanted = by_generation(
            config.max_history, generation, legacy=cls.legacy_history, modern=None
        )
        return WIDEST if wanted is None else wanted

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at."""
        return self._width

    @property
    def gives_way(self) -> int | None:
        """Return the priority under which it need not be asked beside a certain prediction.

        None where texts were learned: a prediction from the text goes before everything else.
        """
        return None if self._by_text else self._priority

    def predict(self, tracker: Tracker) -> Prediction:
        """Return a probability for every known action."""
        states = self._history.last(tracker, self._width).states
        seen = self._view(states)
        end_to_end = False
        text = tracker.state.latest_message.text
        if self._by_text and text and states and states[-1].action == ACTION_LISTEN:
            read = self._view((*states[:-1], replace(states[-1], user=UserPart(text=text))))
            best = max(read.scores)
            sure = best > self._config.e2e_confidence_threshold and best > max(seen.scores)
            if sure or not self._by_intent:
                seen, end_to_end = read, True
        return Prediction(
            policy=self.name,
            scores=self._ranked(dict(zip(self._actions, seen.scores, strict=True))),
            priority=self._priority,
            end_to_end=end_to_end,
            why=partial(self._reason, seen),
        )

    def _reason(self, seen: View, action: str) -> Reason:
        """Return the facts that speak most for or against the action, with their amounts."""
        if action not in self._actions:
            return {"by": "learned"}
        label, names = self._actions.index(action), self._learned.facts.names
        strongest = self._learned.model.explain(seen.look, seen.rows, label, _NAMED)
        features = [
            [in_words(f"{one.back} {names[one.feature]}"), round(one.amount, 3)]
            for one in strongest
        ]
        return {"by": "learned", "features": features}

    def _view(self, states: Sequence[TurnState]) -> View:
        known = [self._known(state) for state in states]
        look = self._learned.model.look([token for _, token in known])
        found: list[float] = look.probabilities.tolist()
        trust = self._learned.trust.in_action(states, found.index(max(found)))
        return View([row for row, _ in known], look, [score * trust for score in found])

    def _known(self, state: TurnState) -> tuple[Row, FloatArray]:
        """Return a state's facts and what the network makes of them; states come again."""
        found = self._remembered.get(state)
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            row = self._learned.facts.row(state)
            found = self._remembered[state] = (row, self._learned.model.token(row))
        return found

    def _ranked(self, scores: dict[str, float]) -> dict[str, float]:
        keep = self._config.ranking_length
        if not 0 < keep < len(scores):
            return scores
        best = dict(sorted(scores.items(), key=lambda pair: -pair[1])[:keep])
        kept = sum(best.values())
        if self._config.renormalize_confidences and kept:
            total = sum(scores.values())
            return {action: score * total / kept for action, score in best.items()}
        return best


class TEDPolicy(LearnedPolicy):
    """The learned policy under its name of 1.8 and later."""

    name: ClassVar[str] = "TEDPolicy"
    legacy_history: ClassVar[int | None] = None


class KerasPolicy(LearnedPolicy):
    """The learned policy under its name of 0.x."""

    name: ClassVar[str] = "KerasPolicy"


class EmbeddingPolicy(LearnedPolicy):
    """The learned policy under a name of 0.11 to 1.x."""

    name: ClassVar[str] = "EmbeddingPolicy"
    legacy_history: ClassVar[int | None] = None


class SklearnPolicy(LearnedPolicy):
    """The learned policy under a name of 0.x to 2.x."""

    name: ClassVar[str] = "SklearnPolicy"


def nothing_to_learn(policy: str, data: PolicyTraining, hint: str) -> ConfigError:
    """Return the error of a policy for which no story is of use."""
    return ConfigError(
        f"the policy '{policy}' has no story to learn from", hint=hint, at=data.at, code="T187"
    )


def _learn(
    name: str, config: LearnedConfig, data: PolicyTraining, actions: Sequence[str], seen: int
) -> tuple[Facts, SequenceNet]:
    """Return the facts of the stories and the network that learned them."""
    seed = data.seed if config.random_seed is None else config.random_seed
    lessons = lessons_to_learn(data.taught(), seed)
    facts = Facts.of(state for lesson in lessons for state in lesson.states)
    shape = Shape(features=len(facts), classes=len(actions), width=seen)
    recipe = SequenceRecipe(passes=_passes(config.epochs), seed=seed)
    corpus = corpus_of(lessons, facts, actions)
    return facts, train_net(corpus, shape, recipe, partial(data.report, name))


def _passes(epochs: int | UnsetType) -> int:
    """Return passes over the data. One, a default of the originals, would teach nothing; so only
    what a person wrote counts, and at least 20.
    """
    return _PASSES if epochs is UNSET else max(20, min(epochs, 200))
