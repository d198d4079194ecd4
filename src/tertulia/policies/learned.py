"""The learned policy: a linear model over facts of the last states and their pairs.

It answers to the names of the originals' neural policies. Its figures differ from theirs; what it
has in common is the role: to generalise where stories do not match exactly.

Source: spec policies.md sections 6 and 10.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Self

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from tertulia.base.errors import ConfigError, ModelError
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
)
from tertulia.core.tracker import Tracker
from tertulia.ml.evidence import Evidence
from tertulia.ml.parts import Parts
from tertulia.ml.softmax import Recipe, SparseSoftmax
from tertulia.policies.features import Row, Vocabulary, in_words
from tertulia.policies.policy import (
    PolicyConfig,
    PolicyTraining,
    by_generation,
    examples,
    moments,
    priority_of,
)
from tertulia.policies.spoken import Spoken
from tertulia.policies.state_book import texts

WIDEST = 10
"""States looked at when the setting says all; what is further back has never helped."""

EPOCHS = 40

_LEAST = 0.25
"""Trust where the stories decide nothing: below the usual thresholds of a fallback, and enough
for a bot that has none to do the likeliest thing."""

_SUSPICION = 4
"""How fast trust falls with the share of what the stories never show: a sixth halves it."""

_NAMED = 5
"""Features that an explanation names."""


class LearnedConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """max_history: states looked at (0.x: 5; later null, at most 10 are used). epochs: passes
    over the examples (default 40). random_seed: of their order. ranking_length: actions that
    keep a score (0: all), the others get 0; renormalize_confidences: they get what the others had.
    e2e_confidence_threshold: what a prediction from the text must have to win.
    """

    max_history: int | UnsetType | None = UNSET
    epochs: int | UnsetType = UNSET
    random_seed: int | None = None
    ranking_length: int = 0
    renormalize_confidences: bool = False
    e2e_confidence_threshold: float = 0.5


class Learned(msgspec.Struct, frozen=True):
    """What the stories taught. actions: by class of the model. spoken: what users say in them."""

    vocabulary: Vocabulary
    actions: tuple[str, ...]
    model: SparseSoftmax
    evidence: Evidence
    spoken: Spoken


class LearnedPolicy:
    """Scores every action that the stories know. Subclasses give it the originals' names."""

    name: ClassVar[str] = "LearnedPolicy"
    Config: ClassVar[type[PolicyConfig]] = LearnedConfig

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
        self._vocabulary = learned.vocabulary
        self._actions = learned.actions
        self._model = learned.model
        self._evidence = learned.evidence
        self._history = history_for(table, rule_only)
        self._width = width(config.max_history, table.generation)
        self._priority = priority_of(config, table.generation, legacy=1, modern=1)
        user_facts = [name for name in learned.vocabulary.names if name.startswith("0 ")]
        self._by_text = any(name.startswith("0 word ") for name in user_facts)
        self._by_intent = any(name.startswith("0 intent ") for name in user_facts)

    @classmethod
    def check(cls, config: LearnedConfig, data: PolicyTraining) -> None:
        """Raise ConfigError when there is nothing to learn from."""
        if not any(True for one in data.stories(augmented=False) for _ in moments(one, data.table)):
            raise nothing_to_learn(cls.name, data, "Write a story, or leave the policy out.")

    @classmethod
    def train(cls, config: LearnedConfig, data: PolicyTraining) -> Self:
        """Learn all stories, those glued together too.

        Raises:
            ConfigError: there is nothing to learn from.
        """
        found = examples(
            data.stories(augmented=True), data.table, width(config.max_history, data.generation)
        )
        if not found:
            raise nothing_to_learn(cls.name, data, "Write a story, or leave the policy out.")
        actions = tuple(sorted({example.action for example in found}))
        number = {action: index for index, action in enumerate(actions)}
        vocabulary = Vocabulary.of(example.states for example in found)
        data.report(cls.name, 0.2)
        rows = [vocabulary.row(example.states) for example in found]
        labels = [number[example.action] for example in found]
        model = SparseSoftmax.train(
            rows,
            labels,
            classes=len(actions),
            features=len(vocabulary),
            recipe=recipe(config.epochs, config.random_seed, data.seed),
        )
        deciding = [
            vocabulary.deciding(row, example.states)
            for row, example in zip(rows, found, strict=True)
        ]
        evidence = Evidence.of(rows, deciding, labels, features=len(vocabulary) + 1)
        spoken = Spoken(text for one in found if (text := _read(one.states)) is not None)
        data.report(cls.name, 1.0)
        return cls(config, data.table, Learned(vocabulary, actions, model, evidence, spoken))

    @classmethod
    def from_parts(cls, config: LearnedConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        names, actions = texts(parts.meta.get("features")), texts(parts.meta.get("actions"))
        model = loaded_model(parts, len(names), len(actions))
        evidence = _loaded_evidence(parts, len(names) + 1)
        spoken = Spoken(texts(parts.meta.get("spoken", [])))
        learned = Learned(Vocabulary(names), tuple(actions), model, evidence, spoken)
        return cls(config, StateTable(domain), learned)

    def parts(self) -> Parts:
        """Return names as JSON and weights as arrays."""
        meta: dict[str, Any] = {
            "features": list(self._vocabulary.names),
            "actions": list(self._actions),
            "spoken": list(self._learned.spoken.texts),
        }
        arrays = {**self._model.parts().arrays, **self._evidence.parts().arrays}
        return Parts(meta=meta, arrays=arrays)

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same model, blind for what only rules contain."""
        return type(self)(self._config, self._table, self._learned, rule_only)

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
        row = self._vocabulary.row(states)
        scores = self._scores(row, states)
        end_to_end = False
        text = tracker.state.latest_message.text
        if self._by_text and text and states and states[-1].action == ACTION_LISTEN:
            read = (*states[:-1], replace(states[-1], user=UserPart(text=text)))
            read_row = self._vocabulary.row(read)
            by_text = self._scores(read_row, read)
            best = max(by_text.values())
            sure = best > self._config.e2e_confidence_threshold and best > max(scores.values())
            if sure or not self._by_intent:
                scores, row, end_to_end = by_text, read_row, True
        return Prediction(
            policy=self.name,
            scores=self._ranked(scores),
            priority=self._priority,
            end_to_end=end_to_end,
            why=partial(self._reason, row),
        )

    def _reason(self, row: Row, action: str) -> Reason:
        """Return the features that speak most for or against the action, with their weights."""
        if action not in self._actions:
            return {"by": "learned"}
        names = self._vocabulary.names
        strongest = self._model.explain(row, self._actions.index(action), _NAMED)
        features = [[in_words(names[one.feature]), round(one.amount, 3)] for one in strongest]
        return {"by": "learned", "features": features}

    def _scores(self, row: Row, states: Sequence[TurnState]) -> dict[str, float]:
        found: list[float] = self._model.probabilities(*row).tolist()
        trust = self._trust(row, states, found.index(max(found)))
        return {action: score * trust for action, score in zip(self._actions, found, strict=True)}

    def _trust(self, row: Row, states: Sequence[TurnState], best: int) -> float:
        """Return how far the model may be believed, 0 to 1.

        A linear model gives some action nearly all its probability wherever it is asked. It is
        believed where the stories do mostly one thing, in this very window or else after one of
        its pairs of facts, and less the more there is that no story shows. A text is believed as
        far as it is like one of the stories.
        """
        familiar = self._vocabulary.familiarity(states) ** _SUSPICION
        lead = self._evidence.of_row(row)
        text = _read(states)
        if text is not None:
            familiar *= self._learned.spoken.likeness(text)
            lead = 1.0 if lead is None else lead  # texts hardly ever repeat
        elif lead is None:
            deciding = self._vocabulary.deciding(row, states)
            lead = self._evidence.of_features(deciding, best)
        return (_LEAST + (1.0 - _LEAST) * lead) * familiar

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


class KerasPolicy(LearnedPolicy):
    """The learned policy under its name of 0.x."""

    name: ClassVar[str] = "KerasPolicy"


class EmbeddingPolicy(LearnedPolicy):
    """The learned policy under a name of 0.11 to 1.x."""

    name: ClassVar[str] = "EmbeddingPolicy"


class SklearnPolicy(LearnedPolicy):
    """The learned policy under a name of 0.x to 2.x."""

    name: ClassVar[str] = "SklearnPolicy"


def _read(states: Sequence[TurnState]) -> str | None:
    """Return the text that decides after a message, None where its intent does."""
    return states[-1].user.text if states and states[-1].action == ACTION_LISTEN else None


def nothing_to_learn(policy: str, data: PolicyTraining, hint: str) -> ConfigError:
    """Return the error of a policy for which no story is of use."""
    return ConfigError(
        f"the policy '{policy}' has no story to learn from", hint=hint, at=data.at, code="T187"
    )


def width(max_history: int | UnsetType | None, generation: Generation) -> int:
    """Return how many states are looked at."""
    wanted = by_generation(max_history, generation, legacy=5, modern=None)
    return WIDEST if wanted is None else wanted


def recipe(epochs: int | UnsetType, random_seed: int | None, seed: int) -> Recipe:
    """Return how to train. One pass, a neural network's default, would teach a linear model
    nothing; so only what a person wrote counts, and at least 20 passes.
    """
    passes = EPOCHS if epochs is UNSET else max(20, min(epochs, 200))
    return Recipe(epochs=passes, seed=seed if random_seed is None else random_seed)


def loaded_model(parts: Parts, features: int, classes: int) -> SparseSoftmax:
    """Return the linear model of parts.

    Raises:
        ModelError: its sizes are not those of the names beside it.
    """
    shape = tuple(parts.array("weights").shape)
    if shape != (features, classes) or tuple(parts.array("bias").shape) != (classes,):
        raise ModelError(
            f"the weights of a policy are damaged: {shape} instead of {(features, classes)}",
            hint="Train the model again.",
            code="T420",
        )
    return SparseSoftmax.from_parts(parts)


def _loaded_evidence(parts: Parts, features: int) -> Evidence:
    """Return the evidence of parts.

    Raises:
        ModelError: its size is not that of the names beside it.
    """
    try:
        found = Evidence.from_parts(parts)
    except ValueError as error:
        raise ModelError(
            f"a policy is damaged: {error}", hint="Train the model again.", code="T420"
        ) from error
    if found.features != features:
        raise ModelError(
            f"the evidence of a policy is damaged: {found.features} instead of {features}",
            hint="Train the model again.",
            code="T420",
        )
    return found
