"""How far a learned policy may be believed: where the stories decide, and what they never show."""

from collections.abc import Iterable, Sequence
from typing import Self

from tertulia.base.errors import ModelError
from tertulia.core.events import ACTION_LISTEN
from tertulia.core.states import TurnState
from tertulia.ml.evidence import Evidence, Tally
from tertulia.ml.parts import Parts
from tertulia.policies.features import Spelling, Vocabulary
from tertulia.policies.policy import Example
from tertulia.policies.spoken import Spoken
from tertulia.policies.state_book import texts

COMPARED = 10
"""States that are compared with the stories."""

_LEAST = 0.25
"""Trust where the stories decide nothing: below the usual thresholds of a fallback, and enough
for a bot that has none to do the likeliest thing."""

_SUSPICION = 4
"""How fast trust falls with the share of what the stories never show: a sixth halves it."""


class Trust:
    """Knows what the stories do after what they show. Immutable.

    A network gives some action nearly all its probability wherever it is asked. It is believed
    where the stories do mostly one thing, in this very window or else after one of its pairs of
    facts, and less the more there is that no story shows. A text is believed as far as it is
    like one of the stories.
    """

    def __init__(self, vocabulary: Vocabulary, evidence: Evidence, spoken: Spoken) -> None:
        self._vocabulary = vocabulary
        self._evidence = evidence
        self._spoken = spoken

    @classmethod
    def of(cls, examples: Iterable[Example], actions: Sequence[str]) -> Self:
        """Return what examples of at most `COMPARED` states tell, each pair of them once."""
        number = {action: index for index, action in enumerate(actions)}
        spelling, tally = Spelling(), Tally(len(actions))
        said: dict[str, None] = {}
        for example in examples:
            tally.add(*spelling.row(example.states), number[example.action])
            text = _text(example.states)
            if text is not None:
                said[text] = None
        vocabulary = spelling.vocabulary()
        return cls(vocabulary, tally.evidence(len(vocabulary) + 1), Spoken(said))

    def taught(self, examples: Sequence[Example]) -> Self:
        """Return a trust that believes what these examples show, whatever the stories do."""
        before = len(self._vocabulary)
        new = Vocabulary.of(example.states for example in examples)
        vocabulary = Vocabulary([*self._vocabulary.names, *new.names])
        rows = [vocabulary.row(example.states) for example in examples]
        evidence = self._evidence.grown(before, len(vocabulary)).believing(rows)
        said = (_text(example.states) for example in examples)
        spoken = [*self._spoken.texts, *(text for text in said if text is not None)]
        return type(self)(vocabulary, evidence, Spoken(spoken))

    def in_action(self, states: Sequence[TurnState], best: int) -> float:
        """Return how far the network may be believed that action `best` follows, 0 to 1."""
        states = states[-COMPARED:]
        familiar = self._vocabulary.familiarity(states) ** _SUSPICION
        row = self._vocabulary.row(states)
        lead = self._evidence.of_row(row)
        text = _text(states)
        if text is not None:
            familiar *= self._spoken.likeness(text)
            lead = 1.0 if lead is None else lead  # texts hardly ever repeat
        elif lead is None:
            lead = self._evidence.of_features(self._vocabulary.deciding(row, states), best)
        return (_LEAST + (1.0 - _LEAST) * lead) * familiar

    def parts(self) -> Parts:
        """Return names as JSON and the evidence as arrays."""
        meta = {
            "features": list(self._vocabulary.names),
            "spoken": list(self._spoken.texts),
        }
        return Parts(meta=meta, arrays=self._evidence.parts().arrays)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Return the trust that `parts` came from.

        Raises:
            ModelError: it is damaged.
        """
        names = texts(parts.meta.get("features"))
        try:
            evidence = Evidence.from_parts(parts)
        except ValueError as error:
            raise damaged(str(error)) from error
        if evidence.features != len(names) + 1:
            raise damaged(f"evidence of {evidence.features} features, not {len(names) + 1}")
        return cls(Vocabulary(names), evidence, Spoken(texts(parts.meta.get("spoken", []))))


def damaged(what: str) -> ModelError:
    """Return the error of a learned policy that cannot be loaded."""
    return ModelError(
        f"a learned policy is damaged: {what}", hint="Train the model again.", code="T420"
    )


def _text(states: Sequence[TurnState]) -> str | None:
    """Return the text that the newest state answers, when it was read as a text."""
    newest = states[-1] if states else None
    return newest.user.text if newest is not None and newest.action == ACTION_LISTEN else None
