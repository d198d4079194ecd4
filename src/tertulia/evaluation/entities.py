"""Entities of a message, as expected and as predicted: equal or not, and side by side.

Source: spec evaluation.md sections 1.1 and 1.2.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tertulia.core.domain.model import Generation
from tertulia.core.events import UserUttered
from tertulia.data.stories.dump import bracketed

Json = Any

NONE = "None"
"""Label where nothing was expected, or nothing predicted."""

_NOWHERE = -1


class FoundEntity(msgspec.Struct, frozen=True, order=True):
    """An entity as far as tests compare it. text: the whole message. value: as JSON.

    start, end: characters, -1 when it has no place.
    """

    text: str
    start: int
    end: int
    entity: str
    value: str

    @property
    def annotated(self) -> str:
        """The entity as stories write it: `[surface](type)`, with its value if it differs."""
        has_place = 0 <= self.start < self.end <= len(self.text)
        surface = self.text[self.start : self.end] if has_place else ""
        value: Json = json.loads(self.value)
        if value == surface:
            return f"[{surface}]({self.entity})"
        written = {"entity": self.entity, "value": value}
        return f"[{surface}]{json.dumps(written, ensure_ascii=False)}"


def found_entities(text: str, entities: Iterable[Mapping[str, Json]]) -> tuple[FoundEntity, ...]:
    """Return the entities of a message without what tests do not look at."""
    return tuple(
        FoundEntity(
            text=text,
            start=_place(one.get("start")),
            end=_place(one.get("end")),
            entity=str(one.get("entity")),
            value=json.dumps(one.get("value"), sort_keys=True, default=str),
        )
        for one in entities
    )


def _place(value: Json) -> int:
    return value if isinstance(value, int) else _NOWHERE


def same_entities(
    expected: Sequence[FoundEntity], predicted: Sequence[FoundEntity], generation: Generation
) -> bool:
    """Tell whether both are the same: as sets, in the legacy generation with their number."""
    if generation is Generation.LEGACY:
        return sorted(expected) == sorted(predicted)
    return set(expected) == set(predicted)


def aligned(
    expected: Sequence[FoundEntity], predicted: Sequence[FoundEntity]
) -> list[tuple[str, str]]:
    """Return pairs of labels, expected and predicted, for one message.

    Two entities of the same place are a pair; any other stands against NONE.
    """
    pairs: list[tuple[str, str]] = []
    left, right = sorted(expected, key=_span), sorted(predicted, key=_span)
    while left or right:
        order = _compare(left, right)
        target = left.pop(0).annotated if order >= 0 else NONE
        guess = right.pop(0).annotated if order <= 0 else NONE
        pairs.append((target, guess))
    return pairs


def _span(one: FoundEntity) -> tuple[int, int]:
    return one.start, one.end


def _compare(left: Sequence[FoundEntity], right: Sequence[FoundEntity]) -> int:
    """Return 1 when the next expected one comes first, -1 when the next predicted one does."""
    if not right:
        return 1
    if not left:
        return -1
    first, second = _span(left[0]), _span(right[0])
    return (first < second) - (first > second)


def shown_message(text: str, entities: Sequence[Mapping[str, Json]]) -> str:
    """Return the text with entities written in, whatever they contain."""
    data: dict[str, Json] = {"entities": [dict(one) for one in entities]}
    return bracketed(UserUttered(text=text, parse_data=data))
