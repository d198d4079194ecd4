"""Entities to token tags and back.

Tags: `O`, then per label `B` (begins) and `I` (goes on); without the border flag only one tag per
label. A label is an entity type with its role and group.

Source: spec nlu.md sections 2.4 and 7.4.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tertulia.ml.tagger import Allowed
from tertulia.nlu.message import Token

Json = Any
SplitByComma = bool | dict[str, bool]

OUTSIDE = 0
_JOINING_GAP = 1
_COMMA_GAP = 3
_COMMA_SIGNS = frozenset(" ,.;")


class Label(msgspec.Struct, frozen=True, order=True):
    """What an entity is: its type, role and group; empty for none."""

    entity: str
    role: str = ""
    group: str = ""


class Span(msgspec.Struct, frozen=True):
    """An entity found: its label, its tokens (last exclusive) and the confidence of its parts."""

    label: Label
    first: int
    last: int
    confidence: float = 1.0
    role_confidence: float = 1.0
    group_confidence: float = 1.0


class TagSet:
    """Numbers of the tags of some labels. borders: tell the first token of an entity apart."""

    def __init__(self, labels: Iterable[Label], *, borders: bool) -> None:
        self.labels = tuple(sorted(set(labels)))
        self.borders = borders
        self._per_label = 2 if borders else 1
        self._numbers = {label: at for at, label in enumerate(self.labels)}
        self._alike = {label: self._tags_alike(label) for label in self.labels}

    def _tags_alike(self, label: Label) -> tuple[list[int], list[int], list[int]]:
        """Return the tags of the same type, of the same role, of the same group."""
        owners = [(tag, own) for tag in range(1, len(self)) if (own := self.label(tag))]
        return (
            [tag for tag, own in owners if own.entity == label.entity],
            [tag for tag, own in owners if own.role == label.role],
            [tag for tag, own in owners if own.group == label.group],
        )

    def __len__(self) -> int:
        """Return the number of tags."""
        return 1 + self._per_label * len(self.labels)

    def begin(self, label: Label) -> int:
        """Return the tag of an entity's first token."""
        return 1 + self._per_label * self._numbers[label]

    def go_on(self, label: Label) -> int:
        """Return the tag of an entity's further tokens."""
        return self.begin(label) + (1 if self.borders else 0)

    def label(self, tag: int) -> Label | None:
        """Return the label of a tag, None for `O`."""
        return None if tag == OUTSIDE else self.labels[(tag - 1) // self._per_label]

    def begins(self, tag: int) -> bool:
        """Whether a tag starts an entity whatever stands before it."""
        return self.borders and tag != OUTSIDE and (tag - 1) % 2 == 0

    def allowed(self) -> Allowed:
        """Return which tags may follow one another: going on needs the same label before."""
        tags = range(len(self))
        free = [tag == OUTSIDE or not self.borders or self.begins(tag) for tag in tags]
        pairs = [
            [free[after] or self.label(before) == self.label(after) for after in tags]
            for before in tags
        ]
        return Allowed(free, [True for _ in tags], pairs)

    def encode(self, size: int, spans: Iterable[Span]) -> list[int]:
        """Return the tags of `size` tokens; of overlapping spans the first counts."""
        tags = [OUTSIDE] * size
        for span in spans:
            if any(tags[span.first : span.last]):
                continue
            tags[span.first] = self.begin(span.label)
            for at in range(span.first + 1, span.last):
                tags[at] = self.go_on(span.label)
        return tags

    def confidences(self, marginals: Sequence[float], label: Label) -> tuple[float, float, float]:
        """Return how sure a token's type, role and group are: sums over tags that share them."""
        entity, role, group = self._alike[label]
        return (
            min(1.0, sum(marginals[tag] for tag in entity)),
            min(1.0, sum(marginals[tag] for tag in role)) if label.role else 1.0,
            min(1.0, sum(marginals[tag] for tag in group)) if label.group else 1.0,
        )


def merge_tags(
    tags: Sequence[int],
    marginals: Sequence[Sequence[float]],
    tokens: Sequence[Token],
    tagset: TagSet,
    text: str,
    split: SplitByComma,
) -> list[Span]:
    """Return entities: neighbouring tokens of one label, unless a border or gap parts them.

    Confidences are the least of an entity's tokens.
    """
    spans: list[Span] = []
    for at, tag in enumerate(tags):
        label = tagset.label(tag)
        if label is None:
            continue
        sure = tagset.confidences(marginals[at], label)
        before = spans[-1] if spans else None
        if (
            before is not None
            and before.last == at
            and before.label == label
            and not tagset.begins(tag)
            and _joined(text[tokens[at - 1].end : tokens[at].start], label.entity, split)
        ):
            sure = (
                min(sure[0], before.confidence),
                min(sure[1], before.role_confidence),
                min(sure[2], before.group_confidence),
            )
            spans[-1] = Span(label, before.first, at + 1, *sure)
        else:
            spans.append(Span(label, at, at + 1, *sure))
    return spans


def _joined(gap: str, entity: str, split: SplitByComma) -> bool:
    if len(gap) <= _JOINING_GAP:
        return True
    splits = split if isinstance(split, bool) else split.get(entity, True)
    return not splits and len(gap) <= _COMMA_GAP and set(gap) <= _COMMA_SIGNS


def token_range(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
    """Return the tokens (last exclusive) that cover exactly these characters, None if none do."""
    first = next((at for at, token in enumerate(tokens) if token.start == start), None)
    last = next((at for at, token in enumerate(tokens) if token.end == end), None)
    if first is None or last is None or last < first:
        return None
    return first, last + 1


def as_entities(
    spans: Iterable[Span], tokens: Sequence[Token], text: str, *, extractor: str, legacy: bool
) -> list[dict[str, Json]]:
    """Return the wire form of entities found by a tagger."""
    return [
        _as_entity(span, tokens[span.first : span.last], text, extractor=extractor, legacy=legacy)
        for span in spans
    ]


def _as_entity(
    span: Span, tokens: Sequence[Token], text: str, *, extractor: str, legacy: bool
) -> dict[str, Json]:
    start, end = tokens[0].start, tokens[-1].end
    label = span.label
    if legacy:
        value = " ".join(token.text for token in tokens)
        found: dict[str, Json] = {"start": start, "end": end, "value": value}
        found |= {"entity": label.entity, "confidence": span.confidence}
    else:
        found = {"entity": label.entity, "start": start, "end": end}
        found["confidence_entity"] = span.confidence
    if label.role:
        found |= {"role": label.role, "confidence_role": span.role_confidence}
    if label.group:
        found |= {"group": label.group, "confidence_group": span.group_confidence}
    if not legacy:
        found["value"] = text[start:end]
    found["extractor"] = extractor
    return found
