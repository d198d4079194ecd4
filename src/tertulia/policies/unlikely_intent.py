"""Notes messages whose intent does not fit the conversation so far.

A message that some story has at this point is never noted: every threshold lies below the scores
that the stories themselves get.

Source: spec policies.md section 6.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec
from msgspec import UNSET, UnsetType

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Domain
from tertulia.core.events import ACTION_LISTEN, ActionExecuted, UserUttered
from tertulia.core.prediction import Prediction
from tertulia.core.states import (
    NO_RULE_ONLY,
    RuleOnly,
    StateTable,
    TurnState,
    history_for,
    training_history,
)
from tertulia.core.states.cells import window
from tertulia.core.states.modern import ACTION_UNLIKELY_INTENT
from tertulia.core.tracker import Tracker
from tertulia.ml.parts import Parts
from tertulia.ml.softmax import SparseSoftmax
from tertulia.policies.features import Row, Vocabulary
from tertulia.policies.learned import nothing_to_learn
from tertulia.policies.linear import loaded_model, recipe, width
from tertulia.policies.policy import PolicyConfig, PolicyTraining
from tertulia.policies.state_book import texts

QUANTILES = 20

_WRITE = "Write a story with a user message, or leave the policy out."


class UnlikelyIntentConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """max_history, epochs, random_seed: as of the learned policies. tolerance: 0 to 1, the
    share of wrong intents that may pass. ignore_intents_list: intents that are never noted.
    ranking_length: intents named in the note.
    """

    priority: int = 2
    max_history: int | UnsetType | None = UNSET
    epochs: int | UnsetType = UNSET
    random_seed: int | None = None
    tolerance: float = 0.0
    ignore_intents_list: tuple[str, ...] = ()
    ranking_length: int = 10


class UnexpecTEDIntentPolicy:
    """Predicts action_unlikely_intent, or nothing. thresholds: per intent, one per quantile."""

    name: ClassVar[str] = "UnexpecTEDIntentPolicy"
    Config: ClassVar[type[PolicyConfig]] = UnlikelyIntentConfig

    def __init__(
        self,
        config: UnlikelyIntentConfig,
        table: StateTable,
        vocabulary: Vocabulary,
        thresholds: Mapping[str, Sequence[float]],
        model: SparseSoftmax,
        rule_only: RuleOnly = NO_RULE_ONLY,
    ) -> None:
        self._config = config
        self._table = table
        self._vocabulary = vocabulary
        self._thresholds = thresholds
        self._model = model
        self._history = history_for(table, rule_only)
        self._width = width(config.max_history, table.generation)
        self._index = min(int(config.tolerance * QUANTILES), QUANTILES - 1)

    @classmethod
    def check(cls, config: UnlikelyIntentConfig, data: PolicyTraining) -> None:
        """Raise ConfigError when no story has a user message with an intent."""
        if next(_moments(data, 1), None) is None:
            raise nothing_to_learn(cls.name, data, _WRITE)

    @classmethod
    def train(cls, config: UnlikelyIntentConfig, data: PolicyTraining) -> Self:
        """Learn which intents the stories have after which states.

        Raises:
            ConfigError: no story has a user message with an intent.
        """
        found = _examples(data, width(config.max_history, data.generation))
        if not found:
            raise nothing_to_learn(cls.name, data, _WRITE)
        intents = sorted({intent for seen in found.values() for intent in seen})
        number = {intent: index for index, intent in enumerate(intents)}
        vocabulary = Vocabulary.of(found)
        rows = [vocabulary.row(states) for states in found]
        model = _fit(rows, list(found.values()), number, len(vocabulary), config, data.seed)
        scores: list[list[float]] = [model.logits(*row).tolist() for row in rows]
        thresholds = {
            intent: _thresholds(scores, [intent in seen for seen in found.values()], index)
            for intent, index in number.items()
        }
        data.report(cls.name, 1.0)
        return cls(config, data.table, vocabulary, thresholds, model)

    @classmethod
    def from_parts(cls, config: UnlikelyIntentConfig, parts: Parts, domain: Domain) -> Self:
        """Return the policy of a model. Raises ModelError for damaged parts."""
        names = texts(parts.meta.get("features"))
        try:
            found = msgspec.convert(parts.meta.get("thresholds"), dict[str, list[float]])
        except msgspec.ValidationError as error:
            raise ModelError(
                f"thresholds of a policy are damaged: {error}",
                hint="Train the model again.",
                code="T420",
            ) from error
        if any(len(levels) != QUANTILES for levels in found.values()):
            raise ModelError(
                "thresholds of a policy are missing", hint="Train the model again.", code="T420"
            )
        model = loaded_model(parts, len(names), len(found))
        return cls(config, StateTable(domain), Vocabulary(names), found, model)

    def parts(self) -> Parts:
        """Return names and thresholds as JSON, weights as arrays."""
        meta: dict[str, Any] = {
            "features": list(self._vocabulary.names),
            "thresholds": {intent: list(levels) for intent, levels in self._thresholds.items()},
        }
        return Parts(meta=meta, arrays=self._model.parts().arrays)

    def knowing(self, rule_only: RuleOnly) -> Self:
        """Return the same model, blind for what only rules contain."""
        return type(self)(
            self._config, self._table, self._vocabulary, self._thresholds, self._model, rule_only
        )

    @property
    def needed_history(self) -> int | None:
        """Return how many states are looked at: the current one is not scored."""
        return self._width + 1

    def predict(self, tracker: Tracker) -> Prediction:
        """Return action_unlikely_intent for a message that surprises, else an abstention."""
        note = self._note(tracker)
        return Prediction(
            policy=self.name,
            scores={} if note is None else {ACTION_UNLIKELY_INTENT: 1.0},
            priority=self._config.priority,
            metadata=note or {},
            why={} if note is None else {"by": "unlikely_intent", **note["query_intent"]},
        )

    def _note(self, tracker: Tracker) -> dict[str, Any] | None:
        intent = _unanswered(tracker)
        levels = self._thresholds.get(intent or "")
        if intent is None or levels is None or intent in self._config.ignore_intents_list:
            return None
        states = self._history.last(tracker, self._width + 1).states
        if not states or states[-1].action != ACTION_LISTEN:
            return None
        indices, values = self._vocabulary.row(states[:-1])
        logits: list[float] = self._model.logits(indices, values).tolist()
        scores = dict(zip(self._thresholds, logits, strict=True))
        threshold, score = levels[self._index], scores[intent]
        ranking = sorted(scores.items(), key=lambda pair: -pair[1])
        if score >= threshold or ranking[0][0] == intent:
            return None
        return {
            "query_intent": {
                "name": intent,
                "score": score,
                "threshold": threshold,
                "severity": threshold - score,
            },
            "ranking": [
                {"name": name, "score": value, "threshold": self._thresholds[name][self._index]}
                for name, value in ranking[: self._config.ranking_length or None]
            ],
        }


def _fit(
    rows: Sequence[Row],
    seen: Sequence[set[str]],
    number: Mapping[str, int],
    features: int,
    config: UnlikelyIntentConfig,
    seed: int,
) -> SparseSoftmax:
    """Return the model that knows, for each row, the intents seen after it."""
    pairs = [
        (row, number[intent])
        for row, intents in zip(rows, seen, strict=True)
        for intent in sorted(intents)
    ]
    return SparseSoftmax.train(
        [row for row, _ in pairs],
        [label for _, label in pairs],
        classes=len(number),
        features=features,
        recipe=recipe(config.epochs, config.random_seed, seed),
    )


def _unanswered(tracker: Tracker) -> str | None:
    """Return the intent of the last message when no action ran since."""
    for node in tracker.applied.heads():
        if isinstance(node.event, ActionExecuted):
            return None
        if isinstance(node.event, UserUttered):
            return node.event.intent_name
    return None


def _examples(data: PolicyTraining, n: int) -> dict[tuple[TurnState, ...], set[str]]:
    """Return the intents that stories have after the same states."""
    found: dict[tuple[TurnState, ...], set[str]] = defaultdict(set)
    for states, intent in _moments(data, n):
        found[states].add(intent)
    return dict(found)


def _moments(data: PolicyTraining, n: int) -> Iterator[tuple[tuple[TurnState, ...], str]]:
    """Yield every intent in stories with the n states before it."""
    history = training_history(data.table)
    for story in data.stories(augmented=True):
        for moment in history.moments(story.tracker):
            shown = window(moment.cell, n + 1).states
            intent = shown[-1].user.intent
            if shown[-1].action == ACTION_LISTEN and intent is not None and len(shown) > 1:
                yield shown[:-1], intent


def _thresholds(scores: list[list[float]], is_own: list[bool], index: int) -> list[float]:
    """Return the levels at 1.00, 0.95, ... 0.05 of wrong scores, none above a right one."""
    lowest = min(row[index] for row, own in zip(scores, is_own, strict=True) if own)
    wrong = sorted(row[index] for row, own in zip(scores, is_own, strict=True) if not own)
    if not wrong:
        return [lowest] * QUANTILES
    levels: list[float] = []
    for step in range(QUANTILES):
        # "Lower" interpolation: the entry at or below the quantile's position.
        position = (QUANTILES - step) * (len(wrong) - 1) // QUANTILES
        levels.append(min(lowest, wrong[position]))
    return levels
