"""What a test of a pipeline found out, per example and altogether.

Source: spec evaluation.md section 2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Json = Any
Found = Mapping[str, Json]
"""An entity as a parse result has it: `start`, `end`, `entity`, `value`, `role`, `group`, ..."""


class LabelResult(msgspec.Struct, frozen=True, kw_only=True):
    """An intent or a response key. predicted: empty when nothing was recognised."""

    text: str
    expected: str
    predicted: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the prediction is what the example says."""
        return self.expected == self.predicted


class EntityResult(msgspec.Struct, frozen=True, kw_only=True):
    """The entities of one text. tokens: (start, end) in characters, end exclusive."""

    text: str
    tokens: Sequence[tuple[int, int]]
    expected: Sequence[Found]
    predicted: Sequence[Found]


class NluEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline on examples.

    intents: of the examples that have one. responses: of those with a response key, where a
    selector ran. entities: of all. extractors: whose entities are compared.
    """

    intents: Sequence[LabelResult] = ()
    responses: Sequence[LabelResult] = ()
    entities: Sequence[EntityResult] = ()
    extractors: Sequence[str] = ()

    def __add__(self, other: "NluEvaluation") -> "NluEvaluation":
        """Return both together."""
        return NluEvaluation(
            intents=[*self.intents, *other.intents],
            responses=[*self.responses, *other.responses],
            entities=[*self.entities, *other.entities],
            extractors=tuple(dict.fromkeys((*self.extractors, *other.extractors))),
        )
