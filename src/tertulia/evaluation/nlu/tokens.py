"""Entities as one label a word: what each extractor is measured by.

Source: spec evaluation.md section 2.2.
"""

from collections.abc import Iterator, Sequence

import msgspec

from tertulia.evaluation.nlu.results import EntityResult, Found

NO_ENTITY = "no_entity"


class WordLabels(msgspec.Struct, frozen=True, kw_only=True):
    """One word. confidence: of the predicted entity, None when it states none."""

    expected: str
    predicted: str
    confidence: float | None = None

    @property
    def is_right(self) -> bool:
        """Whether the extractor says of the word what the example says."""
        return self.expected == self.predicted


def words_of(result: EntityResult, extractor: str) -> list[WordLabels]:
    """Return the words of one text as expected and as an extractor labelled them."""
    own = [one for one in result.predicted if one.get("extractor") == extractor]
    return [_word(span, result.expected, own) for span in result.tokens]


def all_words(results: Sequence[EntityResult], extractor: str) -> Iterator[WordLabels]:
    """Yield the words of all texts."""
    for result in results:
        yield from words_of(result, extractor)


def _word(
    span: tuple[int, int], expected: Sequence[Found], predicted: Sequence[Found]
) -> WordLabels:
    found = _best(span, predicted)
    confidence = None if found is None else found.get("confidence_entity")
    return WordLabels(
        expected=label_of(_best(span, expected)),
        predicted=label_of(found),
        confidence=confidence if isinstance(confidence, float) else None,
    )


def label_of(entity: Found | None) -> str:
    """Return type, group and role with dots between; NO_ENTITY for None."""
    if entity is None:
        return NO_ENTITY
    parts = (entity.get("entity"), entity.get("group"), entity.get("role"))
    return ".".join(str(part) for part in parts if part)


def _best(span: tuple[int, int], entities: Sequence[Found]) -> Found | None:
    """Return the entity that shares most characters with a word, the first of equals."""
    return max(
        (one for one in entities if _shared(span, one) > 0),
        key=lambda one: _shared(span, one),
        default=None,
    )


def _shared(span: tuple[int, int], entity: Found) -> int:
    start, end = entity.get("start"), entity.get("end")
    if not isinstance(start, int) or not isinstance(end, int):
        return 0
    return min(span[1], end) - max(span[0], start)
